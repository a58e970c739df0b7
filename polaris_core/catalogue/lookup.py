"""Find entries by what people type: full-text search, and names or hashes that mean one model."""

from __future__ import annotations

import re
import sqlite3

from polaris_core.catalogue.companions import stem_of
from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.rows import key_of, loaded, stem_key_of

__all__ = ["ids_by_text", "ids_meant_by", "matching_rows"]

_WORDS_LIMIT = 32
_WEIGHTS = "10.0, 4.0, 6.0, 3.0, 1.0"
"""Of name, file, trigger words, tags, description."""

_HASH = re.compile(r"(?:0x)?([0-9a-f]{10,64})", re.IGNORECASE)


def ids_by_text(
    connection: sqlite3.Connection, text: str, kind: Kind | None, limit: int
) -> list[int]:
    """Ids of the entries in which every word of `text` stands, best first (BM25, then id).

    Words are those of the index, without case and accents; of the last word the beginning is
    enough. Any text may be sought: it is never taken for query syntax.
    """
    match = matching_rows(text)
    if not match:
        return []
    rows = connection.execute(
        "SELECT e.id FROM searched JOIN entries AS e ON e.id = searched.rowid "
        "WHERE searched MATCH ? AND (? IS NULL OR e.kind = ?) "
        f"ORDER BY bm25(searched, {_WEIGHTS}), e.id LIMIT ?",
        (match, kind and kind.value, kind and kind.value, limit),
    )
    return [row[0] for row in rows]


def matching_rows(text: str) -> str:
    """The full-text query for rows in which all words of `text` stand; empty if it has none."""
    # A NUL would end the query; lone surrogates cannot be written, and no entry is sought by them.
    plain = text.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")
    words = ['"' + word.replace('"', '""') + '"' for word in plain.split()[:_WORDS_LIMIT]]
    return " ".join(words) + "*" if words else ""


def ids_meant_by(connection: sqlite3.Connection, wanted: str, kind: Kind | None) -> list[int]:
    """Ids of the entries that `wanted` names: those on disk first, then by id.

    The first of these that finds any decides: SHA-256 or at least ten digits of its beginning
    (AutoV2); AutoV3; path below the model folder, or absolute; file name without folder or
    suffix; title. Within each, the exact spelling goes before one that differs in case only.
    """
    wanted = wanted.strip()
    if not wanted:
        return []
    found = _by_hash(connection, wanted, kind) or _by_file(connection, wanted, kind)
    return found or _by_name(connection, wanted, kind)


def _select(
    connection: sqlite3.Connection, where: str, values: tuple[str, ...], kind: Kind | None
) -> list[tuple[int, str, str, str]]:
    """Rows of id, root, file and name."""
    if kind is not None:
        where, values = f"{where} AND kind = ?", (*values, kind.value)
    order = "ORDER BY on_disk DESC, id"
    statement = f"SELECT id, root, file, name FROM entries WHERE {where} {order}"
    rows = connection.execute(statement, values)
    return [(id, loaded(root), loaded(file), loaded(name)) for id, root, file, name in rows]


def _by_hash(connection: sqlite3.Connection, wanted: str, kind: Kind | None) -> list[int]:
    found = _HASH.fullmatch(wanted)
    if not found:
        return []
    digits = found[1].lower()
    bounds = (digits, digits + "g")
    where = "sha256 != '' AND sha256 >= ? AND sha256 < ?"
    rows = _select(connection, where, bounds, kind)
    if not rows:
        rows = _select(connection, "autov3 != '' AND autov3 = ?", (digits,), kind)
    return [row[0] for row in rows]


def _by_file(connection: sqlite3.Connection, wanted: str, kind: Kind | None) -> list[int]:
    wanted = wanted.replace("\\", "/")
    keys = (stem_key_of(wanted), key_of(wanted.rpartition("/")[2]))
    rows = _select(connection, "file != '' AND stem_key IN (?, ?)", keys, kind)
    ways = [(id, _ways_to_name(root, file)) for id, root, file, _ in rows]
    for spelling in (str, key_of):
        sought = spelling(wanted)
        for closeness in range(5):
            if met := [id for id, names in ways if spelling(names[closeness]) == sought]:
                return met
    return []


def _ways_to_name(root: str, file: str) -> tuple[str, str, str, str, str]:
    file = file.replace("\\", "/")
    name = file.rpartition("/")[2]
    return f"{root}/{file}".replace("\\", "/"), file, stem_of(file), name, stem_of(name)


def _by_name(connection: sqlite3.Connection, wanted: str, kind: Kind | None) -> list[int]:
    rows = _select(connection, "name_key = ?", (key_of(wanted),), kind)
    exact = [id for id, _, _, name in rows if name == wanted]
    return exact or [id for id, *_ in rows]
