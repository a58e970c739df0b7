"""Reading the command line.

Exit codes: 0 done; 1 something could not be done; 2 the input cannot be used; 3 a server or site
could not do it; 4 nothing in the zoo fits, or a model is missing; 130 stopped by the user.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from polaris_core import __version__
from polaris_core.cli.fetch_parser import add_fetch_commands, add_zoo_folder
from polaris_core.errors import (
    Cancelled,
    FetchProblem,
    InvalidInput,
    LanguageServerProblem,
    NothingFits,
    PolarisError,
    ServerProblem,
)

__all__ = ["main"]

_DEFAULT_TEXT = "sentence:all-MiniLM-L6-v2"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What stands after the command's name; None takes the process's own.

    Returns:
        The exit code, see above.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        return _fail(Cancelled(), 130)
    except Cancelled as error:
        return _fail(error, 130)
    except NothingFits as error:
        return _fail(error, 4)
    except InvalidInput as error:
        return _fail(error, 2)
    except (ServerProblem, LanguageServerProblem, FetchProblem) as error:
        return _fail(error, 3)
    except (PolarisError, OSError) as error:
        return _fail(error, 1)


def _fail(error: Exception, code: int) -> int:
    print(f"polaris: {error}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polaris",
        description="Say the edit; it finds the checkpoint, the LoRAs and the place.",
    )
    parser.add_argument("--version", action="version", version=f"polaris {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    parse = commands.add_parser("parse", help="say what an instruction asks for")
    parse.add_argument("instruction")
    _add_parser_options(parse)
    parse.add_argument("--image", type=Path, help="the picture it speaks of")
    parse.add_argument("--json", action="store_true", help="print the intent as JSON")
    parse.set_defaults(command=_parse)

    scan = commands.add_parser("scan", help="read model folders into the zoo")
    _add_zoo_options(scan)
    scan.add_argument("--checkpoints", type=Path, action="append", default=[], metavar="DIR")
    scan.add_argument("--loras", type=Path, action="append", default=[], metavar="DIR")
    scan.add_argument("--models", type=Path, metavar="DIR", help="ComfyUI's models folder")
    scan.add_argument("--hash", action="store_true", help="also compute missing SHA-256 sums")
    scan.set_defaults(command=_scan)

    search = commands.add_parser("search", help="search the zoo by a phrase")
    _add_zoo_options(search)
    search.add_argument("phrase")
    search.add_argument("--kind", choices=["checkpoint", "lora"], default="lora")
    search.add_argument("-k", type=_positive, default=10, help="how many")
    search.add_argument(
        "--words", action="store_true", help="all words must stand there; needs no encoder"
    )
    search.set_defaults(command=_search)

    plan = commands.add_parser("plan", help="decide an edit without carrying it out")
    _add_zoo_options(plan)
    plan.add_argument("instruction")
    _add_parser_options(plan)
    plan.add_argument("--image", type=Path, help="the picture to edit")
    plan.add_argument("--no-mask", action="store_true", help="there is no mask for it")
    plan.add_argument("--pin", action="append", default=[], help="a line of pins and bans")
    plan.add_argument(
        "--unknown-base", action="store_true", help="also LoRAs whose base model nobody knows"
    )
    plan.add_argument("--sheet", type=Path, metavar="PNG", help="also draw a contact sheet")
    plan.set_defaults(command=_plan)

    edit = commands.add_parser(
        "edit",
        help="decide an edit and carry it out, without ComfyUI",
        description="Decide an edit and carry it out with diffusers. PICTURE may be left out (a "
        "new picture is made), or be a folder of pictures, or a list of edits (.jsonl).",
    )
    _add_edit_options(edit)
    edit.set_defaults(command=_edit)

    rerank = commands.add_parser("rerank", help="let a language model read the LoRAs found")
    _add_zoo_options(rerank)
    rerank.add_argument("instruction", help="read by the grammar")
    rerank.add_argument(
        "--llm",
        metavar="MODEL",
        required=True,
        help="local:FOLDER, local:OWNER/NAME, server:URL#NAME",
    )
    rerank.add_argument("--image", type=Path, help="the picture to edit")
    rerank.add_argument("-k", type=_positive, default=50, help="how many candidates are read")
    rerank.add_argument("--keep", type=_positive, default=3, help="how many stay for each topic")
    rerank.add_argument("--rounds", type=int, choices=[1, 2, 3], default=2)
    rerank.add_argument("--threshold", type=float, default=0.5, metavar="0-1")
    rerank.set_defaults(command=_rerank)

    run = commands.add_parser("run", help="run an API workflow on a ComfyUI server")
    run.add_argument("workflow", type=Path)
    run.add_argument("--server", default=os.environ.get("COMFYUI_SERVER", "127.0.0.1:8188"))
    run.add_argument(
        "--set", action="append", default=[], metavar="TITLE.INPUT=VALUE", dest="values"
    )
    run.add_argument("--image", type=Path, help="uploaded, and set in every Load Image node")
    run.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    run.add_argument("--timeout", type=_positive, default=600, metavar="SECONDS")
    run.add_argument("--json", action="store_true")
    run.set_defaults(command=_run)

    freeze = commands.add_parser("freeze", help="write a workflow's models down for sharing")
    freeze.add_argument("workflow", type=Path, help="JSON in either form, or a saved picture")
    freeze.add_argument("--plan", type=Path, metavar="JSON", help="what its editor decided")
    freeze.add_argument("--api", action="store_true", help="the API form that a picture carries")
    freeze.add_argument("--out", type=Path, metavar="JSON", help="else beside it, as .frozen.json")
    add_zoo_folder(freeze)
    freeze.set_defaults(command=_freeze)

    resolve = commands.add_parser("resolve", help="say which of a workflow's models are missing")
    resolve.add_argument("workflow", type=Path, help="JSON in either form, or a saved picture")
    add_zoo_folder(resolve)
    resolve.set_defaults(command=_resolve)

    add_fetch_commands(commands)

    demo = commands.add_parser("demo", help="make a demonstration zoo and edit a photograph")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR")
    demo.set_defaults(command=_demo)
    return parser


def _add_edit_options(parser: argparse.ArgumentParser) -> None:
    _add_zoo_options(parser)
    _add_parser_options(parser)
    parser.add_argument("words", nargs="*", metavar="PICTURE INSTRUCTION")
    parser.add_argument("--models", type=Path, metavar="DIR", help="scan and use these models only")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="white is what may change")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the PNG; of several, the folder")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="carry out a plan made before")
    parser.add_argument("--pin", action="append", default=[], help="a line of pins and bans")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, default=7.0, help="how strongly the prompt counts")
    parser.add_argument("--denoise", type=float, help="over 0, up to 1; default: by the edit")
    parser.add_argument("--style-strength", type=float, help="of the style LoRA")
    parser.add_argument("--object-strength", type=float, help="of the object LoRA")
    parser.add_argument("--negative", default="", help="added to the negative prompt")
    parser.add_argument("--width", type=_positive, help="of a new picture, pixels")
    parser.add_argument("--height", type=_positive, help="of a new picture, pixels")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    parser.add_argument("--segmenter", type=Path, help="Segment Anything's file, SAM 2's folder")
    parser.add_argument("--choice", default="", help="numbers of regions to take instead")
    parser.add_argument("--regions", type=Path, metavar="PNG", help="draw the regions found")
    parser.add_argument(
        "--unknown-base", action="store_true", help="also LoRAs whose base model nobody knows"
    )
    parser.set_defaults(checkpoints=[], loras=[])


def _add_zoo_options(parser: argparse.ArgumentParser) -> None:
    add_zoo_folder(parser)
    parser.add_argument("--text-encoder", default=_DEFAULT_TEXT)
    parser.add_argument("--image-encoder", default="none")
    parser.add_argument("--maturity", choices=["PG", "PG13", "R", "X", "XXX"], default="PG")
    families = ["sd15", "sd2", "sdxl", "sd3", "flux"]
    parser.add_argument("--base", choices=families, help="only models of this family")


def _add_parser_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--llm",
        metavar="MODEL",
        help="a language model that reads the instruction: local:FOLDER, local:OWNER/NAME of the "
        "hub's local cache, or server:URL#NAME; without it the grammar does",
    )
    parser.add_argument(
        "--no-fallback", action="store_true", help="stop when the language model fails"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _parse(options: argparse.Namespace) -> int:
    from polaris_core.cli.parse_command import run_parse

    return run_parse(options)


def _scan(options: argparse.Namespace) -> int:
    from polaris_core.cli.zoo_commands import run_scan

    return run_scan(options)


def _search(options: argparse.Namespace) -> int:
    from polaris_core.cli.zoo_commands import run_search

    return run_search(options)


def _plan(options: argparse.Namespace) -> int:
    from polaris_core.cli.zoo_commands import run_plan

    return run_plan(options)


def _edit(options: argparse.Namespace) -> int:
    from polaris_core.cli.edit_command import run_edit

    return run_edit(options)


def _rerank(options: argparse.Namespace) -> int:
    from polaris_core.cli.rerank_command import run_rerank

    return run_rerank(options)


def _run(options: argparse.Namespace) -> int:
    from polaris_core.cli.workflow_command import run_workflow

    return run_workflow(options)


def _freeze(options: argparse.Namespace) -> int:
    from polaris_core.cli.share_commands import run_freeze

    return run_freeze(options)


def _resolve(options: argparse.Namespace) -> int:
    from polaris_core.cli.share_commands import run_resolve

    return run_resolve(options)


def _demo(options: argparse.Namespace) -> int:
    from polaris_core.cli.demo_command import run_demo

    return run_demo(options)
