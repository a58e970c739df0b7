"""ComfyUI-Manager's list of models: one JSON file, each model with its address and folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from polaris_core.catalogue.assemble import entry_from_facts
from polaris_core.catalogue.companions import UNSAFE_SUFFIXES, stem_of
from polaris_core.catalogue.entry import AdapterType, BaseModel, Kind
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.files import UNREADABLE, open_regular, reason_of
from polaris_core.catalogue.imports import Refused
from polaris_core.catalogue.offers import Offer
from polaris_core.catalogue.plain_text import plain_text
from polaris_core.catalogue.values import as_object, string_in, text_in
from polaris_core.errors import FileProblem
from polaris_core.importing.base import Known, Page
from polaris_core.progress import Progress

__all__ = ["ManagerListSource"]

_LARGEST_BYTES = 64 << 20
_PER_PAGE = 200
_WEB = ("https://", "http://")
_KINDS = {
    "checkpoint": Kind.CHECKPOINT,
    "checkpoints": Kind.CHECKPOINT,
    "lora": Kind.LORA,
    "loras": Kind.LORA,
    "lycoris": Kind.LORA,
}
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([KMGT]?)i?B", re.IGNORECASE)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class ManagerListSource:
    """A file such as ComfyUI-Manager's `model-list.json`."""

    newest_first = False

    def __init__(self, path: Path, *, name: str = "") -> None:
        """Nothing is read yet.

        Args:
            path: The file.
            name: What the source is called; empty for the file's name.
        """
        self._path = path
        self.origin = f"manager:{name or path.name}"

    def pages(self, cursor: str, known: Known, progress: Progress) -> Iterator[Page]:
        """As `Source.pages`; a cursor is a place in the list as long as that is of one length."""
        models = self._models()
        total = len(models)
        length, _, place = cursor.partition(" ")
        start = int(place) if length == str(total) else 0
        for at in range(start, max(total, start + 1), _PER_PAGE):
            offers: dict[str, Offer] = {}
            refused: list[Refused] = []
            for number, model in enumerate(models[at : at + _PER_PAGE], start=at + 1):
                try:
                    offer = _offer(model)
                    offers[offer.key] = offer
                except ValueError as error:
                    refused.append(Refused(f"model {number}", str(error), repr(model)[:200]))
            done = min(total, at + _PER_PAGE)
            following = f"{total} {done}" if done < total else ""
            yield Page(tuple(offers.values()), tuple(refused), following, done, total)

    def _models(self) -> list[object]:
        try:
            with open_regular(self._path) as (descriptor, status):
                if status.st_size > _LARGEST_BYTES:
                    raise ValueError(f"larger than {_LARGEST_BYTES >> 20} MiB")
                with open(descriptor, "rb", closefd=False) as file:
                    found: object = json.loads(file.read())
        except (*UNREADABLE, RecursionError) as error:
            raise FileProblem(
                "not readable as JSON", path=str(self._path), value=reason_of(error)
            ) from error
        models = as_object(found).get("models")
        if not isinstance(models, list):
            hint = 'Expected {"models": […]}, as ComfyUI-Manager keeps it in model-list.json'
            raise FileProblem("no list of models", path=str(self._path), value=found, hint=hint)
        return cast("list[object]", models)


def _offer(model: object) -> Offer:
    """One model of the list.

    Raises:
        ValueError: It has no name or no address.
    """
    held = as_object(model)
    name, address = text_in(held, "name"), text_in(held, "url")
    page = text_in(held, "reference")
    if not address.startswith(_WEB):
        address = ""  # whole repositories are listed as "<huggingface>"
    if not name or not (address or page.startswith(_WEB)):
        raise ValueError("no address to get it from" if name else "no name")
    file = text_in(held, "filename").replace("\\", "/").rpartition("/")[2]
    kind = _KINDS.get(text_in(held, "type").lower(), Kind.OTHER)
    size = text_in(held, "size")
    told = {
        "filename": file,
        "save_path": text_in(held, "save_path"),
        "type": text_in(held, "type"),
    }
    facts = Facts(
        name=name,
        base_models=(text_in(held, "base"),),
        description=plain_text(string_in(held, "description")),
        aliases=(stem_of(file),) if file else (),
        source=page,
        download=address,
        type=text_in(held, "type"),
        extra={key: text for key, text in {**told, "size_told": size}.items() if text},
    )
    entry = entry_from_facts(
        facts,
        fallback_name=name,
        kind=kind,
        base_model=BaseModel.UNKNOWN,
        adapter_type=AdapterType.LORA if kind is Kind.LORA else None,
        size_bytes=_bytes(size),
        unsafe=file.lower().endswith(tuple(UNSAFE_SUFFIXES)),
    )
    return Offer(f"{text_in(held, 'save_path')}/{file} {address or page}", entry)


def _bytes(size: str) -> int:
    """`6.94GB` in bytes, as exactly as three digits are; 0 if it says nothing."""
    found = _SIZE.fullmatch(size.strip())
    return round(float(found[1]) * 1024 ** _UNITS[found[2].lower()]) if found else 0
