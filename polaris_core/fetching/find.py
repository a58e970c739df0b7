"""Which entry somebody means who names a model, a hash or an address."""

from __future__ import annotations

import re

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.rows import stored
from polaris_core.catalogue.store import Store
from polaris_core.errors import InvalidInput, UnknownModel
from polaris_core.fetching.addresses import parse_address

__all__ = ["entry_meant", "is_address"]

_MOST_SHOWN = 5
_CIVITAI = re.compile(
    r"https://(?:www\.)?civitai\.com/(?:api/download/models/(\d{1,18})"
    r"|models/\d{1,18}(?:/[^?#]*)?\?(?:[^#]*&)?modelVersionId=(\d{1,18}))(?:[?&#].*)?"
)


def is_address(text: str) -> bool:
    """Whether a text is meant as an address."""
    return "://" in text


def entry_meant(store: Store, text: str, kind: Kind | None = None) -> Entry:
    """The one entry that a name, hash, or address means; one on disk goes before others.

    An address may be that of the file or of the page about it.

    Raises:
        UnknownModel: There is none.
        InvalidInput: There are several, or the address is malformed.
        StoreProblem: The catalogue cannot be used.
    """
    found = _by_address(store, text, kind) if is_address(text) else store.resolve(text, kind=kind)
    if not found:
        hint = (
            "Give its --sha256 as well, and fetch it by that"
            if is_address(text)
            else "Look for it with `polaris search --words`, or give its address and --sha256"
        )
        raise UnknownModel("the zoo knows no such model", value=text, hint=hint)
    here = next((entry for entry in found if entry.on_disk), None)
    if here is not None:
        return here
    by_hash = {entry.sha256 or f"{entry.id}": entry for entry in found}
    if len(by_hash) > 1:
        shown = "; ".join(
            f"{entry.name} ({entry.base_model.value}, {entry.sha256[:10] or 'hash unknown'})"
            for entry in list(by_hash.values())[:_MOST_SHOWN]
        )
        raise InvalidInput(
            f"this means {len(by_hash)} models", value=text, hint=f"Name one by its hash: {shown}"
        )
    return next(iter(by_hash.values()))


def _by_address(store: Store, text: str, kind: Kind | None) -> list[Entry]:
    url = parse_address(text).url
    conditions, values = ["source = ?"], [stored(url)]
    if version := _CIVITAI.fullmatch(url):
        conditions.append("source LIKE ?")
        values.append(f"https://civitai.com/models/%modelVersionId={version[1] or version[2]}")
    with store.reading() as connection:
        rows = connection.execute(
            f"SELECT id FROM entries WHERE {' OR '.join(conditions)} ORDER BY on_disk DESC, id",
            values,
        ).fetchall()
        if not rows:
            # In the JSON of a document an address stands as it is.
            rows = connection.execute(
                "SELECT id FROM entries WHERE instr(document, ?) ORDER BY on_disk DESC, id", (url,)
            ).fetchall()
    found = store.entries([row[0] for row in rows])
    exact = [e for e in found if e.download == url]
    found = exact or [e for e in found if e.source and (e.source == url or version)]
    return [entry for entry in found if kind is None or entry.kind is kind]
