"""Whether a reading says all that its kind needs; half a request becomes OTHER, never an edit."""

from __future__ import annotations

import itertools

from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import DETERMINERS, OPENERS
from polaris_core.instructions.phrases import NOTHING, Thing
from polaris_core.instructions.qualities import COLOURS, MATERIALS, is_quality
from polaris_core.instructions.reading import Reading, left_unsaid
from polaris_core.instructions.words import Words, word_set

__all__ = ["completed", "is_question", "states_a_look"]

_PEOPLE = word_set("him her me us them")
_PRONOUNS = _PEOPLE | word_set(
    "it itself you yourself i he she we they one ones something anything nothing everything "
    "someone somebody anyone anybody other others else and or what who why how where which when"
)
_ALL = frozenset({"everything", "everyone", "everybody"})
_NO_THINGS = _PRONOUNS | DETERMINERS | OPENERS
_POINTERS = DETERMINERS | word_set(
    "same given provided uploaded attached reference original input it of in like as style styles "
    "look manner technique aesthetic one sample example"
)
_STYLES = word_set("style look manner technique aesthetic")
_QUESTIONS = word_set("what why who whom whose where when which how")
_AUXILIARIES = word_set("is are am was were do does did has")
_BETWEEN = word_set("and or very a an the color colour")


def completed(reading: Reading) -> Reading:
    """The reading itself, or OTHER if it names no thing or no look where it needs one."""
    lacking, example = _lack(reading)
    if not lacking:
        return reading
    known = _names_target(reading.subject) and reading.kind is not InstructionType.ADD
    return left_unsaid(lacking, example, reading.subject if known else NOTHING)


def is_question(words: Words) -> bool:
    """Whether it asks rather than requests: "what are you doing", "is the cat red"."""
    lowers = [w.lower for w in words]
    if lowers and lowers[0] in _QUESTIONS | _AUXILIARIES:
        return True
    pairs = itertools.pairwise(lowers)
    return any(a in _QUESTIONS - {"who", "which"} and b in _AUXILIARIES for a, b in pairs)


def states_a_look(words: Words) -> bool:
    """Whether what follows "is" can only be meant as a wish: a colour, a material, "made of"."""
    lowers = [w.lower for w in words if not w.is_mark and w.lower not in _BETWEEN]
    if lowers[:2] == ["made", "of"]:
        return len(lowers) > 2
    visible = any(part in COLOURS | MATERIALS for word in lowers for part in word.split("-"))
    return visible and all(is_quality(word) for word in lowers)


def _names_thing(thing: Thing) -> bool:
    if thing.place and thing.head in _ALL:
        return True
    return _says_more(thing.core, _NO_THINGS)


def _names_target(thing: Thing) -> bool:
    """As for a new thing, but "him" and "everything on the table" point at what is there."""
    if thing.place and thing.head in _ALL:
        return True
    return _says_more(thing.core, _NO_THINGS - _PEOPLE)


def _names_look(look: Words) -> bool:
    return _says_more(look, _POINTERS)


def _says_more(words: Words, than: frozenset[str]) -> bool:
    return any(not w.is_mark and w.lower not in than for w in words)


def _lack(reading: Reading) -> tuple[str, str]:
    """What is not said, and how it could be; two empty texts if nothing lacks."""
    kind, subject, new = reading.kind, reading.subject, reading.new
    drawn = bool(reading.shown) or _names_thing(new)
    becomes = _names_thing(new) and new.head not in _STYLES
    looks = bool(new.core) or _names_look(reading.look)
    swap, red = "Replace the cat with a fox", "Make the curtain red"
    needs = {
        InstructionType.REMOVE: ((_names_thing(subject), "what to remove", "Remove the bicycle"),),
        InstructionType.ADD: ((_names_thing(new), "what to add", "Add a hat to the man"),),
        InstructionType.NEW_PICTURE: ((drawn, "what to draw", "Draw a fox in a forest"),),
        InstructionType.CATEGORY_CHANGE: (
            (_names_target(subject), "what to change", swap),
            (becomes, "what it is to become", swap),
        ),
        InstructionType.LOCAL_STYLE: (
            (_names_target(subject), "what to restyle", red),
            (looks, "which look it is to have", red),
        ),
        InstructionType.GLOBAL_STYLE: (
            (looks, "which look the picture is to have", "Make the photo a watercolor"),
        ),
        InstructionType.OTHER: (),
    }[kind]
    return next(((what, example) for there, what, example in needs if not there), ("", ""))
