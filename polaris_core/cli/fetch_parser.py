"""The options of `polaris fetch`, `complete` and `hash`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from polaris_core.cli.arguments import add_zoo_folder

if TYPE_CHECKING:
    from argparse import _SubParsersAction  # pyright: ignore[reportPrivateUsage]

__all__ = ["add_fetch_commands"]


def add_fetch_commands(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three commands to those of the program."""
    fetch = commands.add_parser(
        "fetch",
        help="fetch a model that is not on this machine",
        description="Fetch a checkpoint or LoRA that the zoo knows and that is not on this machine "
        "yet, or one that it does not know, by its address and SHA-256. Running it again goes on.",
    )
    fetch.add_argument("model", metavar="NAME|SHA256|ADDRESS")
    add_zoo_folder(fetch)
    _add_folders(fetch)
    fetch.add_argument("--sha256", default="", help="of a file that the zoo does not know")
    fetch.add_argument("--size", type=int, default=0, metavar="BYTES", help="of that file")
    fetch.add_argument("--kind", choices=["checkpoint", "lora"], help="only of this kind")
    fetch.add_argument("--name", default="", help="what the file is to be called")
    fetch.set_defaults(command=_fetch)

    complete = commands.add_parser(
        "complete",
        help="ask Civitai by hash what files are",
        description="Ask Civitai by the hash of a file what it is. The site learns that you have "
        "it. The answer is kept beside the file.",
    )
    complete.add_argument("models", nargs="*", metavar="NAME|SHA256")
    complete.add_argument("--all", action="store_true", help="all files of unknown source")
    add_zoo_folder(complete)
    complete.set_defaults(command=_complete)

    hashing = commands.add_parser("hash", help="compute missing SHA-256 sums, at low priority")
    add_zoo_folder(hashing)
    hashing.add_argument(
        "--share", type=_share, default=0.25, metavar="0-1", help="of the time that it works"
    )
    hashing.set_defaults(command=_hash)


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoints", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--loras", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--models", type=Path, metavar="DIR", help="ComfyUI's models folder")


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not over 0 and up to 1")
    return share


def _fetch(options: argparse.Namespace) -> int:
    from polaris_core.cli.fetch_command import run_fetch

    return run_fetch(options)


def _complete(options: argparse.Namespace) -> int:
    from polaris_core.cli.fetch_command import run_complete

    return run_complete(options)


def _hash(options: argparse.Namespace) -> int:
    from polaris_core.cli.fetch_command import run_hash

    return run_hash(options)
