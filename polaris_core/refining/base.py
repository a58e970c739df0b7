"""What a refiner is: it reads what an entry says, and says it in a few clear words.

    Entry ─▶ Refiner ─▶ Refined: what it is, what it is for, what it shows, role, triggers, strength

Laws for every refiner (`tests/contracts/test_refiner_contract.py`): the entry stays as it is;
the lengths that `Refined` names are kept; every trigger word stands in the entry's own words;
hostile input makes no other error than those named here. What comes out depends on the content
alone, so it is kept by a hash of that and never made twice.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from typing import Protocol

from polaris_core.catalogue.entry import Entry, Refined
from polaris_core.catalogue.plain_text import one_line
from polaris_core.progress import Progress, silent

__all__ = [
    "PURPOSE_LIMIT",
    "SHOWN_LIMIT",
    "SHOWS_LIMIT",
    "TRIGGERS_LIMIT",
    "TRIGGER_LIMIT",
    "WHAT_LIMIT",
    "Refiner",
    "bounded",
    "own_words",
    "said_of",
    "stands_in",
]

WHAT_LIMIT, PURPOSE_LIMIT = 200, 400
SHOWS_LIMIT, SHOWN_LIMIT = 12, 60
TRIGGERS_LIMIT, TRIGGER_LIMIT = 8, 200

_ESCAPES = re.compile(r"[\\_\s]+")


class Refiner(Protocol):
    """Says in a few clear words what an entry says."""

    @property
    def name(self) -> str:
        """Who it is; changes whenever it would say something else of the same entry."""
        ...

    def replaces(self, other: str) -> bool:
        """Whether its words are wanted where the refiner of that name has said something."""
        ...

    def content(self, entry: Entry) -> bytes:
        """A hash of all that it looks at, and of its name."""
        ...

    def refine(self, entry: Entry, progress: Progress = silent) -> Refined:
        """Say it.

        Raises:
            UnreadableReply: A language model gave no usable answer about this entry.
            LanguageModelProblem: It cannot be asked at all.
            Cancelled: `progress` raised it; whatever else it raises passes through as well.
        """
        ...


def said_of(entry: Entry, name: str, *more: object) -> bytes:
    """The hash that `Refiner.content` gives for all words of an entry.

    Args:
        entry: Whose words.
        name: Of the refiner.
        more: What else it looks at; anything of which `repr` tells all.
    """
    said = (
        *(name, entry.name, entry.kind.value, entry.role.value, entry.base_model.value),
        *(entry.tags, entry.trigger_words, entry.training_tags, entry.description),
        *(entry.example_prompts, entry.strength, more),
    )
    text = json.dumps(repr(said))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def bounded(refined: Refined, entry: Entry) -> Refined:
    """The same within what is allowed: lengths, no repetitions, no control characters.

    Trigger words that do not stand in what the entry says are left out.
    """
    said = own_words(entry) if refined.trigger_words else ""
    triggers = _distinct(refined.trigger_words, TRIGGER_LIMIT)
    strength = refined.strength
    if strength is not None and not (math.isfinite(strength) and -10 <= strength <= 10):
        strength = None
    return Refined(
        what=one_line(refined.what, WHAT_LIMIT),
        purpose=one_line(refined.purpose, PURPOSE_LIMIT),
        shows=_distinct(refined.shows, SHOWN_LIMIT)[:SHOWS_LIMIT],
        role=refined.role,
        trigger_words=tuple(t for t in triggers if stands_in(t, said))[:TRIGGERS_LIMIT],
        strength=strength,
        by=refined.by,
    )


def own_words(entry: Entry) -> str:
    """All that an entry says, as `stands_in` looks for words in it."""
    parts = (
        *(entry.name, entry.file, entry.description),
        *(*entry.trigger_words, *entry.tags, *entry.training_tags, *entry.example_prompts),
    )
    return "\0".join(map(_folded, parts))  # no words stand across two of them


def stands_in(words: str, text: str) -> bool:
    """Whether words stand in a text that `own_words` gave; case, _ and backslashes do not count."""
    folded = _folded(words)
    return any(map(str.isalnum, folded)) and folded in text


def _folded(text: str) -> str:
    return _ESCAPES.sub(" ", one_line(text, len(text) or 1)).casefold().strip()


def _distinct(texts: Iterable[str], limit: int) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in texts:
        if line := one_line(text, limit):
            found.setdefault(line.casefold(), line)
    return tuple(found.values())
