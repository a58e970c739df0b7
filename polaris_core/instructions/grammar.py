"""The instruction parser that needs no model: a small grammar of English requests.

    sentence ─▶ words ─▶ requests ─▶ reading of the first ─▶ intent
                                     (the rest are kept, and reported)

Its rules are those of the paper's Table 3: the kind of change is decided by the nouns, not by the
verb. It reads English only, takes words at their usual meaning, and sees no picture. What it cannot
read becomes OTHER with an explanation: never an edit that was not asked for.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from polaris_core.errors import InvalidIntent
from polaris_core.instructions.additions import (
    part_reference,
    read_add,
    read_apply,
    read_dress,
    read_new,
    read_remove,
)
from polaris_core.instructions.changes import read_becoming, read_change, read_give
from polaris_core.instructions.completeness import completed, is_question, states_a_look
from polaris_core.instructions.compose import compose
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.instructions.lexicon import (
    ADD,
    APPLY,
    DEFINITE,
    DETERMINERS,
    DRAW,
    FOREIGN,
    NEW,
    OPENERS,
    PICTURES,
    RELATIVES,
    REMOVE,
    SWAP,
    UNSUPPORTED,
    is_quality,
)
from polaris_core.instructions.phrases import (
    Thing,
    drop_articles,
    find,
    is_participle,
    names_picture,
    read_thing,
)
from polaris_core.instructions.reading import (
    Reading,
    is_about_text,
    not_an_edit,
    restyled_picture,
)
from polaris_core.instructions.requests import Request, split_requests
from polaris_core.instructions.styles import is_style_phrase, style_chunk
from polaris_core.instructions.words import Words, read_words, strip_marks

__all__ = ["parse_instruction"]

_READ_CHARACTERS = 2000
_WISHED = frozenset({"should", "must"})
_STATED = frozenset({"is", "are"})


def parse_instruction(sentence: str, *, has_picture: bool = True) -> EditIntent:
    """Read what a sentence asks for.

    Args:
        sentence: Any text. The first 2,000 characters are read; what follows is kept in
            `remaining`.
        has_picture: Whether there is a picture to edit or to take the style from. Without one, a
            sentence that only describes something is a new picture.

    Returns:
        The intent of the first request; OTHER with an explanation if it is no edit we know.

    Raises:
        InvalidIntent: The sentence is empty.
    """
    sentence = sentence.encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    words = read_words(sentence[:_READ_CHARACTERS])
    rest = sentence[_READ_CHARACTERS:].strip()
    if not words and not rest:
        raise InvalidIntent(
            "the instruction is empty", hint="Say what to change, like “Make the sky purple”"
        )
    foreign = _foreign(words)
    if foreign:
        return compose(foreign, instruction=sentence, remaining=())
    requests = _edits_first(split_requests(words))
    if not requests:
        return compose(_no_request(), instruction=sentence, remaining=())
    reading = _read(requests[0], has_picture=has_picture)
    used = 1
    while used < len(requests) and (better := _continue(reading, requests[used])):
        reading = better
        used += 1
    reading = completed(reading)
    remaining = [r.text for r in requests[used:] if r.has_verb] + ([rest] if rest else [])
    return compose(reading, instruction=sentence, remaining=tuple(remaining))


def _read(request: Request, *, has_picture: bool) -> Reading:
    verb, rest = request.verb, strip_marks(request.rest)
    if verb == "get" and [w.lower for w in rest[:2]] == ["rid", "of"]:
        verb, rest = "remove", rest[2:]
    if verb == "make" and _is_indefinite(rest) and _goes_to_something(rest):
        verb = "add"
    if verb in UNSUPPORTED:
        return not_an_edit(UNSUPPORTED[verb], read_thing(rest))
    if _makes_new(verb, rest, has_picture=has_picture):
        return read_new(verb, rest, has_picture=has_picture)
    if verb in REMOVE:
        return read_remove(verb, rest)
    for verbs, read in _READERS:
        if verb in verbs:
            return read(rest)
    if request.has_verb:
        return read_change(request)
    return _read_phrase(request, has_picture=has_picture)


_READERS = (
    (ADD, read_add),
    (APPLY, read_apply),
    (frozenset({"give"}), read_give),
    (frozenset({"dress"}), read_dress),
)


def _read_phrase(request: Request, *, has_picture: bool) -> Reading:
    """Read a sentence without a verb we know: a statement, a style, or a description."""
    words = request.words
    if is_question(words):
        return _no_request("It reads as a question, not as a request. ")
    stative = find(words, _WISHED | _STATED)
    if stative > 0 and has_picture:
        return _read_statement(words, stative)
    toward = find(words, {"be", "become", "look"})
    if toward > 1 and words[toward - 1].lower == "to" and has_picture:
        return read_becoming(words[: toward - 1], words[toward + 1 :])
    if not has_picture:
        return replace(read_new("", words, has_picture=False), shown=words)
    _, from_reference = part_reference(words)
    if from_reference and words[0].lower not in DEFINITE:
        return read_new("", words, has_picture=True)
    look = style_chunk(words) or (words if is_style_phrase(words) else ())
    if look or words[-1].lower in ("filter", "style", "effect"):
        return restyled_picture(look or words)
    if request.is_wish and _is_indefinite(words):
        return read_add(words)
    return _no_request()


def _read_statement(words: Words, stative: int) -> Reading:
    """Read "the sky should be purple": a wish, or a state that can only be meant as one."""
    new = words[stative + 1 :]
    wished = words[stative - 1].lower not in RELATIVES and states_a_look(new)
    if words[stative].lower in _STATED and not wished:
        return _no_request("It only states how things are. ")
    while new and new[0].lower in ("be", "become", "made", "of", "look", "like", "turned"):
        new = new[1:]
    if new and is_participle(new, 0) and not is_quality(new[0].lower):
        return not_an_edit("a change of pose, action or place", read_thing(words[:stative]))
    return read_becoming(words[:stative], new)


def _continue(reading: Reading, request: Request) -> Reading | None:
    """Take a second request into the first where it speaks of the same thing; else None."""
    texts = is_about_text(request.rest) or request.verb in ("rewrite", "write", "type")
    if reading.kind is InstructionType.REMOVE:
        if texts and any(w.is_quote for w in request.rest):
            return not_an_edit("writing or changing text", reading.subject)
        if request.verb in SWAP and request.rest and request.rest[0].lower in ("with", "it", "by"):
            at = find(request.rest, {"with", "by"})
            return read_becoming(_words_of(reading.subject), request.rest[at + 1 :])
    if reading.kind in (InstructionType.CATEGORY_CHANGE, InstructionType.ADD):
        return _restyled_new(reading, request)
    return None


def _words_of(thing: Thing) -> Words:
    return (*thing.core, *thing.place)


def _restyled_new(reading: Reading, request: Request) -> Reading | None:
    """Read "… and draw only the violin in ukiyo-e style", "… and make it a watercolor"."""
    new = reading.new
    if not request.has_verb or new.style:
        return None
    target = read_thing(tuple(w for w in request.rest if w.lower not in ("only", "just")))
    again = read_change(request)
    style = target.style or (again.look if is_style_phrase(again.look) else ())
    speaks_of_it = target.head == new.head or (request.rest and request.rest[0].lower in ("it",))
    if not style or not speaks_of_it:
        return None
    styled = Thing(new.determiner, new.core, style, False, new.detail, new.place)
    subject = styled if reading.kind is InstructionType.ADD else reading.subject
    return Reading(reading.kind, subject, styled, anchor=reading.anchor)


def _edits_first(requests: list[Request]) -> list[Request]:
    """Leave out what only leads up to the first request: statements, "use it as a style guide"."""
    kept = [r for r in requests if not _only_leads_up(r)]
    with_verb = [r for r in kept if r.has_verb]
    return with_verb or kept or requests


def _only_leads_up(request: Request) -> bool:
    rest = request.rest
    if request.verb == "use":
        return find(rest, {"as", "style"}) > 0 and find(rest, {"filter", "effect"}) < 0
    return request.has_verb and bool(rest) and names_picture(rest) and request.verb in _VAGUE


_VAGUE = frozenset({"modify", "edit", "change", "adjust", "enhance", "improve", "alter", "make"})


def _makes_new(verb: str, rest: Words, *, has_picture: bool) -> bool:
    """Whether it is "generate …", "draw a …", "make (me) a new picture of …"."""
    if verb in NEW or (verb in DRAW and _is_indefinite(rest)):
        return True
    if verb != "make":
        return False
    if rest and rest[0].lower in ("me", "us"):
        rest = rest[1:]
    if not _is_indefinite(rest):
        return False
    if not has_picture:
        return True
    _, bare = drop_articles(rest)
    end = find(bare, OPENERS)
    core = bare[:end] if end > 0 else bare
    return bool(core) and core[-1].lower in PICTURES | {"painting", "drawing", "sketch", "poster"}


def _goes_to_something(rest: Words) -> bool:
    """Whether it is "a cat on the sofa": a new thing at one that is there."""
    thing = read_thing(rest)
    return bool(thing.place) and any(w.lower in DEFINITE for w in thing.place)


def _is_indefinite(words: Words) -> bool:
    return bool(words) and words[0].lower in DETERMINERS - DEFINITE


def _no_request(why: str = "") -> Reading:
    reason = (
        f"No request was recognised. {why}Write one English sentence that says what to "
        "change, like “Replace the cat with a fox”, “Add a hat to the man” or "
        "“Make the photo a watercolor”"
    )
    return Reading(InstructionType.OTHER, reason=reason)


def _foreign(words: Words) -> Reading | None:
    """OTHER if the sentence is not English, by its script or its little words."""
    letters = [c for w in words if not w.is_quote for c in w.text if c.isalpha()]
    strange = sum(not unicodedata.name(c, "").startswith("LATIN") for c in letters)
    lowers = [w.lower for w in words]
    foreign = sum(w in FOREIGN for w in lowers)
    english = sum(w in _ENGLISH for w in lowers)
    if (letters and strange * 2 > len(letters)) or (foreign >= 2 and foreign > english):
        reason = (
            "The sentence does not seem to be English, and this parser reads English only. "
            "Write it in English, or use a language model as the parser"
        )
        return Reading(InstructionType.OTHER, reason=reason)
    return None


_ENGLISH = OPENERS | DETERMINERS | PICTURES | {"make", "add", "replace", "change", "and", "please"}
