"""Why a candidate is here, in one plain sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from polaris_core.catalogue.entry import Entry
from polaris_core.retrieval.documents import short_names
from polaris_core.retrieval.shortlist import SourceScore
from polaris_core.retrieval.words import phrases, stems

__all__ = ["Asked", "Match", "reason"]

_SHOWN = 6
_PLACED = re.compile(
    r"\b(?:in|on|at|by|with|near|under|over|behind|beside|above|below|from|wearing|who|that)\b",
    re.IGNORECASE,
)
_EVERYWHERE = frozenset({"1girl", "1boy", "solo"})
_AROUND_WORDS = ".,;:!?()[]{}\"'“”‘’"


@dataclass(frozen=True)
class Asked:
    """A query in words; empty if a picture asked."""

    text: str
    things: bool = False
    """Whether it names things, so that what follows a word of place ("in the snow") is not sought.
    """

    @cached_property
    def words(self) -> dict[str, frozenset[str]]:
        """The words as written, without case and signs around them, with their stems."""
        words = (word.strip(_AROUND_WORDS).lower() for word in self.text.split())
        return {word: frozenset(found) for word in words if (found := stems(word))}

    @cached_property
    def said(self) -> frozenset[str]:
        """All stems."""
        return frozenset(stems(self.text))

    @cached_property
    def heads(self) -> frozenset[str]:
        """The stems of what it is about: the last word of each of its phrases."""
        text = self.text
        if self.things:
            text = ", ".join(_PLACED.split(part)[0] for part in text.split(",")).strip(", ") or text
        return frozenset(words[-1] for p in phrases(text) if (words := stems(p)))


@dataclass(frozen=True)
class Match:
    """The words that a query and an entry share."""

    named: tuple[str, ...] = ()
    """Words of the query in the entry's name, in any form."""
    told: tuple[str, ...] = ()
    """Further ones in its trigger words or tags."""
    trigger: str = ""
    """The shortest trigger word that stands whole in the query."""
    by_name: bool = False
    """Whether all words of one of its names stand in the query."""
    of_head: bool = False
    """Whether one of the shared words is what the query is about."""

    @staticmethod
    def of(asked: Asked, entry: Entry) -> Match:
        """Compare."""
        if not asked.said:
            return Match()
        triggers = {trigger: stems(trigger) for trigger in entry.trigger_words}
        own = set(stems(entry.name))
        other = set(stems(", ".join(entry.tags or _taught(entry)))).union(*triggers.values())
        shared = asked.said & (own | other)
        if not shared:
            return Match()
        said = [t for t, words in triggers.items() if words and asked.said.issuperset(words)]
        names = map(stems, short_names(entry.name)) if own & asked.said else ()
        named = tuple(word for word, parts in asked.words.items() if parts & own)
        return Match(
            named,
            tuple(w for w, parts in asked.words.items() if parts & other and w not in named),
            min(said, key=len, default=""),
            any(words and asked.said.issuperset(words) for words in names),
            bool(shared & asked.heads),
        )


def _taught(entry: Entry) -> tuple[str, ...]:
    """What a model was trained on most, where nobody has said a word about it."""
    if entry.trigger_words or entry.description:
        return ()
    return tuple(tag for tag in entry.training_tags if tag not in _EVERYWHERE)[:1]


def reason(asked: Asked, match: Match, sources: Sequence[SourceScore], neighbour: str) -> str:
    """The sentence.

    Args:
        asked: What was sought.
        match: The words shared with the candidate.
        sources: What was said of it.
        neighbour: What binds it to the checkpoint; empty if nothing does.
    """
    score = {source.source: source.score for source in sources}
    parts: list[str] = []
    if match.named:
        parts.append(f"named {_quoted(match.named)}")
    if match.trigger:
        parts.append(f"trained for it (trigger word {match.trigger})")
    if tagged := [word for word in match.told if word != match.trigger.lower()]:
        parts.append(f"tagged {_quoted(tagged)}")
    if "dense" in score:
        what = f"description close to “{asked.text}”" if asked.text else "looks like the picture"
        parts.append(f"{what} ({score['dense']:.2f})")
    elif "phrases" in score:
        parts.append(f"description close to a part of “{asked.text}”")
    elif not parts:
        parts.append("its description speaks of it")
    return "; ".join(filter(None, (*parts, neighbour)))


def _quoted(words: Sequence[str]) -> str:
    return "“" + " ".join(words[:_SHOWN]) + "”"
