"""Other ways of saying a request, turned into the plain one that starts with its verb.

the cat is replaced with a dog      replace the cat with a dog
a dog instead of the cat            replace the cat with a dog
cat → dog                           change cat to dog
there should be a dog on the sofa   add a dog on the sofa
edit the man out                    remove the man
"""

from __future__ import annotations

from dataclasses import replace

from polaris_core.instructions.instead import one_for_another, where_it_is
from polaris_core.instructions.lexicon import (
    ADD,
    BACKGROUNDS,
    DEFINITE,
    DETERMINERS,
    OPENERS,
    PICTURES,
    PRONOUNS,
    RELATIVES,
    SWAP,
    VERBS,
)
from polaris_core.instructions.phrases import read_thing
from polaris_core.instructions.requests import Request
from polaris_core.instructions.scenes import scene_of_place
from polaris_core.instructions.unwanted import removed_thing
from polaris_core.instructions.verbs import PARTICIPLES
from polaris_core.instructions.words import Word, Words, find, lower_at, strip_marks, word_set

__all__ = ["plain_form"]

_BEING = word_set("is are be being gets get was were been been")
_PASSIVE_VERBS = word_set("have get make let")
_CLEAR_PARTICIPLES = word_set(
    "added removed replaced changed turned deleted erased swapped converted transformed recolored "
    "recoloured inserted placed exchanged substituted edited switched"
)
_MOVING = word_set("transport teleport send take bring move relocate transfer drop")
_NOT_MEANT = word_set("made built set given had lit")


def plain_form(request: Request, *, has_picture: bool) -> Request:
    """The same request in the form that the readers know; itself, if it is in that form."""
    request = replace(request, words=_without_picture(request.words))
    words = request.words
    for form in (
        _arrow,
        one_for_another,
        where_it_is,
        _existential,
        _preferred,
        _removed,
        _moved,
        _renamed_verb,
    ):
        found = form(request)
        if found:
            return replace(request, words=found, has_verb=True)
    if has_picture or request.is_wish:
        found = _passive(request)
        if found:
            return replace(request, words=found, has_verb=True)
    last = words[-1].lower if words else ""
    if last == "instead" and len(words) > 1:
        return plain_form(replace(request, words=strip_marks(words[:-1])), has_picture=has_picture)
    return request


def _without_picture(words: Words) -> Words:
    """Without "in the picture", which says nothing."""
    index = 1
    while index + 2 < len(words):
        following = words[index + 3].lower if index + 3 < len(words) else ","
        if (
            words[index].lower in ("in", "within")
            and words[index + 1].lower in ("the", "this", "my", "that")
            and words[index + 2].lower
            in PICTURES - {"it", "whole", "frame", "canvas", "everything"}
            and words[index - 1].lower not in _STATIVE
            and (not following[0].isalnum() or following in _AFTER_PICTURE)
        ):
            words = words[:index] + words[index + 3 :]
        else:
            index += 1
    return words


_STATIVE = word_set("be is are put place add insert include something")
_AFTER_PICTURE = (
    OPENERS
    | DETERMINERS
    | word_set(
        "and to be become becomes look looks should is are wear wears have has instead give gives "
        "make do does or but then smile more less turn so that who which where wave dance hug "
        "jump run"
    )
)


def _verb(verb: str) -> Word:
    return Word(verb, verb)


def _arrow(request: Request) -> Words:
    """Read "cat → dog" and "background: a beach"."""
    at = find(request.words, {"→"})
    if at > 0 and at + 1 < len(request.words):
        old = request.rest[: at - 1] if request.has_verb else request.words[:at]
        if old:
            return (_verb("change"), *old, _verb("to"), *request.words[at + 1 :])
    colon = find(request.words[:4], {":"})
    ground = colon < 0 and read_thing(request.words[:3]).head in BACKGROUNDS
    colon = find(request.words[:4], {","}) if ground else colon
    if (not request.has_verb or request.verb in _NAMED_LOOKS) and 0 < colon < len(
        request.words
    ) - 1:
        return (_verb("change"), *request.words[:colon], _verb("to"), *request.words[colon + 1 :])
    return () if request.has_verb else _bare_change(request.words)


_NAMED_LOOKS = frozenset({"style", "color", "colour", "light"})


def _bare_change(words: Words) -> Words:
    """Read "cat to dog", "day into night"."""
    at = find(words, {"to", "into"})
    short = 0 < at < 4 and at + 1 < len(words) < 9 and find(words, OPENERS) == at
    must = lower_at(words, at - 1) in _MUST  # "the fence has to go"
    if short and not must and not any(w.lower in VERBS for w in words):
        return (_verb("change"), *words[:at], _verb("into"), *words[at + 1 :])
    return ()


_MUST = word_set("has have needs need got ought going")


def _existential(request: Request) -> Words:
    """Read "there should be a dog on the sofa", "the man needs a hat"."""
    words = request.words
    lowers = [w.lower for w in words[:5]]
    if request.verb in ("let", "make") and lowers[1:3] == ["there", "be"]:
        return (_verb("add"), *words[3:])
    if request.has_verb:
        return ()
    if lowers[:1] == ["there"] and lowers[1:2] and lowers[1] in _DENIED and "be" in lowers:
        return (_verb("remove"), *words[lowers.index("be") + 1 :])
    if "be" in lowers and (request.is_wish or lowers[0] == "there"):
        at = lowers.index("be")
        if all(w in _THERE for w in lowers[:at]):
            return (_verb("add"), *words[at + 1 :])
    if lowers[:2] in (["there", "is"], ["there", "are"]) and "now" in [w.lower for w in words]:
        return (_verb("add"), *(w for w in words[2:] if w.lower != "now"))
    at = find(words, {"needs", "need", "use"})
    if lower_at(words, at) == "use":  # "the wall could use a painting"
        at = at - 1 if lower_at(words, at - 1) == "could" else -1
    end = at + 1 if lower_at(words, at) == "could" else at
    following = lower_at(words, end + 1) if at > 0 else ""
    if at > 0 and following in DETERMINERS - DEFINITE:
        owner = (_verb(words[0].lower), *words[1:at]) if lowers[0] in DETERMINERS else words[:at]
        return (_verb("give"), *owner, *words[end + 1 :])
    return ()


def _preferred(request: Request) -> Words:
    """Read "the cat would look better as a tiger"."""
    words = request.words
    at = find(words, _BETTER)
    how = lower_at(words, at + 1)
    if request.has_verb or at < 3 or at + 2 >= len(words) or how not in ("as", "in", "with"):
        return ()
    verbs = tuple(w.lower for w in words[at - 2 : at])
    if verbs not in (("would", "be"), ("would", "look"), ("might", "look"), ("could", "look")):
        return ()
    if how == "with":
        return (_verb("give"), *words[: at - 2], *words[at + 2 :])
    return (_verb("make"), *words[: at - 2], *words[at + 1 :])


_BETTER = word_set("better nicer great good cool best")


_DENIED = frozenset({"shouldn't", "mustn't", "can't", "shan't"})
_THERE = word_set("there should could must may ought to also")


def _removed(request: Request) -> Words:
    """Read "edit the man out", "no people"."""
    thing = removed_thing(request)
    return (_verb("remove"), *thing) if thing else ()


def _moved(request: Request) -> Words:
    """Read "take her to Paris": her background changes."""
    at = find(request.rest, {"to", "into"})
    if request.verb not in _MOVING or at < 1 or find(request.rest[:at], {"out", "off"}) >= 0:
        return ()
    place = (_verb("in"), *request.rest[at + 1 :])
    return (_verb("put"), *request.rest[:at], *place) if scene_of_place(place) else ()


def _renamed_verb(request: Request) -> Words:
    """Read "throw in a dog", "swap in a dog for the cat", "show the dog as a sketch"."""
    verb, rest = request.verb, request.rest
    lowers = [w.lower for w in rest[:2]]
    if verb in ("put", "set", "hang", "bring") and lowers[:1] == ["up"] and len(rest) > 2:
        return (_verb("add"), *rest[1:])
    if verb in ADD | {"swap", "switch", "sub"} and lowers[:1] == ["in"] and len(rest) > 2:
        if verb in ADD:
            return (_verb("add"), *rest[1:])
        at = find(rest, {"for"})
        return (_verb("replace"), *rest[at + 1 :], _verb("with"), *rest[1:at]) if at > 0 else ()
    if verb == "show" and lower_at(rest, 0) in DEFINITE | PRONOUNS and find(rest, {"as"}) > 0:
        return (_verb("render"), *(rest[1:] if lowers[0] in ("me", "us") else rest))
    if verb in SWAP | {"change"} and lowers[:1] == ["out"] and len(rest) > 1:
        return (_verb("replace"), *rest[1:])
    if verb in ("make", "let", "have") and rest:
        at = find(rest, {"appear"})
        if at > 0 and rest[0].lower in DETERMINERS - DEFINITE:
            return (_verb("add"), *rest[:at], *rest[at + 1 :])
    return ()


def _passive(request: Request) -> Words:
    """Read "the cat is replaced with a dog", "I'd like a hat added to the man"."""
    words = request.rest if request.verb in _PASSIVE_VERBS else request.words
    if request.has_verb and request.verb not in _PASSIVE_VERBS:
        return ()
    for index in range(1, len(words)):
        verb = PARTICIPLES.get(words[index].lower, "")
        if not verb or words[index].lower in _NOT_MEANT:
            continue
        before = words[index - 1].lower
        end = index
        while end and words[end - 1].lower in _BEING | _HELPING:
            end -= 1
        helpers = {w.lower for w in words[end:index]}
        wanted = request.has_verb or request.is_wish or bool(helpers & _OBLIGING)
        passive = bool(helpers & _BEING) and wanted
        if find(words[:end], _SEEMING) >= 0 or before in _STARTS:
            continue
        if end and (passive or _is_clear(words, index)):
            return (_verb(verb), *words[:end], *words[index + 1 :])
    return ()


def _is_clear(words: Words, index: int) -> bool:
    return words[index].lower in _CLEAR_PARTICIPLES


_SEEMING = RELATIVES | {"like", "look", "looks", "appear", "as"}
_STARTS = OPENERS | DETERMINERS
_OBLIGING = word_set("should must could can to")
_HELPING = _OBLIGING | word_set("has have would now completely also just")
