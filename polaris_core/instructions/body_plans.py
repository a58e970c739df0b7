"""Which shapes fit each other's outlines, judged by the nouns alone.

A table of everyday things, sorted by body plan and rough proportions: four legs and a muzzle, a
box on wheels, a round fruit, a thing hung around the neck. Two nouns fit when they stand in the
same row. Its limits: size, pose and point of view are unknown; a noun that is not in the table fits
only itself, since drawing a new shape anew is the safer mistake; a noun of several meanings stands
in one row ("bat" is the animal).
"""

from __future__ import annotations

from functools import lru_cache

from polaris_core.instructions.shapes import TABLE
from polaris_core.instructions.words import base_noun, word_set

__all__ = [
    "body_plan",
    "is_being",
    "is_garment",
    "is_known_thing",
    "is_person",
    "outline_fits",
]

_PLANS = {noun: plan for plan, nouns in TABLE.items() for noun in nouns.split()}
_GARMENTS = frozenset({"top", "legwear", "gown", "outfit"})
_BEINGS = word_set(
    "person creature beast hoofed giant bird fish turtle reptile snake insect crawler dinosaur "
    "bear primate long-necked tiny-beast octopus"
)
_KINDS = frozenset({"person", "people"})


def body_plan(noun: str) -> str:
    """The row of the table a noun stands in; empty if it is not in the table."""
    lower = noun.lower()
    plan = _PLANS.get(lower) or _PLANS.get(base_noun(lower)) or _PLANS.get(lower[:-1], "")
    if not plan and "-" in lower:
        return body_plan(lower.rpartition("-")[2])
    return plan or _plan_of_compound(base_noun(lower))


@lru_cache(maxsize=4096)
def _plan_of_compound(noun: str) -> str:
    """The row of the last part of a noun written as one: "sheepdog", "ploughhorse"."""
    tails = (noun[start:] for start in range(_SHORTEST, len(noun) - _SHORTEST + 1))
    return next((_PLANS[tail] for tail in tails if tail in _HEADS), "")


_SHORTEST = 3
_HEADS = frozenset(n for p in ("beast", "hoofed", "bird", "house") for n in TABLE[p].split())


def is_known_thing(noun: str) -> bool:
    """Whether the table holds the noun."""
    return bool(body_plan(noun))


def is_person(noun: str) -> bool:
    """Whether the noun names a human being."""
    return body_plan(noun) == "person"


def is_being(noun: str) -> bool:
    """Whether the noun names somebody or an animal, who may act."""
    return body_plan(noun) in _BEINGS


def is_garment(noun: str) -> bool:
    """Whether the noun names something worn on the body, shoes and hats excluded."""
    return body_plan(noun) in _GARMENTS


def outline_fits(old: str, new: str) -> bool:
    """Whether a thing `new` fits the outline of a thing `old`; both are head nouns."""
    if base_noun(old) == base_noun(new):
        return True
    plan, other = body_plan(old), body_plan(new)
    return bool(plan) and (plan == other or frozenset({plan, other}) in _NEAR)


# Rows apart for other reasons whose shapes fit all the same.
_NEAR = {
    frozenset(pair.split("/"))
    for pair in [
        "person/creature",
        "bear/beast",
        "primate/creature",
        "outfit/gown",
        "cake/disc",
        "sheet/book",
        "light/sphere",
        "fruit/sphere",
        "seat/couch",
        "cup/bowl",
        "mountain/pyramid",
        "legwear/skirt",
        "gown/skirt",
        "shoe/boot",
        "ground/water",
        "rug/ground",
        "tree/palm",
        "tiny-beast/beast",
    ]
}
