"""Requests with make, have, let, get, give and dress."""

from __future__ import annotations

from polaris_core.instructions.actions import LOOK_OF_DOING, action_start, is_gaze
from polaris_core.instructions.becoming import read_becoming, unclear
from polaris_core.instructions.body_plans import is_being, is_known_thing
from polaris_core.instructions.complements import SEEMING, split_make
from polaris_core.instructions.having import read_having
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import (
    DEFINITE,
    DETERMINERS,
    OPENERS,
    PRONOUNS,
)
from polaris_core.instructions.phrases import Thing, find, names_picture, read_thing
from polaris_core.instructions.placing import part_place, read_setting
from polaris_core.instructions.qualities import is_quality
from polaris_core.instructions.reading import (
    POSE,
    Reading,
    not_an_edit,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.texts import changes_text
from polaris_core.instructions.wearing import read_wear
from polaris_core.instructions.words import Word, Words, base_noun, lower_at, word_set

__all__ = ["read_make"]

_ALL = frozenset({"all", "both", "each", "every"})
_WEARING = frozenset({"wear", "wearing", "wears"})
_HAVING = frozenset({"have", "has", "having", "grow", "show"})
_WEIGHT = word_set("weight pounds pound kilos kg kilograms lbs lb muscle muscles fat mass inches")


def read_make(verb: str, rest: Words) -> Reading:
    """Read "make the wall blue", "have her wear a hat", "let it look like a comic"."""
    if not rest:
        return unclear()
    if verb in ("have", "get") and rest[0].lower in DETERMINERS - DEFINITE - _ALL:
        return read_having((), rest)
    if changes_text(rest, ()) or _says_text(rest):
        return not_an_edit("writing or changing text", read_thing(rest[: _saying(rest)]))
    if is_gaze(rest):
        return not_an_edit(POSE, read_thing(rest[: find(rest, {"look", "looking"})]))
    at = find(rest, _WEARING)
    if at > 0:
        return read_wear(rest[:at], rest[at + 1 :])
    at = find(rest, _HAVING)
    if at > 0 and at + 1 < len(rest) and _is_subject_end(rest, at):
        return read_having(rest[:at], rest[at + 1 :], grown=rest[at].lower == "grow")
    at = find(rest, {"lose", "gain"})
    if at > 0:
        return _read_weight(rest, at)
    return _read_weather(rest) or _read_doing(rest) or _read_made(rest)


def _read_made(rest: Words) -> Reading:
    """Read "(make) the wall blue", "(make) it look like a comic"."""
    seeming = find(rest, SEEMING)
    target, new = split_make(rest)
    if seeming < 0 and _acts(read_thing(target), new):
        return not_an_edit(POSE, read_thing(target[:-1] if new[0].lower in ("a", "an") else target))
    if new and rest[len(rest) - len(new) - 1].lower in ("from", "of") and not names_picture(target):
        return restyled_thing(read_thing(target), new)  # "make the chair from bone china"
    if not new and (placed := read_setting(*part_place(rest))):
        return placed
    seems = seeming > 0 and rest[seeming].lower not in ("be", "become")
    return read_becoming(target, new, seems=seems)


def _read_doing(rest: Words) -> Reading | None:
    """Read "(make) the lamp glow", "(make) the man wave"; None if nothing is done."""
    glowing = LOOK_OF_DOING.get(rest[-1].lower, "")
    if glowing and len(rest) > 1 and not is_being(read_thing(rest[:-1]).head):
        return read_becoming(rest[:-1], (Word(glowing, glowing),))
    at = next((i for i in range(1, len(rest) - 1) if _looks_by_doing(rest, i)), -1)
    if at > 0:
        look = LOOK_OF_DOING[rest[at].lower]
        return restyled_thing(read_thing(rest[:at]), (Word(look, look), *rest[at + 1 :]))
    seeming = find(rest, SEEMING)
    doing = action_start(rest)
    if doing > 0 and (seeming < 0 or doing < seeming):
        return not_an_edit(POSE, read_thing(rest[:doing]))
    return None


def _acts(thing: Thing, new: Words) -> bool:
    """Whether a verb we do not know stands in "(make) the girl wield a sword"."""
    if lower_at(new, 0) in ("a", "an"):
        last = lower_at(thing.core, len(thing.core) - 1)
        unknown = not is_known_thing(last) and not is_quality(last)
        return unknown and is_being(base_noun(lower_at(thing.core, len(thing.core) - 2)))
    told = lower_at(new, 1) in ("a", "an") and lower_at(new, 0) not in OPENERS | _BEFORE_ARTICLE
    return told and not new[0].is_mark and is_being(thing.head)


_BEFORE_ARTICLE = word_set("quite half such also more less just only either both not and or")


def _looks_by_doing(rest: Words, at: int) -> bool:
    """Whether it is "glow in" of "the lamp glow in green"."""
    how = rest[at].lower in LOOK_OF_DOING and rest[at + 1].lower in ("in", "with", "like")
    return (
        how and rest[at - 1].lower not in DETERMINERS and not is_being(read_thing(rest[:at]).head)
    )


def _says_text(rest: Words) -> bool:
    at = find(rest, _SAYING)
    return 0 < at < len(rest) - 1


def _saying(rest: Words) -> int:
    at = find(rest, _SAYING)
    return at if at > 0 else len(rest)


_SAYING = frozenset({"say", "read", "saying", "spell"})


def _is_subject_end(rest: Words, at: int) -> bool:
    before = rest[at - 1].lower
    return before not in DETERMINERS | OPENERS or before in PRONOUNS


def _read_weight(rest: Words, at: int) -> Reading:
    thing = read_thing(rest[:at])
    if any(w.lower in _WEIGHT for w in rest[at:]):
        return restyled_thing(thing, rest[at:])
    if rest[at].lower == "lose" and at + 1 < len(rest):
        return Reading(InstructionType.REMOVE, read_thing(rest[at + 1 :]))
    return unclear(thing)


def _read_weather(rest: Words) -> Reading | None:
    """Read "make it rain", "let it snow"."""
    subject = rest[:-1]
    of_weather = lower_at(rest, 0) == "it" or lower_at(subject, len(subject) - 1) in _SKIES
    if subject and of_weather and rest[-1].lower in ("rain", "snow", "storm", "hail", "pour"):
        return restyled_picture(rest[-1:])
    return None


_SKIES = frozenset({"weather", "sky", "it"})
