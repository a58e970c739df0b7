"""Records of Civitai's API in a file, one a line; may be packed by gzip."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from io import BufferedReader
from itertools import islice
from pathlib import Path

from polaris_core.catalogue.files import reason_of
from polaris_core.catalogue.imports import Refused
from polaris_core.catalogue.offers import Offer
from polaris_core.errors import FileProblem
from polaris_core.importing.base import Known, Page
from polaris_core.importing.civitai_api import CIVITAI
from polaris_core.importing.records import Versions, read_records
from polaris_core.progress import Progress

__all__ = ["DumpSource"]

_RECORDS_PER_PAGE = 100
_LONGEST_LINE = 16 << 20


class DumpSource:
    """A file of model records."""

    newest_first = False

    def __init__(self, path: Path, *, versions: Versions = "latest", name: str = "") -> None:
        """Nothing is read yet.

        Args:
            path: The file, `.jsonl` or `.jsonl.gz`.
            versions: The newest version of each model, or every one.
            name: What the source is called; empty for the file's name. A file of the same name
                counts as the same source.
        """
        self._path = path
        self._versions: Versions = versions
        self.origin = f"dump:{name or path.name}"

    def pages(self, cursor: str, known: Known, progress: Progress) -> Iterator[Page]:
        """As `Source.pages`; a cursor is a line of this very file: of another it is not taken."""
        try:
            yield from self._pages(cursor, progress)
        except (OSError, EOFError, zlib.error) as error:
            raise FileProblem(
                "cannot be read to its end",
                path=str(self._path),
                value=reason_of(error),
                hint="What was read until there is kept; get the file again",
            ) from error

    def _pages(self, cursor: str, progress: Progress) -> Iterator[Page]:
        status = os.stat(self._path)
        edition = f"{status.st_size} {status.st_mtime_ns}"
        start = int(cursor.rpartition(" ")[2]) if cursor.startswith(f"{edition} ") else 0
        with self._opened() as file:
            lines = _lines(file, start, progress)
            while True:
                batch = list(islice(lines, _RECORDS_PER_PAGE))
                if not batch:
                    yield Page((), done=start, total=start)
                    return
                start = batch[-1][0]
                offers, refused = self._read(batch)
                yield Page(tuple(offers), tuple(refused), f"{edition} {start}", start)

    def _opened(self) -> gzip.GzipFile | BufferedReader:
        with self._path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        return gzip.open(self._path, "rb") if packed else self._path.open("rb")

    def _read(self, batch: list[tuple[int, bytes]]) -> tuple[list[Offer], list[Refused]]:
        records: list[tuple[str, object]] = []
        refused: list[Refused] = []
        for number, line in batch:
            place = f"line {number}"
            try:
                if len(line) > _LONGEST_LINE:
                    raise ValueError(f"longer than {_LONGEST_LINE >> 20} MiB")
                records.append((place, json.loads(line)))
            except (ValueError, RecursionError) as error:
                refused.append(Refused(place, "not readable as JSON", str(error)[:200]))
        offers, more = read_records(records, self._versions, CIVITAI)
        return offers, [*refused, *more]


def _lines(
    file: gzip.GzipFile | BufferedReader, start: int, progress: Progress
) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1, those after `start`; empty ones are passed over."""
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        long = line
        while len(long) > _LONGEST_LINE and not long.endswith(b"\n"):
            long = file.readline(_LONGEST_LINE + 1)
            if not long:
                break
        if number % 1000 == 0:
            progress(number, 0, "reading")
        if number > start and line.strip():
            yield number, line
