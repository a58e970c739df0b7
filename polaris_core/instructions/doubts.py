"""What cannot be read for certain: conditions, corrections, looks told by what they are not.

An edit that leaves such words out, or that reads them as a look, would be another one than was
asked for; so the request becomes OTHER, and is told why.
"""

from __future__ import annotations

from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import DRAW, NEW, VERBS
from polaris_core.instructions.phrases import NOTHING, parts
from polaris_core.instructions.preamble import skip_preamble
from polaris_core.instructions.reading import Reading, not_an_edit
from polaris_core.instructions.requests import Request
from polaris_core.instructions.words import Words, base_noun, find, lower_at, word_set

__all__ = ["doubtful", "out_of_bounds", "unsettled"]

_LONGEST_NAME = 12
_LONGEST_TAIL = 60
_CORRECTING = (
    ("no", "wait"),
    ("no", ",", "wait"),
    ("wait", "no"),
    ("wait", ",", "no"),
    ("scratch", "that"),
    ("strike", "that"),
    ("never", "mind"),
    ("nevermind",),
    ("on", "second", "thought"),
    ("on", "second", "thoughts"),
    ("or", "rather"),
    ("i", "meant"),
    ("i", "mean"),
    ("correction", ":"),
)
_CORRECTING_FIRST = frozenset(row[0] for row in _CORRECTING)
_CONDITIONS = frozenset({"unless"})
_SUPPOSED = word_set("he she they the a his her i you no any not there it")
_NEGATIONS = frozenset({"not", "cannot"})
_FEWER = (("less", "like"), ("less", "of"), ("no", "longer"), ("nothing", "like"), ("far", "from"))
_FORMATS = word_set("png jpg jpeg gif webp tiff bmp svg pdf heic ico psd eps mp4 webm avif")
_DIALS = word_set("clock watch clockface dial timer")
_HOURS = word_set("o'clock oclock am pm noon midnight")


def unsettled(words: Words) -> Reading | None:
    """Refuse "a dog, no wait, a fox": of two wishes the grammar does not choose one.

    Also "if the sky is grey, make it blue": whether it is, the grammar cannot see.
    """
    first, _ = skip_preamble(words)
    if lower_at(first, 0) in ("if", "unless") and lower_at(first, 1) in _SUPPOSED - {"i", "you"}:
        return _conditional()
    lowers = [w.lower for w in words]
    verb = find(words, VERBS)
    for at in range(verb + 1, len(lowers)) if verb >= 0 else ():
        rows = _CORRECTING if lowers[at] in _CORRECTING_FIRST else ()
        if any(tuple(lowers[at : at + len(row)]) == row for row in rows):
            return _unsure("corrects itself", "Say only what is meant in the end")
    return None


def doubtful(request: Request, *, has_picture: bool) -> Reading | None:
    """Refuse a condition, a look that is only denied, and a clock that shall show an hour."""
    words = request.words
    if _is_conditional(request):
        return _conditional()
    if has_picture and request.verb not in NEW | DRAW and _denies(request):
        hint = "Say how it shall look instead, like “Make the photo brighter”"
        return _unsure("says how something shall not look", hint)
    dial = any(base_noun(w.lower) in _DIALS for w in words)
    if dial and request.has_verb and _tells_hour(words):
        return not_an_edit("another time on a clock")
    return None


def out_of_bounds(reading: Reading) -> Reading | None:
    """Refuse a reading whose look is a file format, or whose name of a thing is no name."""
    last = lower_at(reading.look, len(reading.look) - 1)
    named = lower_at(reading.look, len(reading.look) - 2) if last in ("file", "format") else last
    whole = reading.kind is InstructionType.GLOBAL_STYLE
    if named in _FORMATS and (whole or last in ("file", "format")):
        return not_an_edit("another file format")
    if reading.kind in (InstructionType.NEW_PICTURE, InstructionType.OTHER):
        return None
    thing = reading.subject
    tail = len(thing.detail) + len(thing.place)
    if tail > _LONGEST_TAIL or any(len(part) > _LONGEST_NAME for part in parts(thing)):
        return _unsure("names no single thing in a few words", "Name what is to change in short")
    return None


def _unsure(what: str, hint: str) -> Reading:
    return Reading(
        InstructionType.OTHER,
        NOTHING,
        reason=f"The sentence {what}, so nothing was changed. {hint}",
    )


def _conditional() -> Reading:
    hint = "Ask for the change itself, without “unless” or “if”"
    return _unsure("asks for a change under a condition, which is not looked up", hint)


def _is_conditional(request: Request) -> bool:
    words = request.words
    if find(words, _CONDITIONS) > 0:
        return True
    at = find(words, {"if"})
    before = lower_at(words, at - 1)
    likened = before in ("as", "like", "look", "looks", "even", "what")
    return request.has_verb and at > 1 and not likened and lower_at(words, at + 1) in _SUPPOSED


def _denies(request: Request) -> bool:
    """Whether the look is denied; not "people who are not smiling", which only tells who."""
    words = request.words
    lowers = [w.lower for w in words]
    for at in range(1, len(lowers)):
        pair = (lowers[at], lower_at(words, at + 1))
        if pair in _FEWER or lowers[at] == "anymore" or pair == ("any", "more"):
            return True
        if lowers[at] in _NEGATIONS or lowers[at].endswith("n't"):
            relative = any(w in _TELLING for w in lowers[max(0, at - 3) : at])
            wished = request.is_wish and lowers[at - 1] in (",", "and", "-")
            if not (relative or wished) and lowers[at - 1] not in ("if", "or", "there"):
                return lowers[0] != "there"
    return False


_TELLING = frozenset({"that", "who", "which"})


def _tells_hour(words: Words) -> bool:
    if find(words, _HOURS) > 0:
        return True
    return any(
        w.lower == ":" and lower_at(words, i - 1).isdecimal() and lower_at(words, i + 1).isdecimal()
        for i, w in enumerate(words)
    )
