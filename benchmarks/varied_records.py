"""The real records of two dumps, varied until there are as many as the community has."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["APART", "CHECKPOINTS", "original_text", "records_of", "varied", "write_dump"]

CHECKPOINTS = 6_500 / 81_500
"""Share of checkpoints in a dump."""

APART = 10_000_000
"""Between the numbers of a model and of its next copy."""
_WORDS = """
amber ash birch brass chalk clay cobalt copper coral cotton crimson dusk ember fern flint
frost glass gold indigo iron ivory jade lace lilac linen lunar maple marble mint moss
"""
_LOOKS = _WORDS.split()
_MARK = re.compile(rf" (?:{'|'.join(_LOOKS)}) [1-9][0-9]?\b")


def records_of(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The real records of one kind that list a version."""
    path = folder / "zoo" / f"civitai_2023-07_{kind}_clean.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [record for line in lines if (record := json.loads(line))["modelVersions"]]


def varied(records: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """`count` records: the real ones, then the same with other numbers, hashes and names.

    The name of a varied one says a look and a number more, as in "Castle cobalt 3".
    """
    for number in range(count):
        turn, place = divmod(number, len(records))
        yield _changed(records[place], number, turn) if turn else records[place]


def original_text(text: str) -> str:
    """What the unvaried record says in the place of this text."""
    return _MARK.sub("", text)


def write_dump(folder: Path, path: Path, entries: int) -> int:
    """Write a dump of so many records; returns its size in bytes."""
    checkpoints = round(entries * CHECKPOINTS)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        for kind, count in (("checkpoint", checkpoints), ("lora", entries - checkpoints)):
            for record in varied(records_of(folder, kind), count):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path.stat().st_size


def _changed(record: dict[str, Any], number: int, turn: int) -> dict[str, Any]:
    record = copy.deepcopy(record)
    record["id"] += turn * APART
    record["name"] = f"{record['name']} {_LOOKS[(number * 7 + turn) % len(_LOOKS)]} {turn}"
    for version in record["modelVersions"]:
        version["id"] += turn * APART
        version["downloadUrl"] = f"https://civitai.com/api/download/models/{version['id']}"
        for file in version["files"]:
            file["downloadUrl"] = version["downloadUrl"]
            told = f"{file['hashes'].get('SHA256', '')}{turn}".encode()
            file["hashes"] = {"SHA256": hashlib.sha256(told).hexdigest()}
    return record
