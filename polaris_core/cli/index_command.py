"""`polaris index`."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from polaris_core.cli.arguments import add_encoders, add_zoo_folder, positive

if TYPE_CHECKING:
    from argparse import _SubParsersAction  # pyright: ignore[reportPrivateUsage]

__all__ = ["add_index_command"]

_DESCRIPTION = """\
Embed and index what the zoo holds and has not indexed yet. Search does so by itself; for a library
of a hundred thousand models and more do it once beforehand, with several workers: each is a process
of its own with encoders of its own (pip install 'polaris-zoo[sharded]'). Stopped or killed, it goes
on where it was. `polaris scan --no-index` leaves the embedding to this command.

The vectors are kept in files of the zoo's folder, or, for several machines, in Milvus: write
{"address": "http://host:19530"} into index.json in that folder, or set POLARIS_INDEX; the token of
a server stands in POLARIS_INDEX_TOKEN (pip install 'polaris-zoo[milvus]').
"""


def add_index_command(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """`polaris index` and what it takes."""
    parser = commands.add_parser(
        "index",
        help="embed and index what the zoo holds",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_zoo_folder(parser)
    add_encoders(parser)
    parser.add_argument(
        "--workers", type=positive, default=1, metavar="N", help="processes that embed, by Ray"
    )
    parser.add_argument(
        "--shard", type=positive, default=4096, metavar="N", help="entries a worker takes at a time"
    )
    parser.add_argument("--afresh", action="store_true", help="embed again what no database has")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from polaris_core.cli.output import print_json, terminal_progress
    from polaris_core.cli.zoo_commands import open_zoo
    from polaris_core.index.service import read_service
    from polaris_core.retrieval.sharded import build_sharded
    from polaris_core.retrieval.shards import forget_shards
    from polaris_core.retrieval.zoo import RETRIEVED

    begin, progress = time.monotonic(), terminal_progress()
    embedded: int | None = None
    with open_zoo(options) as zoo:
        if options.afresh:
            zoo.forget()
            forget_shards(options.zoo)
        if options.workers > 1:
            specs = options.text_encoder, options.image_encoder
            made = build_sharded(zoo, *specs, options.workers, progress, options.shard)
            embedded = made.embedded
        kinds = zoo.state(progress).kinds
    counts = {kind.value: len(kinds[kind].ids) for kind in RETRIEVED}
    where = "in files" if read_service(options.zoo) is None else "in Milvus"
    seconds = round(time.monotonic() - begin, 1)
    if options.json:
        print_json({"entries": counts, "index": where, "embedded": embedded, "seconds": seconds})
        return 0
    told = " and ".join(f"{count} of kind {kind}" for kind, count in counts.items())
    print(f"indexed {where}: {told}, in {seconds} s")
    return 0
