"""What of an intent is to be found in the picture: the things, how many, and which of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from polaris_core.instructions.intent import EditIntent
from polaris_core.instructions.phrases import Thing, parts
from polaris_core.instructions.words import base_noun, read_words, text_of, word_set
from polaris_core.regions.place import NOWHERE, Depth, Landmark, Place, read_place
from polaris_core.regions.place_words import BODY_PARTS, PERSONS

__all__ = ["Half", "Rank", "Target", "is_plural", "target_of", "targets_of"]


@dataclass(frozen=True, slots=True)
class Rank:
    """Which of several alike things: the second from the left, the largest."""

    key: str
    """left, right, top, bottom, large, small, tall, short, near or far: from where one counts."""
    nth: int = 1
    """1 is the first; -1 the last."""


@dataclass(frozen=True, slots=True)
class Half:
    """A share of a thing's height: the upper body."""

    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Target:
    """A thing to be found."""

    phrase: str
    """What its pictures are compared with: "small dogs"."""
    noun: str
    """In the singular: "dog"."""
    count: int | None = 1
    """How many of them; None: all that are alike."""
    place: Place = NOWHERE
    rank: Rank | None = None
    half: Half | None = None
    """The share of it that is meant, if not all."""
    also: tuple[str, ...] = ()
    """More phrases for the same, such as one with its place if that tells more than geometry."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """All that its pictures are compared with."""
        return (self.phrase, *self.also)


_NUMBERS = {
    **dict.fromkeys(("one", "single"), 1),
    **dict.fromkeys(("two", "both", "couple", "pair"), 2),
    **{"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
}
_ALL = word_set("all every each any everybody")
_NTH = {
    **{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "last": -1},
    **{"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6},
}
_MOST = {
    "leftmost": "left",
    "rightmost": "right",
    **dict.fromkeys(("topmost", "uppermost", "highest"), "top"),
    **dict.fromkeys(("bottommost", "lowest"), "bottom"),
    **dict.fromkeys(("largest", "biggest"), "large"),
    **dict.fromkeys(("smallest", "tiniest"), "small"),
    "tallest": "tall",
    "shortest": "short",
    **dict.fromkeys(("nearest", "closest", "frontmost"), "near"),
    **dict.fromkeys(("farthest", "furthest"), "far"),
}
_FROM = {
    **{word: word for word in ("left", "right", "top", "bottom")},
    "front": "near",
    "back": "far",
}
_SPOTS = word_set("left right upper lower top bottom middle center centre")
_DEPTHS = word_set("background foreground distant")
_UNITS = BODY_PARTS | word_set("body half part side corner section drawer shelf row teeth hat")
_HALVES = {
    "upper": Half(0.0, 0.55),
    "top": Half(0.0, 0.5),
    **dict.fromkeys(("lower", "bottom"), Half(0.5, 1.0)),
}
_HALVED = word_set("body half part portion section")
_WHOLES = {"body": "person", "half": "person"}


def targets_of(intent: EditIntent) -> tuple[Target, ...]:
    """What the subject names: a thing, or several, as in "the beard and the hat"."""
    words = read_words(intent.subject[:500])
    named = [text_of(part).lower() for part in parts(Thing(core=words))]
    place = read_place(intent.place)
    named = [text for text in named if text] or [intent.subject.lower()]
    found = [_target(text, place, intent) for text in named]
    context = " ".join((intent.subject, intent.place)).lower()
    if len(found) == 1 and place.described and found[0].half is None:
        found = [replace(found[0], also=(context,))]
    return tuple(found)


def target_of(landmark: Landmark) -> Target:
    """A landmark as something to be found itself."""
    phrase = PERSONS.get(landmark.phrase, landmark.phrase)
    return Target(
        phrase=phrase,
        noun=PERSONS.get(landmark.noun, landmark.noun),
        count=None if is_plural(phrase) else 1,
        place=landmark.place or NOWHERE,
        also=(f"{phrase} of a {landmark.owner}",) if landmark.owner else (),
    )


def is_plural(phrase: str) -> bool:
    """Whether a phrase ends in a plural: "small dogs"."""
    last = phrase.lower().split()[-1:]
    return bool(last) and base_noun(last[0]) != last[0]


def _target(text: str, place: Place, intent: EditIntent) -> Target:
    words = text.split() or [text]
    said = intent.instruction.lower()
    before, after = _around(said, text)
    words, rank = _ranked(words, after)
    words, place = _spotted(words, place)
    half = None
    if len(words) > 1 and words[0] in _HALVES and words[1] in _HALVED:
        half = _HALVES[words[0]]
        owner = place.landmark.noun if place.landmark else _WHOLES.get(words[1], words[1])
        words, place = [owner], (place.landmark and place.landmark.place) or NOWHERE
    words = [PERSONS.get(word, word) for word in words] if len(words) == 1 else words
    noun = base_noun(words[-1])
    return Target(" ".join(words), noun, _count(words[-1], before, rank), place, rank, half)


def _around(said: str, text: str) -> tuple[list[str], list[str]]:
    """The three words before and the five after a phrase, as it stands in the sentence."""
    at = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said)
    if at is None:
        return [], []
    before = [w.lower for w in read_words(said[: at.start()])]
    after = [w.lower for w in read_words(said[at.end() : at.end() + 200])]
    return before[-3:], after[:5]


def _ranked(words: list[str], after: list[str]) -> tuple[list[str], Rank | None]:
    """Take off "second", "largest" and the like."""
    nth, key = None, None
    while len(words) > 1 and (words[0] in _NTH or words[0] in _MOST):
        nth = _NTH.get(words[0], nth)
        key = _MOST.get(words[0], key)
        words = words[1:]
    if nth is None and key is None:
        return words, None
    if key is None and "from" in after:
        key = next((_FROM[w] for w in after[after.index("from") :] if w in _FROM), None)
    return words, Rank(key or "left", nth or 1)


def _spotted(words: list[str], place: Place) -> tuple[list[str], Place]:
    """Take off "left" and "background" before the noun."""
    while len(words) > 1 and base_noun(words[1]) not in _UNITS:
        if words[0] in _SPOTS:
            spot = read_place(f"on the {words[0]}")
            side = spot.side if place.side is None else place.side
            place = replace(
                place, side=side, level=spot.level if place.level is None else place.level
            )
        elif words[0] in _DEPTHS:
            far = words[0] != "foreground"
            place = replace(place, depth=Depth.BACKGROUND if far else Depth.FOREGROUND)
        else:
            break
        words = words[1:]
    return words, place


def _count(last: str, before: list[str], rank: Rank | None) -> int | None:
    if rank is not None:
        return 1
    for word in reversed(before):
        if word in _ALL:
            return None
        if word in _NUMBERS:
            return _NUMBERS[word]
        if word.isdecimal() and 0 < int(word[:3]) <= 20:
            return int(word[:3])
        if word not in ("the", "of", "these", "those", "my", "their", "his", "her", "our"):
            break
    return None if is_plural(last) else 1
