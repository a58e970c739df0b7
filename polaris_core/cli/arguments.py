"""Arguments that several commands share, and those of commands that have many."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

__all__ = [
    "add_anywhere",
    "add_edit_options",
    "add_encoders",
    "add_import_options",
    "add_parser_options",
    "add_refine_options",
    "add_zoo_folder",
    "add_zoo_options",
    "positive",
]

_DEFAULT_TEXT = "sentence:all-MiniLM-L6-v2"

_IMPORT = """\
Add the models of other people's catalogues to the zoo: they are found like those on this disk, and
say where they can be had. An import that is stopped goes on where it was; one that is done again
reads what is new.

SOURCE is civitai, huggingface, either with an address of its own (civitai:https://…), or a file:
  .jsonl, .jsonl.gz   records of Civitai's API, one a line
  .csv, .parquet      a table of adapters as Stylus has it (.parquet needs pyarrow)
  .json               ComfyUI-Manager's list of models
Without any, what was imported is listed.

Tokens are taken from CIVITAI_TOKEN and HF_TOKEN, or from site_tokens.json in the folder of the zoo:
{"https://civitai.com": "the token"}. Each is sent to its own site only.
"""


_REFINE = """\
Say of every checkpoint and LoRA in a few clear words what it is, what it is for, what it shows,
which trigger words it needs and how strong it should be. Search and rerank read these words first;
what the uploaders wrote stays beside them as it is.

Without --llm rules do it, in a moment for all. With it a language model does, which takes seconds
for each; one with vision looks at the previews too. What was made is kept: a run that is stopped
goes on where it was, and only what says something new is done again.
"""


def add_import_options(parser: argparse.ArgumentParser) -> None:
    """What `polaris import` takes."""
    parser.description = _IMPORT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("sources", nargs="*", metavar="SOURCE")
    parser.add_argument("--afresh", action="store_true", help="read all of it from its beginning")
    parser.add_argument(
        "--all-versions", action="store_true", help="not only the newest of a model"
    )
    parser.add_argument("--type", action="append", default=[], help="Civitai: LORA, Checkpoint, …")
    parser.add_argument("--base-model", action="append", default=[], help="Civitai: SDXL 1.0, …")
    parser.add_argument("--tag", action="append", default=[], help="Hugging Face: lora, …")
    parser.add_argument("--author", default="", help="Hugging Face: only of this user")
    parser.add_argument("--name", default="", help="what to call a file as a source")
    parser.add_argument("--forget", default="", metavar="SOURCE", help="take a source's models out")


def add_refine_options(parser: argparse.ArgumentParser) -> None:
    """What `polaris refine` takes."""
    parser.description = _REFINE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--llm",
        metavar="MODEL",
        help="the language model: local:FOLDER, local:OWNER/NAME, or server:URL#NAME",
    )
    parser.add_argument("--afresh", action="store_true", help="make anew what was made before")
    parser.add_argument(
        "--undo", action="store_true", help="go back to what the uploaders wrote, for all"
    )
    parser.add_argument("--list", action="store_true", help="only say what is refined by whom")
    add_zoo_folder(parser)


def add_edit_options(parser: argparse.ArgumentParser) -> None:
    """What `polaris edit` takes."""
    add_zoo_options(parser)
    add_parser_options(parser)
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
    parser.add_argument("--width", type=positive, help="of a new picture, pixels")
    parser.add_argument("--height", type=positive, help="of a new picture, pixels")
    parser.add_argument(
        "--crop",
        type=int,
        metavar="PX",
        help="edit a piece around the region, enlarged to at least so many pixels (default: what "
        "the checkpoint draws best, not more than the picture has); 0: the whole picture",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    parser.add_argument("--segmenter", type=Path, help="Segment Anything's file, SAM 2's folder")
    parser.add_argument("--choice", default="", help="numbers of regions to take instead")
    parser.add_argument("--regions", type=Path, metavar="PNG", help="draw the regions found")
    parser.add_argument(
        "--unknown-base", action="store_true", help="also LoRAs whose base model nobody knows"
    )
    parser.set_defaults(checkpoints=[], loras=[])


def add_zoo_folder(parser: argparse.ArgumentParser) -> None:
    """Where the zoo is, and how to print."""
    home = os.environ.get("POLARIS_HOME") or Path.home() / ".local" / "share" / "polaris"
    parser.add_argument("--zoo", type=Path, default=Path(home), help="where the zoo is kept")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def add_encoders(parser: argparse.ArgumentParser) -> None:
    """What makes the vectors."""
    parser.add_argument("--text-encoder", default=_DEFAULT_TEXT)
    parser.add_argument("--image-encoder", default="none")


def add_zoo_options(parser: argparse.ArgumentParser) -> None:
    """The zoo, its encoders, and which entries may be used."""
    add_zoo_folder(parser)
    add_encoders(parser)
    parser.add_argument("--maturity", choices=["PG", "PG13", "R", "X", "XXX"], default="PG")
    families = ["sd15", "sd2", "sdxl", "sd3", "flux"]
    parser.add_argument("--base", choices=families, help="only models of this family")
    parser.add_argument(
        "--commercial", action="store_true", help="only models known to allow the sale of pictures"
    )
    parser.add_argument(
        "--no-credit", action="store_true", help="only models known to ask for no credit"
    )
    parser.add_argument(
        "--derivatives", action="store_true", help="only models known to allow merges to be shared"
    )
    parser.add_argument(
        "--no-people", action="store_true", help="no models of real persons' likeness"
    )
    parser.set_defaults(anywhere=False)


def add_anywhere(parser: argparse.ArgumentParser) -> None:
    """Whether what is only known from imports may be found."""
    parser.add_argument(
        "--anywhere", action="store_true", help="also models that are not on this disk"
    )


def add_parser_options(parser: argparse.ArgumentParser) -> None:
    """Who reads the instruction."""
    parser.add_argument(
        "--llm",
        metavar="MODEL",
        help="a language model that reads the instruction: local:FOLDER, local:OWNER/NAME of the "
        "hub's local cache, or server:URL#NAME; without it the grammar does",
    )
    parser.add_argument(
        "--no-fallback", action="store_true", help="stop when the language model fails"
    )


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number
