"""Ways of saying that something shall go, without "remove": "edit him out", "no people"."""

from __future__ import annotations

from polaris_core.instructions.lexicon import DETERMINERS
from polaris_core.instructions.requests import Request
from polaris_core.instructions.words import Word, Words, find, lower_at, word_set

__all__ = ["removed_thing"]

_OUT = word_set(
    "get edit photoshop paint take throw crop wipe clear wash scrub erase blot airbrush"
)
_GONE = word_set("disappear vanish invisible gone")
_DIRT = word_set(
    "trash litter garbage rubbish mess clutter debris dirt leaves stains stain graffiti dust snow "
    "spill mud junk weeds"
)
_SHOWN = DETERMINERS | word_set("me us picture image photo same it scene shot version but ,")


def removed_thing(request: Request) -> Words:
    """The thing that a request wants away; nothing if it does not say so in one of these ways."""
    if request.has_verb:
        verb, rest = request.verb, request.rest
        without = find(rest, {"without", "minus"})
        if verb in ("have", "show", "get") and all(w.lower in _SHOWN for w in rest[:without]):
            return rest[without + 1 :] if without > 0 else ()
        return _taken_out(verb, rest) or _made_gone(verb, rest)
    return _left_out(request.words)


def _left_out(words: Words) -> Words:
    """Read "without the dog", "no people", "it would be better without the lamp"."""
    first, second = lower_at(words, 0), lower_at(words, 1)
    if len(words) < 2:
        return ()
    if first in ("without", "no", "minus"):
        rest = words[2:] if second == "more" and len(words) > 2 else words[1:]
        if find(rest, _OBLIGING) > 0:  # "without a doubt the car should be red"
            return ()
        rest = rest[: _clause_start(rest)]
        return rest if find(rest, {"changes", "change", "other"}) < 0 else ()
    if words[-1].lower in ("go", "leave") and words[-2].lower in ("to", "must", "should", "can"):
        end = find(words, {"has", "have", "must", "should", "can", "needs", "need", "got"})
        return words[:end] if end > 0 else ()
    at = find(words, {"without", "minus"})
    if at < 1:
        return ()
    better = words[at - 1].lower in ("better", "nicer", "good", "best", "great")
    shown = all(w.lower in _SHOWN for w in words[:at])
    return words[at + 1 :] if better or shown else ()


def _clause_start(rest: Words) -> int:
    """Where "it would be nicer" begins after the thing; the end if nothing of it is said."""
    modal = find(rest, _JUDGING)
    start = modal - 1
    while start > 0 and rest[start].lower not in _JUDGED:
        start -= 1
    return start if start > 0 else len(rest)


_OBLIGING = frozenset({"should", "must", "shall"})
_JUDGING = word_set("would could might will can looks look is seems feels")
_JUDGED = DETERMINERS | word_set("it i we they everything ,")


def _taken_out(verb: str, rest: Words) -> Words:
    """Read "edit the man out", "get rid of the fence", "clean the mud off the boots"."""
    first, second = lower_at(rest, 0), lower_at(rest, 1)
    if verb in ("get", "make") and (first, second) in (("rid", "of"), ("away", "with")):
        return rest[2:]
    if verb in _OUT:
        if first in ("out", "away", "off"):
            return rest[1:]
        at = find(rest, {"out"})
        if at > 0 and lower_at(rest, at + 1) in ("", "of", "from"):
            return (*rest[:at], *_origin(rest[at + 1 :]))
    if verb == "clean" and first == "up" and any(w.lower in _DIRT for w in rest):
        return rest[1:]
    at = find(rest, {"off", "from"})
    if verb in ("clear", "clean", "wash", "wipe") and at > 0:
        return (*rest[:at], *_origin(rest[at:]))
    return ()


def _origin(place: Words) -> Words:
    """Where it was, after "from"."""
    if len(place) < 2 or place[1].lower == "here":
        return ()
    return (Word("from", "from"), *place[1:])


def _made_gone(verb: str, rest: Words) -> Words:
    """Read "make the cables disappear"."""
    at = find(rest, _GONE)
    if verb not in ("make", "have", "let") or at < 1:
        return ()
    end = at - 1 if rest[at - 1].lower in ("be", "go", "become", "to") else at
    return rest[:end]
