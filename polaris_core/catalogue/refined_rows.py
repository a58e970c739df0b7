"""What refiners made, as rows of the catalogue's tables, and back."""

from __future__ import annotations

import json
from typing import Any

from polaris_core.catalogue.entry import Refined, Role
from polaris_core.catalogue.rows import loaded, stored
from polaris_core.errors import StoreProblem

__all__ = ["REFINED", "REFINED_TABLES", "document_of", "refined_of"]

_SAID = ("name", "kind", "role", "words", "tags", "description", "document")
"""Columns of entries that refiners read."""

_OTHERWISE = " OR ".join(f"old.{column} IS NOT new.{column}" for column in _SAID)

REFINED_TABLES = (
    "CREATE TABLE refinements (content BLOB PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE refined (
        entry INTEGER PRIMARY KEY, refiner TEXT NOT NULL, content BLOB NOT NULL)""",
    f"""CREATE TRIGGER entries_say_otherwise AFTER UPDATE OF {", ".join(_SAID)} ON entries
        WHEN {_OTHERWISE} BEGIN DELETE FROM refined WHERE entry = old.id; END""",
    """CREATE TRIGGER entries_unrefined AFTER DELETE ON entries BEGIN
        DELETE FROM refined WHERE entry = old.id; END""",
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
