"""The instruction parser that needs no model: a small grammar of English requests.

    sentence ─▶ words ─▶ requests ─▶ plain form ─▶ reading of the first ─▶ intent
                                     (the rest are kept, and reported)

Its rules are those of the paper's Table 3: the kind of change is decided by the nouns, not by the
verb. It reads English only, takes words at their usual meaning, and sees no picture. What it cannot
read becomes OTHER with an explanation: never an edit that was not asked for.
"""

from __future__ import annotations

from dataclasses import replace

from polaris_core.errors import InvalidIntent
from polaris_core.instructions.actions import action_start
from polaris_core.instructions.additions import read_add, read_apply, read_fill, read_remove
from polaris_core.instructions.adjusting import is_tone, read_mending
from polaris_core.instructions.changes import read_change
from polaris_core.instructions.clauses import plain_form
from polaris_core.instructions.completeness import completed
from polaris_core.instructions.compose import compose
from polaris_core.instructions.doubts import doubtful, out_of_bounds, unsettled
from polaris_core.instructions.having import read_give
from polaris_core.instructions.intent import EditIntent
from polaris_core.instructions.languages import foreign
from polaris_core.instructions.lexicon import (
    ADD,
    APPLY,
    BACKGROUNDS,
    DEFINITE,
    DETERMINERS,
    DRAW,
    FILL,
    MEND,
    NEW,
    OPENERS,
    PICTURES,
    PRONOUNS,
    REMOVE,
    UNSUPPORTED,
    VAGUE,
    VERBS,
)
from polaris_core.instructions.making import read_make
from polaris_core.instructions.neighbours import continued, points_out, referred
from polaris_core.instructions.phrases import drop_articles, find, names_picture, read_thing
from polaris_core.instructions.pictures import names_style_of_given, part_reference, read_new
from polaris_core.instructions.preamble import is_polite
from polaris_core.instructions.reading import POSE, Reading, not_an_edit
from polaris_core.instructions.rejected import without_rejected
from polaris_core.instructions.requests import Request, split_requests
from polaris_core.instructions.statements import no_request, read_clause, read_phrase
from polaris_core.instructions.texts import named_in_quotes
from polaris_core.instructions.wearing import read_dress
from polaris_core.instructions.words import Words, lower_at, read_words, strip_marks

__all__ = ["parse_instruction"]

_READ_CHARACTERS = 2000
_MAKERS = frozenset({"make", "have", "let", "get"})
_NAMING_STYLE = frozenset({"", "use", "take", "copy"})
_SHOWING = NEW | DRAW | frozenset({"show", "make", "render", "give", "put"})
_CLAUSE_MARKS = frozenset({"where", "when", "such"})
_PLACED = OPENERS - {"with", "of", "like", "as", "for", "using"}


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
    said = sentence[:_READ_CHARACTERS]
    words = named_in_quotes(read_words(said.lower() if _is_shouted(said) else said))
    rest = sentence[_READ_CHARACTERS:].strip()
    if not words and not rest:
        raise InvalidIntent(
            "the instruction is empty", hint="Say what to change, like “Make the sky purple”"
        )
    strange = foreign(words) or unsettled(words)
    if strange:
        return compose(strange, instruction=sentence, remaining=())
    spoken = split_requests(without_rejected(words))
    requests = _edits_first(spoken)
    if not requests:
        return compose(no_request(), instruction=sentence, remaining=())
    first = referred(requests[0], spoken)
    used = 2 if points_out(requests[0], first) else 1
    drawn = _in_given_style(first, spoken) if has_picture else None
    doubt = doubtful(first, has_picture=has_picture)
    reading = doubt or drawn or _read(first, has_picture=has_picture)
    while used < len(requests) and (better := continued(reading, requests[used])):
        reading = better
        used += 1
    reading = out_of_bounds(reading) or completed(reading)
    remaining = [r.text for r in requests[used:] if r.has_verb] + ([rest] if rest else [])
    return compose(reading, instruction=sentence, remaining=tuple(remaining))


def _is_shouted(said: str) -> bool:
    """Whether capitals are only its loudness, and name no text: "REPLACE THE CAT please"."""
    first = said.split(maxsplit=1)[0].strip("!,.") if said.strip() else ""
    leads = first.lower() in VERBS or is_polite(first.lower())
    return said.isupper() or (first.isupper() and len(first) > 1 and leads)


def _read(request: Request, *, has_picture: bool) -> Reading:
    request = plain_form(request, has_picture=has_picture)
    reading = _read_plain(request, has_picture=has_picture)
    if request.lead and not reading.anchor and not reading.subject.place:
        return _placed(reading, request.lead)
    return reading


def _in_given_style(request: Request, said: list[Request]) -> Reading | None:
    """Read "same style as the upload, but show a volcano": the style was named before."""
    before = said[: said.index(request)] if request in said else []
    if not any(r.verb in _NAMING_STYLE and names_style_of_given(r.words) for r in before):
        return None
    verb, rest = request.verb, strip_marks(request.rest)
    at = find(rest, {"to"})
    if verb in APPLY and lower_at(rest, 0) in ("it", "that") and at == 1:
        rest = rest[2:]
    elif verb not in _SHOWING or not _is_indefinite(rest):
        return None
    return read_new(verb, rest, has_picture=True, from_reference=True)


def _placed(reading: Reading, lead: Words) -> Reading:
    """Give it the place that was said before the verb."""
    place = () if lead[0].lower in ("in", "on", "for") and names_picture(lead[1:]) else lead
    if reading.kind.value == "add":
        return replace(reading, anchor=place)
    if reading.subject.core and place and place[0].lower != "for":
        return replace(reading, subject=replace(reading.subject, place=place))
    return reading


def _read_plain(request: Request, *, has_picture: bool) -> Reading:
    verb, rest = request.verb, strip_marks(request.rest)
    if not request.has_verb:
        return read_phrase(request, has_picture=has_picture)
    if lower_at(rest, 0) in ("me", "us") and lower_at(rest, 1) in DETERMINERS - DEFINITE:
        rest = rest if verb == "give" else rest[1:]
    clause = _read_subordinate(verb, rest) if has_picture else None
    if clause:
        return clause
    if verb in _MAKERS | DRAW | {"show", "drop"} and _comes_anew(verb, rest):
        doing = action_start(rest) if verb in _MAKERS else -1
        return read_add("add", (*rest[:doing], *rest[doing + 1 :]) if doing > 0 else rest)
    if verb in UNSUPPORTED:
        return _read_unsupported(verb, rest)
    if _makes_new(verb, rest, has_picture=has_picture):
        return read_new(verb, rest, has_picture=has_picture, from_reference=bool(request.lead))
    if verb in ("open", "close"):
        return not_an_edit(POSE, read_thing(rest))
    for verbs, read in _READERS:
        if verb in verbs:
            return read(verb, rest)
    return read_change(request)


def _read_give(verb: str, rest: Words) -> Reading:
    return read_give(rest) if verb == "give" else read_dress(rest)


def _read_apply(verb: str, rest: Words) -> Reading:
    at = find(rest, {"to"})
    if verb == "use" and at > 0 and find(rest, {"express", "render", "depict", "show"}) > at:
        rest = rest[:at]
    return read_apply(rest)


_READERS = (
    (REMOVE, read_remove),
    (FILL, read_fill),
    (ADD, read_add),
    (APPLY, _read_apply),
    (MEND, read_mending),
    (frozenset({"give", "dress"}), _read_give),
    (_MAKERS, read_make),
)


def _read_unsupported(verb: str, rest: Words) -> Reading:
    while len(rest) > 1 and rest[0].lower in ("in", "out", "up", "down", "on", "away"):
        rest = rest[1:]
    thing = read_thing(rest)
    if verb in ("raise", "lower", "shift") and is_tone(rest):
        return read_mending(verb, rest)
    return not_an_edit(UNSUPPORTED[verb], thing)


def _read_subordinate(verb: str, rest: Words) -> Reading | None:
    """Read "make a version where the king has a beard"."""
    at = find(rest, _CLAUSE_MARKS)
    if at < 0 and lower_at(rest, 1) == "so" and len(rest) > 3:
        at = 1
    if at < 0 and find(rest, {"in"}) >= 0:
        at = next((i + 1 for i in range(len(rest) - 1) if _in_which(rest, i)), -1)
    if at < 1 or at + 1 >= len(rest):
        return None
    before, clause = rest[:at], rest[at + 1 :]
    if lower_at(clause, 0) == "that" and rest[at].lower in ("such", "so"):
        clause = clause[1:]
    versions = PICTURES | {"this"} | {"one", "version", "variant", "way", "variation"}
    if not any(w.lower in versions for w in before) and verb not in VAGUE:
        return None
    inner = plain_form(Request(clause, has_verb=False, is_wish=True), has_picture=True)
    if inner.has_verb:
        return _read_plain(inner, has_picture=True)
    found = read_clause(clause, wished=True)
    what = "something else to happen in the picture"
    return found or not_an_edit(what, read_thing(clause))


def _in_which(rest: Words, index: int) -> bool:
    return rest[index].lower == "in" and rest[index + 1].lower == "which"


def _edits_first(requests: list[Request]) -> list[Request]:
    """Leave out what only leads up to the first request: statements, "use it as a style guide"."""
    kept = [r for r in requests if not _only_leads_up(r)]
    with_verb = [r for r in kept if r.has_verb]
    return with_verb or kept or requests


def _only_leads_up(request: Request) -> bool:
    rest = request.rest
    if request.verb in ("take", "copy") and names_style_of_given(rest):
        return True
    if request.verb == "use":
        return find(rest, {"as", "style"}) > 0 and find(rest, {"filter", "effect", "to"}) < 0
    return request.has_verb and bool(rest) and names_picture(rest) and request.verb in VAGUE


def _comes_anew(verb: str, rest: Words) -> bool:
    """Whether it is "(make) a cat on the sofa": a new thing at one that is there."""
    if lower_at(rest, 0) in DEFINITE | PRONOUNS | {"each", "every", "all", "both"}:
        return False
    if not _is_indefinite(rest) and verb not in DRAW:
        return False
    if part_reference(rest)[1]:
        return False
    thing = read_thing(rest)
    if verb == "drop" or thing.head in BACKGROUNDS:
        return verb == "drop"
    known = bool(thing.place) and thing.place[0].lower in _PLACED
    return known and any(w.lower in DEFINITE for w in thing.place)


def _makes_new(verb: str, rest: Words, *, has_picture: bool) -> bool:
    """Whether it is "generate …", "draw a …", "make (me) a new picture of …"."""
    if verb in NEW or (verb in DRAW and _is_indefinite(rest)):
        return True
    if verb in ("render", "show", "make") and _is_indefinite(rest) and part_reference(rest)[1]:
        return True
    if verb not in ("make", "give", "show"):
        return False
    mine = bool(rest) and rest[0].lower in ("me", "us")
    rest = rest[1:] if mine else rest
    if not _is_indefinite(rest) or (verb != "make" and not mine):
        return False
    if not has_picture:
        return True
    _, bare = drop_articles(rest)
    end = find(bare, OPENERS | {":"})
    core = bare[:end] if end > 0 else bare
    made = PICTURES | {"painting", "drawing", "sketch", "poster", "version"}
    return bool(core) and core[-1].lower in made


def _is_indefinite(words: Words) -> bool:
    return bool(words) and words[0].lower in DETERMINERS - DEFINITE
