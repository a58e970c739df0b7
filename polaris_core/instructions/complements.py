"""Where a noun ends and what it is to become begins: "make the wall | blue"."""

from __future__ import annotations

from polaris_core.instructions.body_plans import is_known_thing, is_person
from polaris_core.instructions.lexicon import DETERMINERS, OPENERS, PICTURES, PRONOUNS
from polaris_core.instructions.phrases import WHOLE, drop_articles, is_participle
from polaris_core.instructions.qualities import MATERIALS, is_comparative, is_quality
from polaris_core.instructions.styles import is_style_phrase, style_chunk
from polaris_core.instructions.words import Words, find, lower_at, word_set

__all__ = ["SEEMING", "complement_start", "counts_from", "is_look_in", "split_make"]

SEEMING = frozenset({"look", "looks", "appear", "become", "be", "resemble", "seem", "looking"})
"""Verbs after which it is said what a thing shall look like."""


def split_make(rest: Words) -> tuple[Words, Words]:
    """The target of "make" and what it is to become."""
    seeming = find(rest, SEEMING)
    if seeming > 0 and seeming + 1 < len(rest):
        target, new = rest[:seeming], rest[seeming + 1 :]
        while target[-1].lower in ("to", "should", "also", "just") and len(target) > 1:
            target = target[:-1]
        return target, new
    for mark in ("into", "to", "as", "using", "from", "of", "in"):
        index = find(rest, {mark})
        if counts_from(rest, index):
            continue
        if index > 0 and _has_complement(rest, index):
            continue
        if mark == "in" and not (index > 0 and is_look_in(rest[index:])):
            continue
        if index > 0 and (mark != "of" or rest[index - 1].lower == "out"):
            if mark == "to" and rest[index - 1].lower in ("next", "close"):
                continue
            target = rest[: index - 1] if mark == "of" else rest[:index]
            while len(target) > 1 and target[-1].lower in ("entirely", "completely", "only"):
                target = target[:-1]
            return target, rest[index + 1 :]
    start = complement_start(rest, {"a", "an"})
    return (rest[:start], rest[start:]) if start > 0 else (rest, ())


def counts_from(rest: Words, index: int) -> bool:
    """Whether "from" there only tells which: "the second house from the right"."""
    if lower_at(rest, index) != "from" or index < 1:
        return False
    after = index + 2 if lower_at(rest, index + 1) == "the" else index + 1
    return lower_at(rest, after) in _ENDS_OF_ROW


_ENDS_OF_ROW = word_set("left right top bottom front back end far")


def _has_complement(rest: Words, index: int) -> bool:
    """Whether "a carriage" in "(make) the pumpkin a carriage in chalk style" comes before."""
    articles = [i for i in range(2, index) if rest[i].lower in ("a", "an")]
    return any(rest[i - 1].lower not in OPENERS | _BETWEEN for i in articles)


_BETWEEN = frozenset({"and", "or", ",", "out"})


def is_look_in(chunk: Words) -> bool:
    """Whether it is "in watercolor" or "in matte black", and not a place."""
    if style_chunk(chunk):
        return True
    _, bare = drop_articles(chunk[1:])
    return bool(bare) and all(is_quality(w.lower) or w.lower == "and" for w in bare)


def complement_start(rest: Words, articles: set[str]) -> int:
    """Where the noun phrase at the front ends and what it shall be begins; -1 if nowhere."""
    first = rest[0].lower if rest else ""
    for index in range(1, len(rest)):
        lower, before = rest[index].lower, rest[index - 1].lower
        if _needs_more(before, lower):
            continue
        pronoun = index == 1 and first in PRONOUNS and not _owns(rest)
        counted = before == "one" and index > 1  # "the left one"
        if before in DETERMINERS and not pronoun and not counted:
            continue
        if lower in articles | {"more", "less", "much", "very", "slightly"}:
            return index
        if (
            is_quality(before)
            and before not in MATERIALS
            and not pronoun
            and not is_known_thing(before)
        ):
            continue
        if is_quality(lower) or _compares(rest, index) or is_style_phrase(rest[index:]):
            return index
        if lower in _LEADING:
            return index
    last = len(rest) - 1
    if len(rest) == 2 and first in PRONOUNS:
        return 1
    _, bare = drop_articles(rest)
    if len(bare) != 2 or is_person(bare[0].lower) or bare[0].lower in OPENERS | DETERMINERS:
        return -1
    return last


def _needs_more(before: str, lower: str) -> bool:
    """Whether no noun phrase ends here: "of | the", "the cat's | ears", "the whole | picture"."""
    if before in WHOLE:
        return lower in PICTURES or is_known_thing(lower)
    return before in OPENERS or before.endswith(("'s", "s'"))


def _owns(rest: Words) -> bool:
    """Whether a pronoun at the front says whose: "her red car blue", but not "her red"."""
    if rest[0].lower not in DETERMINERS:
        return False
    after = next((i for i in range(1, len(rest)) if not is_quality(rest[i].lower)), len(rest))
    following = lower_at(rest, after)
    ends = not following or following in OPENERS | _JOINING or not following[0].isalnum()
    return after > 1 and not ends and not is_comparative(following)


_JOINING = frozenset({"and", "than", "but", "or", "again", "instead"})
_LEADING = word_set("like all completely totally entirely fully made")


def _compares(rest: Words, index: int) -> bool:
    lower = rest[index].lower
    return is_comparative(lower) and not is_known_thing(lower) and not is_participle(rest, index)
