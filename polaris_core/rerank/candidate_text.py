"""What a language model reads of a candidate: a few lines, or those and its description.

    Name: Aquarelle Dreams                          ┐
    Kind: style                                     │ short
    Tags: watercolor, painting                      │
    Trigger words: aqrl style                       ┘
    Description: Soft washes of colour, …             full

Of an entry that was refined, the words of the refiner are read instead of the uploader's: what it
is and shows in one line, and what it is for in the place of its description.

The short text is the beginning of the full one, so that a later round only reads on. All of it was
written by strangers; that it stays in its branch is the tree's part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from polaris_core.catalogue.entry import Entry, Role
from polaris_core.catalogue.plain_text import one_line, paragraphs

__all__ = ["full_text", "quoted_text", "short_text"]

_NAME = 120
_TAGS, _TAG = 10, 40
_TRIGGERS, _TRIGGER = 6, 80
_WHAT = 200
_CAPTIONS = 16
_DESCRIPTION = 2000
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S{1,2000}", re.IGNORECASE)
_LINE = re.compile(r"[-=_*~#.•·]{4,}")
_EMPTY_LINES = re.compile(r"\s*\n\s*")


def short_text(entry: Entry) -> str:
    """Name, role, tags and trigger words; what it was trained on where it has neither."""
    return "\n".join(f"{label}: {text}" for label, text in _short(entry))


def full_text(entry: Entry) -> str:
    """The short text and the description, at most about 4,000 characters."""
    return "\n".join(f"{label}: {text}" for label, text in (*_short(entry), *_long(entry)))


def quoted_text(entry: Entry, characters: int) -> str:
    """The full text as one line of JSON, in which it cannot pass for anything else.

    Line ends, quotes, and the brackets that chat templates mark turns with are escaped.

    Args:
        entry: The candidate.
        characters: Of its description at the most.
    """
    lines = {label.lower(): text for label, text in _short(entry)}
    lines |= {label.lower(): text[:characters] for label, text in _long(entry)}
    quoted = json.dumps(lines, ensure_ascii=False)
    for bracket in "<>[]":
        quoted = quoted.replace(bracket, f"\\u{ord(bracket):04x}")
    return quoted


def _short(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "Name", one_line(entry.name, _NAME) or "(none)"
    role = entry.refined.role if entry.refined else entry.role
    if role is not Role.UNKNOWN:
        yield "Kind", role.value
    if entry.refined and entry.refined.what:
        yield "Shows", _listed((entry.refined.what, *entry.refined.shows), _TAGS, _WHAT)
        if triggers := _listed(entry.refined.trigger_words, _TRIGGERS, _TRIGGER):
            yield "Trigger words", triggers
        return
    tags = _listed(entry.tags, _TAGS, _TAG)
    triggers = _listed(entry.trigger_words, _TRIGGERS, _TRIGGER)
    if tags:
        yield "Tags", tags
    if triggers:
        yield "Trigger words", triggers
    if not tags and not triggers and (captions := _captions(entry)):
        yield "Trained on", captions


def _long(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.refined and entry.refined.purpose:
        yield "Description", entry.refined.purpose
    elif description := _prose(entry.description):
        yield "Description", description
    if (entry.tags or entry.trigger_words) and (captions := _captions(entry)):
        yield "Trained on", captions


def _captions(entry: Entry) -> str:
    return _listed(entry.training_tags, _CAPTIONS, _TAG)


def _listed(texts: Iterable[str], most: int, longest: int) -> str:
    """Different texts joined by commas, the first few of them."""
    found: dict[str, str] = {}
    for text in texts:
        line = one_line(text, longest)
        if line:
            found.setdefault(line.casefold(), line)
        if len(found) == most:
            break
    return ", ".join(found.values())


def _prose(text: str) -> str:
    """A description without web addresses and drawn lines, which tell nothing of what it does."""
    text = paragraphs(text, 2 * _DESCRIPTION)
    text = _LINE.sub(" ", _ADDRESS.sub("", text))
    return paragraphs(_EMPTY_LINES.sub("\n", text), _DESCRIPTION)
