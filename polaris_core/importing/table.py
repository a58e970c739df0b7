"""Tables of adapters as Stylus keeps them: CSV or Parquet, one adapter a row.

| column                                    | meaning                                            |
|-------------------------------------------|----------------------------------------------------|
| adapter_id, id, model_id                  | number of the model on Civitai, or any name        |
| version_id                                | number of its version on Civitai                   |
| title, name; alias, filename              | what it is called; its file without the suffix     |
| base_model, type, creator, license, nsfw  | as the site says                                   |
| llm_description, description              | the first that is filled                           |
| tags, trigger_words, image_urls,          | lists: JSON, Python's, or divided by commas (the   |
| image_prompts                             | prompts by lines)                                  |
| weight, strength                          | recommended                                        |
| download_url, url, source, sha256, size   | where it is                                        |

All but a title and one of the ids or addresses may be missing; other columns are passed over.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from polaris_core.catalogue.assemble import entry_from_facts
from polaris_core.catalogue.civitai import kind_of
from polaris_core.catalogue.entry import BaseModel, Kind, Preview
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.files import reason_of
from polaris_core.catalogue.hashes import valid_sha256
from polaris_core.catalogue.imports import Refused
from polaris_core.catalogue.maturity import level_of
from polaris_core.catalogue.offers import Offer
from polaris_core.catalogue.plain_text import plain_text
from polaris_core.catalogue.strengths import bounded_strength
from polaris_core.catalogue.values import distinct, number_in, string_in, text_in
from polaris_core.catalogue.words import trigger_words
from polaris_core.errors import FileProblem, MissingDependency
from polaris_core.importing.base import Known, Page
from polaris_core.importing.civitai_api import CIVITAI
from polaris_core.progress import Progress

__all__ = ["TableSource"]

_ROWS_PER_PAGE = 200
_LONGEST_FIELD = 4 << 20
_LIST_LIMIT = 64
_PROMPT_LIMIT = 4_000
_ID_COLUMNS = ("adapter_id", "model_id", "id")

Row = Mapping[str, object]


class TableSource:
    """A table of adapters or checkpoints."""

    newest_first = False

    def __init__(self, path: Path, *, name: str = "") -> None:
        """Nothing is read yet.

        Args:
            path: The file, `.csv` or `.parquet`.
            name: What the source is called; empty for the file's name.
        """
        self._path = path
        self.origin = f"table:{name or path.name}"

    def pages(self, cursor: str, known: Known, progress: Progress) -> Iterator[Page]:
        """As `Source.pages`; a cursor is a row of this very file: of another it is not taken.

        Raises:
            MissingDependency: A Parquet file, and pyarrow is not installed.
        """
        parquet = self._path.suffix.lower() in (".parquet", ".pq")
        try:
            yield from self._pages(cursor, _parquet if parquet else _csv)
        except (OSError, ValueError, csv.Error) as error:  # pyarrow's errors are ValueErrors
            raise FileProblem(
                "not readable as a table", path=str(self._path), value=reason_of(error)
            ) from error

    def _pages(self, cursor: str, read: Callable[[Path], Iterator[Row]]) -> Iterator[Page]:
        status = self._path.stat()
        edition = f"{status.st_size} {status.st_mtime_ns}"
        start = int(cursor.rpartition(" ")[2]) if cursor.startswith(f"{edition} ") else 0
        offers: list[Offer] = []
        refused: list[Refused] = []
        number = 0
        for number, row in enumerate(read(self._path), start=1):
            if number <= start:
                continue
            try:
                offers.append(_offer(row))
            except ValueError as error:
                refused.append(Refused(f"row {number}", str(error), repr(dict(row))[:200]))
            if number % _ROWS_PER_PAGE == 0:
                yield Page(tuple(offers), tuple(refused), f"{edition} {number}", number)
                offers, refused = [], []
        yield Page(tuple(offers), tuple(refused), "", number, number)


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            yield {_column(name): value for name, value in row.items() if name}


def _parquet(path: Path) -> Iterator[Row]:
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        hint = "pip install pyarrow, or use the table as CSV"
        raise MissingDependency("pyarrow is not installed", value=path.name, hint=hint) from error
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS_PER_PAGE):
            for row in batch.to_pylist():
                yield {_column(name): value for name, value in row.items()}


def _column(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _offer(row: Row) -> Offer:
    """One row.

    Raises:
        ValueError: It has no title, or nothing to tell it from others.
    """
    title = text_in(row, "title", "name")
    if not title:
        raise ValueError("a row without a title")
    number = _whole(row, *_ID_COLUMNS)
    address = text_in(row, "download_url", "url")
    source = text_in(row, "source", "page") or _page(number, _whole(row, "version_id"), address)
    key = number or address or source
    if not key:
        raise ValueError("a row with neither an id nor an address")
    kind, adapter_type = kind_of(text_in(row, "type") or "LORA")
    prompts = [p[:_PROMPT_LIMIT] for p in _list(row, "image_prompts", "\n") if p != "None"]
    urls = [url for url in _list(row, "image_urls", ",") if url.startswith(("https://", "http://"))]
    alias = text_in(row, "alias", "filename")
    facts = Facts(
        name=title,
        base_models=(text_in(row, "base_model"),),
        description=plain_text(string_in(row, "llm_description", "description")),
        notes=(plain_text(string_in(row, "description")),),
        trigger_words=trigger_words(_list(row, "trigger_words", ",")),
        strength=bounded_strength(number_in(row, "strength", "weight")),
        aliases=(alias,) if alias else (),
        tags=distinct(_list(row, "tags", ",")),
        example_prompts=distinct(prompts)[:16],
        previews=tuple(Preview("", url) for url in urls[:16]),
        maturity=level_of(row.get("nsfw")),
        licence=text_in(row, "license", "licence"),
        creator=text_in(row, "creator"),
        source=source,
        download=address if address.startswith(("https://", "http://")) else "",
        sha256=valid_sha256(text_in(row, "sha256")),
        extra={"filename": alias} if alias else {},
    )
    size = number_in(row, "size", "size_bytes") or 0
    entry = entry_from_facts(
        facts,
        fallback_name=title,
        kind=kind if kind is not Kind.OTHER else Kind.LORA,
        base_model=BaseModel.UNKNOWN,
        adapter_type=adapter_type,
        size_bytes=round(size) if 0 <= size < 2**62 else 0,
    )
    return Offer(f"{key} {_whole(row, 'version_id')}".strip(), entry)


def _page(number: str, version: str, address: str) -> str:
    """The page of a model whose number is one of Civitai, as in Stylus's own tables."""
    if not number.isdecimal() or (address and "civitai.com/" not in address):
        return ""
    page = f"{CIVITAI}/models/{number}"
    return f"{page}?modelVersionId={version}" if version.isdecimal() else page


def _whole(row: Row, *names: str) -> str:
    """A number or name; tables with gaps in a column write whole numbers as `58390.0`."""
    for name in names:
        value = row.get(name)
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if text := text_in(row, name):
            return text.removesuffix(".0") if text.removesuffix(".0").isdecimal() else text
    return ""


def _list(row: Row, name: str, divider: str) -> list[str]:
    value = row.get(name)
    if isinstance(value, str):
        value = _parsed(value, divider)
    members = cast("list[object]", value) if isinstance(value, list) else []
    return [member.strip() for member in members[:_LIST_LIMIT] if isinstance(member, str)]


def _parsed(text: str, divider: str) -> object:
    """A list written as JSON, as Python shows it, or divided by commas or lines."""
    text = text.strip()
    if text.startswith("["):
        # Python's way of writing differs in its quotes; one with both kinds is divided instead.
        for form in (text, text.replace("'", '"')):
            try:
                return json.loads(form)
            except (ValueError, RecursionError):
                continue
        text = text.strip("[]")
        return [part.strip(" '\"") for part in text.split(divider)]
    return text.split(divider)
