"""What refiners made, as rows of the catalogue's tables, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from polaris_core.catalogue.entry import Entry, Refined, Role
from polaris_core.catalogue.rows import entry_of, loaded, stored
from polaris_core.errors import StoreProblem

__all__ = ["REFINED", "REFINED_TABLES", "document_of", "refined_entry_of", "refined_of"]

_SAID = ("name", "kind", "role", "words", "tags", "description", "document")
"""Columns of entries that refiners read."""

_NUMBER_CHANGE = """
    DELETE FROM changes WHERE entry = {0} AND kind = (SELECT kind FROM entries WHERE id = {0});
    INSERT INTO changes (kind, entry) SELECT kind, id FROM entries WHERE id = {0};"""
"""Other refined words are a change of what the entry says; see `tables.CHANGE_TABLES`."""

_OTHERWISE = " OR ".join(f"old.{column} IS NOT new.{column}" for column in _SAID)

REFINED_TABLES = (
    "CREATE TABLE refinements (content BLOB PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE refined (
        entry INTEGER PRIMARY KEY, refiner TEXT NOT NULL, content BLOB NOT NULL)""",
    f"""CREATE TRIGGER entries_say_otherwise AFTER UPDATE OF {", ".join(_SAID)} ON entries
        WHEN {_OTHERWISE} BEGIN DELETE FROM refined WHERE entry = old.id; END""",
    """CREATE TRIGGER entries_unrefined AFTER DELETE ON entries BEGIN
        DELETE FROM refined WHERE entry = old.id; END""",
    f"""CREATE TRIGGER refined_came AFTER INSERT ON refined BEGIN
        {_NUMBER_CHANGE.format("new.entry")} END""",
    f"""CREATE TRIGGER refined_went AFTER DELETE ON refined BEGIN
        {_NUMBER_CHANGE.format("old.entry")} END""",
    f"""CREATE TRIGGER refined_otherwise AFTER UPDATE ON refined
        WHEN old.content IS NOT new.content BEGIN
        {_NUMBER_CHANGE.format("new.entry")} END""",
    # Made twice of the same content at the same time: the second is what is shown.
    """CREATE TRIGGER refinements_otherwise AFTER UPDATE ON refinements
        WHEN old.document IS NOT new.document BEGIN
        DELETE FROM changes WHERE (kind, entry) IN (SELECT kind, id FROM entries
            WHERE id IN (SELECT entry FROM refined WHERE content = new.content));
        INSERT INTO changes (kind, entry) SELECT kind, id FROM entries
            WHERE id IN (SELECT entry FROM refined WHERE content = new.content); END""",
)

REFINED = "(SELECT document FROM refined JOIN refinements USING (content) WHERE entry = entries.id)"
"""The document of what was made of an entry, or NULL, as a column of a query over `entries`."""


def document_of(refined: Refined) -> str:
    """Everything of it as text; the same gives the same text."""
    parts: dict[str, object] = {
        "what": refined.what,
        "purpose": refined.purpose,
        "shows": refined.shows,
        "role": refined.role.value,
        "trigger_words": refined.trigger_words,
        "strength": refined.strength,
        "by": refined.by,
    }
    return stored(json.dumps(parts, ensure_ascii=False, separators=(",", ":")))


def refined_of(document: str | None) -> Refined | None:
    """What `document_of` was given; None for no document.

    Raises:
        StoreProblem: It holds what this version of Polaris does not know.
    """
    if document is None:
        return None
    try:
        parts: dict[str, Any] = json.loads(loaded(document))
        return Refined(
            what=parts["what"],
            purpose=parts["purpose"],
            shows=tuple(parts["shows"]),
            role=Role(parts["role"]),
            trigger_words=tuple(parts["trigger_words"]),
            strength=parts["strength"],
            by=parts["by"],
        )
    except (ValueError, LookupError, TypeError) as error:
        raise StoreProblem(
            f"what was refined of an entry cannot be read ({error})",
            value=document[:100],
            hint="`polaris refine --undo` goes back to what uploaders wrote",
        ) from error


def refined_entry_of(id: int, refined: str | None, row: Sequence[Any]) -> Entry:
    """The entry of a row of `rows.COLUMNS`, with what `REFINED` gave for it.

    Raises:
        StoreProblem: As `refined_of`.
    """
    entry, made = entry_of(id, row), refined_of(refined)
    return replace(entry, refined=made) if made else entry
