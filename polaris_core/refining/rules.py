"""The refiner that needs no model: it picks what tells, and leaves out what does not.

It says nothing in words of its own: every phrase stands in what the entry says.
"""

from __future__ import annotations

from polaris_core.catalogue.entry import Entry, Refined, Role
from polaris_core.progress import Progress, silent
from polaris_core.refining.base import PURPOSE_LIMIT, WHAT_LIMIT, bounded, said_of
from polaris_core.refining.phrases import (
    is_everywhere,
    is_figure,
    shared_parts,
    telling_tags,
    title_of,
    written_parts,
)
from polaris_core.refining.sentences import is_latin, telling_sentences

__all__ = ["RuleRefiner"]

_VERSION = 1
"""Changes whenever other words would come out."""
_FIGURES = frozenset({Role.CHARACTER, Role.PERSON})


class RuleRefiner:
    """Writes cards by rules."""

    @property
    def name(self) -> str:
        """The version of the rules."""
        return f"rules-{_VERSION}"

    def replaces(self, other: str) -> bool:
        """Only older rules: what a model said stays."""
        return other.startswith("rules-") and other != self.name

    def content(self, entry: Entry) -> bytes:
        """A hash of the words."""
        return said_of(entry, self.name)

    def refine(self, entry: Entry, progress: Progress = silent) -> Refined:
        """Write a card; takes about a millisecond, and fails for no entry."""
        progress(0, 0, "refining")
        title, tags = title_of(entry.name), telling_tags(entry.tags)
        figure = entry.role in _FIGURES
        triggers = [
            part
            for part in written_parts(entry.trigger_words)
            if not is_everywhere(part.replace("_", " ")) and not (figure and is_figure(part))
        ]
        seen = [] if figure else [*triggers, *shared_parts(entry.example_prompts)]
        what = title
        for tag in tags:
            if tag.casefold() not in what.casefold() and len(what) + len(tag) < WHAT_LIMIT - 2:
                what = f"{what}, {tag}"
        return bounded(
            Refined(
                what=what,
                purpose=telling_sentences(entry.description, PURPOSE_LIMIT),
                shows=tuple(part for part in (*tags, *seen) if is_latin(part)),
                role=entry.role,
                trigger_words=tuple(triggers),
                strength=entry.strength,
                by=self.name,
            ),
            entry,
        )
