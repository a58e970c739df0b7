"""Phrases of place, taken apart: "on the left side of the bed", "in the upper left corner".

A phrase says one or more of these: a side and a height of the picture, how far back, and a
relation to a known thing, the landmark, which may have a place of its own. English only; what is
not understood is kept as a description.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from polaris_core.instructions.body_plans import body_plan, is_garment
from polaris_core.instructions.words import base_noun, read_words, word_set
from polaris_core.regions.place_words import (
    AREAS,
    BODY_PARTS,
    BREAKS,
    COLOURS,
    MIDDLE,
    PICTURES,
    SKIPPED,
    WORN,
)

__all__ = ["NOWHERE", "Depth", "Landmark", "Place", "Relation", "read_place"]


class Relation(str, enum.Enum):
    """How something stands to a landmark."""

    ON = "on"
    IN = "in"
    AT = "at"
    """It belongs to it: "to the man", "of the table"."""
    BESIDE = "beside"
    LEFT = "left of"
    RIGHT = "right of"
    ABOVE = "above"
    BELOW = "below"
    BEHIND = "behind"
    FRONT = "in front of"
    AROUND = "around"
    BETWEEN = "between"


class Depth(str, enum.Enum):
    """How far back in the scene."""

    BACKGROUND = "background"
    FOREGROUND = "foreground"


@dataclass(frozen=True, slots=True)
class Landmark:
    """A thing by which a place is told."""

    phrase: str
    """With its modifiers, in lower case: "old tent"."""
    noun: str
    """In the singular: "tent"."""
    owner: str = ""
    """Whose it is, in the singular: the woman in "the woman's hand"; empty if not told."""
    place: Place | None = None
    """Where it stands itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is."""

    side: float | None = None
    """0 for the left, 1 for the right edge, of the landmark if there is one; None if not told."""
    level: float | None = None
    """0 for the top, 1 for the bottom."""
    depth: Depth | None = None
    relation: Relation | None = None
    landmark: Landmark | None = None
    other: Landmark | None = None
    """The second landmark of "between the house and the barn"."""
    corner: bool = False
    """Whether it is a corner, and not told which."""
    described: bool = False
    """Whether it holds words beyond these, or a landmark, by which the thing may be known."""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing about where."""
        parts = (self.side, self.level, self.depth, self.relation)
        return all(part is None for part in parts) and not self.corner


NOWHERE = Place()
"""A place of which nothing is told."""

_SIDES = {"left": 0.0, "leftmost": 0.0, "right": 1.0, "rightmost": 1.0}
_LEVELS = {"upper": 0.0, "top": 0.0, "topmost": 0.0, "lower": 1.0, "bottom": 1.0, "low": 1.0}
_DEPTHS = {
    **{word: Depth.BACKGROUND for word in word_set("background distance distant backdrop back")},
    **{word: Depth.FOREGROUND for word in word_set("foreground front")},
}
_PLAIN = frozenset({*_SIDES, *_LEVELS, *MIDDLE, *_DEPTHS, *AREAS})

_STARTERS: tuple[tuple[str, Relation], ...] = (
    ("on top of", Relation.ON),
    ("in front of", Relation.FRONT),
    ("in back of", Relation.BEHIND),
    ("in between", Relation.BETWEEN),
    ("next to", Relation.BESIDE),
    ("close to", Relation.BESIDE),
    ("adjacent to", Relation.BESIDE),
    ("across from", Relation.BESIDE),
    ("left of", Relation.LEFT),
    ("right of", Relation.RIGHT),
    ("all around", Relation.AROUND),
)
_SINGLE = {
    Relation.ON: "on onto upon atop",
    Relation.IN: "in inside into within",
    Relation.AT: "to at from of for",
    Relation.BESIDE: "beside near by alongside against towards toward with",
    Relation.ABOVE: "above over",
    Relation.BELOW: "below under underneath beneath",
    Relation.BEHIND: "behind",
    Relation.AROUND: "around surrounding round",
    Relation.BETWEEN: "between among amid",
}
_PREPOSITIONS = {word: relation for relation, words in _SINGLE.items() for word in words.split()}
_BARE = {"above": (None, 0.0), "below": (None, 1.0), "underneath": (None, 1.0)}

_MOST_WORDS = 60
_MOST_DEPTH = 3


def read_place(phrase: str) -> Place:
    """Take a phrase of place apart; of a long one the first words."""
    words = [w.lower for w in read_words(phrase[:2000]) if not w.is_mark][:_MOST_WORDS]
    words = [part for word in words for part in word.replace("-hand", "").split()]
    return _read([w for w in words if w not in SKIPPED], _MOST_DEPTH)


def _read(words: list[str], depth: int) -> Place:
    start = next((i for i in range(len(words)) if _starter(words, i)[1] or _plain(words, i)), None)
    if start is None or not depth:
        return Place(described=bool(words))
    length, relation = _starter(words, start)
    rest = words[start + length :]
    if words[start] == "in" and _is_clothes(rest):
        return replace(_read(rest[_end(rest) :], depth - 1), described=True)
    run = _run(rest)
    place = _spot(rest[:run])
    rest = rest[run:]
    if relation in (Relation.LEFT, Relation.RIGHT) and _is_picture(rest):
        place = Place(side=0.0 if relation is Relation.LEFT else 1.0)
    elif run and (not rest or rest[0] in _PREPOSITIONS or rest[0] in BREAKS):
        place = _of_landmark(words[start + length :][:run], place, rest, depth)
    elif rest and not _is_picture(rest):
        place = _with_spot(_by_landmark(relation, words[start + length :], Place(), depth), place)
    elif not rest and not run:
        side, level = _BARE.get(words[start], (None, None))
        place = Place(side, level)
    return replace(place, described=place.described or start > 0)


def _starter(words: list[str], at: int) -> tuple[int, Relation | None]:
    """How many words from here on make a preposition, and its relation."""
    for text, relation in _STARTERS:
        parts = text.split()
        if words[at : at + len(parts)] == parts:
            return len(parts), relation
        if words[at : at + len(parts) + 1] == ["to", *parts]:
            return len(parts) + 1, relation
    relation = _PREPOSITIONS.get(words[at])
    return (1, relation) if relation else (0, None)


def _plain(words: list[str], at: int) -> bool:
    """Whether a place without preposition begins here: "upper left corner"."""
    return words[at] in _PLAIN and at == 0


def _run(words: list[str]) -> int:
    """How many words from the start on tell a spot of the picture or of a thing."""
    run = 0
    while run < len(words) and words[run] in _PLAIN:
        run += 1
    nothing_but_hand = run and set(words[:run]) <= {"hand"}
    belongs_to_body = run < len(words) and base_noun(words[run]) in BODY_PARTS
    has_side_and_hand = words[run - 1] == "hand" if run else False
    return 0 if nothing_but_hand or belongs_to_body or has_side_and_hand else run


def _spot(words: list[str]) -> Place:
    side = next((_SIDES[w] for w in words if w in _SIDES), None)
    level = next((_LEVELS[w] for w in words if w in _LEVELS), None)
    depth = next((_DEPTHS[w] for w in words if w in _DEPTHS), None)
    if any(w in MIDDLE for w in words):
        side = 0.5 if side is None else side
        level = 0.5 if level is None and side == 0.5 and depth is None else level
    return Place(side, level, depth, corner="corner" in words and None in (side, level))


def _is_picture(words: list[str]) -> bool:
    rest = words[1:] if words and words[0] in ("of", "in", "on") else words
    return bool(rest) and base_noun(rest[0]) in PICTURES


def _of_landmark(run: list[str], spot: Place, rest: list[str], depth: int) -> Place:
    """A spot and what follows it: "left side | of the bed", "left | wearing glasses"."""
    if not rest or _is_picture(rest):
        return spot
    if rest[0] == "of" and rest[1:2] and rest[1] in _DEPTHS:
        return replace(spot, depth=_DEPTHS[rest[1]])
    tells_depth = spot.depth is not None and run[0] not in ("front", "back")
    if rest[0] not in ("of", "in", "on") or tells_depth:
        return replace(_merged(spot, _read(rest, depth - 1)), described=True)
    only = set(run) - AREAS
    relation = _SPOTS.get(only.pop()) if len(only) == 1 and rest[0] == "of" else None
    return _by_landmark(relation or Relation.IN, rest[1:], Place() if relation else spot, depth)


_SPOTS = {
    "left": Relation.LEFT,
    "right": Relation.RIGHT,
    "top": Relation.ON,
    "front": Relation.FRONT,
    "back": Relation.BEHIND,
}


def _with_spot(place: Place, spot: Place) -> Place:
    """A place by a landmark that stands at a spot itself: "on the left wall"."""
    if place.landmark is None or (spot.side is None and spot.level is None):
        return place
    if place.relation is None:
        return replace(place, side=spot.side, level=spot.level)
    own = replace(place.landmark.place or Place(), side=spot.side, level=spot.level)
    return replace(place, landmark=replace(place.landmark, place=own))


def _merged(spot: Place, more: Place) -> Place:
    if more.is_empty or more.landmark is not None:
        return spot
    return Place(
        side=spot.side if more.side is None else more.side,
        level=spot.level if more.level is None else more.level,
        depth=spot.depth or more.depth,
    )


def _by_landmark(relation: Relation | None, words: list[str], spot: Place, depth: int) -> Place:
    if relation is Relation.BETWEEN and "and" in words:
        cut = words.index("and")
        first, second = _landmark(words[:cut], depth), _landmark(words[cut + 1 :], depth)
        return Place(relation=relation, landmark=first, other=second, described=True)
    landmark = _landmark(words, depth)
    if landmark is None:
        return spot
    if relation is None:
        return replace(spot, described=True)
    return replace(spot, relation=relation, landmark=landmark, described=True)


def _landmark(words: list[str], depth: int) -> Landmark | None:
    """The thing that these words begin with."""
    end = _end(words)
    phrase, rest = words[:end], words[end:]
    owner = ""
    for index, word in enumerate(phrase[:-1]):
        if word.endswith(("'s", "s'")):
            owner, phrase = base_noun(word), phrase[index + 1 :]
            break
    if not phrase or not depth:
        return None
    place = None
    if rest[:1] == ["of"] and not _is_picture(rest):
        whole = _landmark(rest[1:], depth - 1)
        owner, place = (whole.noun, whole.place) if whole else (owner, None)
    elif rest:
        place = _read(rest, depth - 1)
    told = place is not None and (place.described or not place.is_empty)
    return Landmark(" ".join(phrase), base_noun(phrase[-1]), owner, place if told else None)


def _end(words: list[str]) -> int:
    """How many words from the start on are one thing."""
    stops = (i for i in range(1, len(words)) if _starter(words, i)[1] or words[i] in BREAKS)
    return next(stops, len(words))


def _is_clothes(words: list[str]) -> bool:
    """Whether "in" before these words tells what somebody wears: "in white", "in a red suit"."""
    last = base_noun(words[_end(words) - 1]) if words else ""
    return last in COLOURS or is_garment(last) or body_plan(last) in WORN
