"""Reading the command line: its commands, and what each of them takes.

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
from polaris_core.cli.arguments import (
    add_anywhere,
    add_edit_options,
    add_import_options,
    add_parser_options,
    add_refine_options,
    add_zoo_folder,
    add_zoo_options,
    positive,
)
from polaris_core.cli.fetch_parser import add_fetch_commands
from polaris_core.cli.index_command import add_index_command
from polaris_core.errors import (
    Cancelled,
    FetchProblem,
    IndexUnreachable,
    InvalidInput,
    LanguageServerProblem,
    NothingFits,
    PolarisError,
    ServerProblem,
    SourceProblem,
)

__all__ = ["main"]

_FAR_AWAY = (
    ServerProblem,
    LanguageServerProblem,
    SourceProblem,
    FetchProblem,
    IndexUnreachable,
)


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
    except _FAR_AWAY as error:
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
    add_parser_options(parse)
    parse.add_argument("--image", type=Path, help="the picture it speaks of")
    parse.add_argument("--json", action="store_true", help="print the intent as JSON")
    parse.set_defaults(command=_parse)

    scan = commands.add_parser("scan", help="read model folders into the zoo")
    add_zoo_options(scan)
    scan.add_argument("--checkpoints", type=Path, action="append", default=[], metavar="DIR")
    scan.add_argument("--loras", type=Path, action="append", default=[], metavar="DIR")
    scan.add_argument("--models", type=Path, metavar="DIR", help="ComfyUI's models folder")
    scan.add_argument("--hash", action="store_true", help="also compute missing SHA-256 sums")
    scan.add_argument("--no-index", action="store_true", help="leave that to `polaris index`")
    scan.set_defaults(command=_scan)

    importing = commands.add_parser("import", help="add other people's catalogues to the zoo")
    add_import_options(importing)
    add_zoo_folder(importing)
    importing.set_defaults(command=_import)

    refining = commands.add_parser("refine", help="put descriptions into a few clear words")
    add_refine_options(refining)
    refining.set_defaults(command=_refine)

    add_index_command(commands)

    search = commands.add_parser("search", help="search the zoo by a phrase")
    add_zoo_options(search)
    search.add_argument("phrase")
    search.add_argument("--kind", choices=["checkpoint", "lora"], default="lora")
    search.add_argument("-k", type=positive, default=10, help="how many")
    search.add_argument(
        "--words", action="store_true", help="all words must stand there; needs no encoder"
    )
    add_anywhere(search)
    search.set_defaults(command=_search)

    plan = commands.add_parser("plan", help="decide an edit without carrying it out")
    add_zoo_options(plan)
    plan.add_argument("instruction")
    add_parser_options(plan)
    plan.add_argument("--image", type=Path, help="the picture to edit")
    plan.add_argument("--no-mask", action="store_true", help="there is no mask for it")
    plan.add_argument("--pin", action="append", default=[], help="a line of pins and bans")
    plan.add_argument(
        "--unknown-base", action="store_true", help="also LoRAs whose base model nobody knows"
    )
    plan.add_argument("--sheet", type=Path, metavar="PNG", help="also draw a contact sheet")
    add_anywhere(plan)
    plan.set_defaults(command=_plan)

    edit = commands.add_parser(
        "edit",
        help="decide an edit and carry it out, without ComfyUI",
        description="Decide an edit and carry it out with diffusers. PICTURE may be left out (a "
        "new picture is made), or be a folder of pictures, or a list of edits (.jsonl).",
    )
    add_edit_options(edit)
    edit.set_defaults(command=_edit)

    rerank = commands.add_parser("rerank", help="let a language model read the LoRAs found")
    add_zoo_options(rerank)
    rerank.add_argument("instruction", help="read by the grammar")
    rerank.add_argument(
        "--llm",
        metavar="MODEL",
        required=True,
        help="local:FOLDER, local:OWNER/NAME, server:URL#NAME",
    )
    rerank.add_argument("--image", type=Path, help="the picture to edit")
    rerank.add_argument("-k", type=positive, default=50, help="how many candidates are read")
    rerank.add_argument("--keep", type=positive, default=3, help="how many stay for each topic")
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
    run.add_argument("--timeout", type=positive, default=600, metavar="SECONDS")
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

    miniature = commands.add_parser(
        "miniature",
        help="write a small zoo of trained models",
        description="Write the miniature zoo: small trained checkpoints, LoRAs, an encoder and a "
        "language model, in the folders where ComfyUI looks for them.",
    )
    miniature.add_argument("base", type=Path, metavar="DIR", help="ComfyUI's folder, or any other")
    miniature.add_argument("--weights", type=Path, metavar="DIR", help="the stored weights")
    miniature.add_argument("--json", action="store_true")
    miniature.set_defaults(command=_miniature)

    demo = commands.add_parser("demo", help="edit a small drawn picture with the miniature zoo")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR")
    demo.add_argument("--weights", type=Path, metavar="DIR", help="the stored weights")
    demo.set_defaults(command=_demo)
    return parser


def _parse(options: argparse.Namespace) -> int:
    from polaris_core.cli.parse_command import run_parse

    return run_parse(options)


def _scan(options: argparse.Namespace) -> int:
    from polaris_core.cli.zoo_commands import run_scan

    return run_scan(options)


def _import(options: argparse.Namespace) -> int:
    from polaris_core.cli.import_command import run_import

    return run_import(options)


def _refine(options: argparse.Namespace) -> int:
    from polaris_core.cli.refine_command import run_refine

    return run_refine(options)


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


def _miniature(options: argparse.Namespace) -> int:
    from polaris_core.cli.miniature_command import run_miniature

    return run_miniature(options)


def _demo(options: argparse.Namespace) -> int:
    from polaris_core.cli.demo_command import run_demo

    return run_demo(options)
