"""What a neighbouring sentence says of the same thing: "… and make it a watercolor"."""

from __future__ import annotations

from polaris_core.instructions.becoming import read_becoming
from polaris_core.instructions.body_plans import is_person
from polaris_core.instructions.changes import read_change
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import ADD, DEFINITE, DETERMINERS, OPENERS, SWAP
from polaris_core.instructions.making import read_make
from polaris_core.instructions.phrases import Thing, find, names_picture, read_thing
from polaris_core.instructions.reading import Reading, not_an_edit
from polaris_core.instructions.requests import Request
from polaris_core.instructions.styles import is_style_phrase
from polaris_core.instructions.texts import is_about_text
from polaris_core.instructions.words import Word, Words, lower_at, word_set

__all__ = ["continued", "points_out", "referred"]

_WRITING = word_set("rewrite write type")
_POINTING = word_set("one it that this some them those these")
_POINTING_OUT = word_set("take use")
_MODALS = word_set("would could should might will may can looks look")


def referred(request: Request, said: list[Request]) -> Request:
    """The request with the thing it points at: "a kite would look great, can you add one?"."""
    if request.verb in _POINTING_OUT and request in said:
        return _pointed_out(request, said)
    named = _named_before(request, said)
    if named:
        return Request((request.words[0], *named, *request.rest[1:]))
    pointing = len(request.rest) == 1 and request.rest[0].lower in _POINTING
    if request.verb not in ADD or not pointing or request not in said:
        return request
    for other in said[: said.index(request)]:
        at = find(other.words, _MODALS)
        if other.has_verb or at < 1:
            continue
        place = find(other.words, OPENERS - {"like", "with"}, at)
        thing = (*other.words[:at], *(other.words[place:] if place > 0 else ()))
        return Request((Word("add", "add"), *thing))
    return request


def _named_before(request: Request, said: list[Request]) -> Words:
    """What "it" is in "the grass looks dull, make it greener"; nothing if that is not said."""
    if lower_at(request.rest, 0) not in ("it", "them") or request not in said:
        return ()
    index = said.index(request)
    before = said[index - 1] if index else None
    if before is None or before.has_verb or len(request.rest) < 2:
        return ()
    at = find(before.words, _STATING)
    known = at > 0 and before.words[0].lower in DEFINITE and not names_picture(before.words[:at])
    if not known:
        return ()
    held = _held(before.words[at + 1 :])
    human = is_person(read_thing(before.words[:at]).head)
    return held if held and human and request.rest[0].lower == "it" else before.words[:at]


def _held(doing: Words) -> Words:
    """The umbrella in "holding an umbrella in her hand": a person is no "it"."""
    if not lower_at(doing, 0).endswith("ing") or lower_at(doing, 1) not in DETERMINERS:
        return ()
    end = find(doing, OPENERS, 2)
    return (Word("the", "the"), *(doing[2:end] if end > 0 else doing[2:]))


_STATING = word_set("is are was were looks look seems seem isn't aren't feels")


def points_out(request: Request, joined: Request) -> bool:
    """Whether a request only named what the one after it speaks of, so that both became one."""
    return request.verb in _POINTING_OUT and joined is not request


def _pointed_out(request: Request, said: list[Request]) -> Request:
    """Read "take the ladder and make it a staircase" as one request."""
    after = said.index(request) + 1
    if after >= len(said) or find(request.rest, {"away", "off", "out", "from"}) >= 0:
        return request
    other = said[after]
    if not other.has_verb or lower_at(other.rest, 0) not in _POINTING | {"him", "her"}:
        return request
    return Request((other.words[0], *request.rest, *other.rest[1:]))


def continued(reading: Reading, request: Request) -> Reading | None:
    """Take a second request into the first where it speaks of the same thing; else None."""
    texts = is_about_text(request.rest) or request.verb in _WRITING
    if reading.kind is InstructionType.REMOVE:
        if texts and any(w.is_quote for w in request.rest):
            return not_an_edit("writing or changing text", reading.subject)
        if request.verb in SWAP and request.rest and request.rest[0].lower in ("with", "it", "by"):
            at = find(request.rest, {"with", "by"})
            return read_becoming(_words_of(reading.subject), request.rest[at + 1 :])
        in_place = find(request.rest, {"instead", "place"}) > 0 and request.verb in ADD
        if in_place and find(request.rest, {"of"}) < 0:
            end = find(request.rest, {"instead", "in"})
            return read_becoming(_words_of(reading.subject), request.rest[:end])
    if reading.kind in (InstructionType.CATEGORY_CHANGE, InstructionType.ADD):
        return _restyled_new(reading, request)
    return None


def _words_of(thing: Thing) -> Words:
    return (*thing.core, *thing.place)


def _restyled_new(reading: Reading, request: Request) -> Reading | None:
    """Read "… and paint the fox in cubist style", "… and make it a watercolor"."""
    new = reading.new
    if not request.has_verb or new.style:
        return None
    target = read_thing(tuple(w for w in request.rest if w.lower not in ("only", "just")))
    if request.verb in ("make", "give", "have", "let"):
        again = read_make(request.verb, request.rest)
    else:
        again = read_change(request)
    style = target.style or (again.look if is_style_phrase(again.look) else ())
    speaks_of_it = target.head == new.head or (request.rest and request.rest[0].lower in ("it",))
    if not style or not speaks_of_it:
        return None
    styled = Thing(new.determiner, new.core, style, False, new.detail, new.place)
    subject = styled if reading.kind is InstructionType.ADD else reading.subject
    return Reading(reading.kind, subject, styled, anchor=reading.anchor)
