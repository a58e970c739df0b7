"""Requests that change what is there: replace, turn into, make, paint, give."""

from __future__ import annotations

from dataclasses import replace

from polaris_core.instructions.body_plans import is_garment, is_known_thing, is_person
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import (
    ACTIONS,
    BACKGROUNDS,
    DEFINITE,
    DETERMINERS,
    EXPRESSIONS,
    MATERIALS,
    OPENERS,
    SWAP,
    VERBS,
    has_adjective_ending,
    is_quality,
)
from polaris_core.instructions.phrases import Thing, drop_articles, find, heads, read_thing
from polaris_core.instructions.reading import (
    Reading,
    is_about_text,
    not_an_edit,
    read_target,
    restyled_background,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.requests import Request
from polaris_core.instructions.styles import is_style_phrase, style_chunk
from polaris_core.instructions.words import Word, Words, base_noun, strip_marks, word_set

__all__ = ["read_becoming", "read_change", "read_give"]

_SWAP_MARKS = frozenset({"with", "by", "for", "to", "into"})
_CHANGE_MARKS = ("into", "to", "as", "using", "with", "from", "in", "like")
_SEEMING = frozenset({"look", "looks", "appear", "become", "be", "resemble", "seem"})
_FILLERS = word_set("like as if more though to be look become appear have much made it was were")
_LOOK_OF_VERB = {
    "blur": "blurred",
    "brighten": "brighter",
    "darken": "darker",
    "lighten": "lighter",
    "light": "lit",
    "saturate": "saturated",
    "desaturate": "desaturated",
    "colorize": "colorized",
    "colourize": "colourized",
    "colorise": "colorised",
    "colourise": "colourised",
    "cartoonify": "cartoon",
    "cartoonize": "cartoon",
}
_MAKERS = word_set("make have let get paint color colour dye tint set")
_CRAFTS = word_set("craft sculpt build construct reconstruct cover coat")
_HAIRDOS = word_set("hair hairstyle haircut hairdo makeup")
_ACTING = word_set("make do very show depict dancing")
_LOOKS = frozenset({"look", "looks", "appear", "seem"})
_BETWEEN = frozenset({"and", "or", "very"})
_SHARPER = word_set("clearer sharper hd 4k high-resolution hi-res")
_POSE = "a change of pose, action or expression"


def read_change(request: Request) -> Reading:
    """Read a request whose verb changes something, "replace" and "make" among them."""
    verb, rest = request.verb, strip_marks(request.rest)
    if find(rest, {"where", "when"}) >= 0:
        return not_an_edit("something else to happen in the picture", read_thing(rest))
    if verb in SWAP:
        target, new = _split_swap(verb, rest)
    elif verb in _MAKERS:
        target, new = _split_make(rest)
    else:
        target, new = _split_change(rest)
    if not new and verb == "turn":
        target, new = _split_make(rest)
    if verb in _LOOK_OF_VERB and (not new or new[0].lower in VERBS):
        look = _LOOK_OF_VERB[verb]
        new = (Word(look, look),)
    elif verb in _CRAFTS and new and not is_about_text(new):
        return restyled_thing(read_thing(target), _trailing_look(new))
    return read_becoming(target, new, seems=verb in _MAKERS and find(rest, _LOOKS) > 0)


def read_becoming(target: Words, new: Words, *, seems: bool = False) -> Reading:
    """Read "`target` becomes `new`", or only looks so."""
    new = _without_fillers(strip_marks(new))
    if is_about_text(target) or is_about_text(new):
        return not_an_edit("writing or changing text", read_thing(target))
    wanted = read_target(target)
    thing = read_thing(wanted.words)
    if wanted.is_posture or _is_action(new):
        return not_an_edit(_POSE, thing)
    if not new:
        return _unclear(thing)
    if wanted.is_background:
        return restyled_background(thing, new)
    if wanted.is_picture:
        return _read_picture_change(wanted.words, new)
    if wanted.attribute:
        return restyled_thing(thing, _trailing_look(new))
    if seems and not is_known_thing(read_thing(new).head):
        return restyled_thing(thing, new)
    return _read_thing_change(thing, new)


def read_give(rest: Words) -> Reading:
    """Read "give the dog a red hat", "give it a vintage look"."""
    start = _complement_start(rest, {"a", "an", "some", "more"})
    if start < 1:
        return _unclear(read_thing(rest))
    target, new = rest[:start], rest[start:]
    given = read_thing(new)
    if given.head in ("look", "style", "effect", "feel", "vibe", "filter") or is_style_phrase(new):
        return read_becoming(target, new)
    if given.head in ("color", "colour", "texture", "finish", "tint", "makeover"):
        return read_becoming(target, given.core[:-1])
    if given.head in ("smile", "expression", "pose", "frown", "grin"):
        return not_an_edit(_POSE, read_thing(target))
    anchor = (Word("on", "on"), *target)
    return Reading(InstructionType.ADD, given, given, anchor=anchor)


def _split_swap(verb: str, rest: Words) -> tuple[Words, Words]:
    marks = [i for i, w in enumerate(rest) if w.lower in _SWAP_MARKS and _is_mark_of(rest, i)]
    strong = [i for i in marks if rest[i].lower in ("with", "by", "for")] or marks
    if not strong:
        return rest, ()
    at = strong[0]
    if len(strong) > 1 and rest[at].lower == "with" and _next(rest, at) in DEFINITE:
        at = strong[1]
    if verb == "substitute" and rest[at].lower == "for":
        return rest[at + 1 :], rest[:at]
    return rest[:at], rest[at + 1 :]


def _is_mark_of(rest: Words, index: int) -> bool:
    """Whether a preposition parts old from new, rather than belonging to a place."""
    before = rest[index - 1].lower if index else ""
    if rest[index].lower == "to":
        return before not in ("next", "close", "adjacent") and not _is_side(rest, index)
    return not (rest[index].lower == "by" and _next(rest, index) in DEFINITE)


def _is_side(rest: Words, index: int) -> bool:
    return any(w.lower in ("left", "right") for w in rest[index + 1 : index + 3])


def _next(words: Words, index: int) -> str:
    return words[index + 1].lower if index + 1 < len(words) else ""


def _split_change(rest: Words) -> tuple[Words, Words]:
    for mark in _CHANGE_MARKS:
        index = find(rest, {mark})
        while mark == "to" and index >= 0 and not _is_mark_of(rest, index):
            index = find(rest, {mark}, index + 1)
        if index < 0 or (mark == "in" and not is_style_phrase(rest[index + 1 :])):
            continue
        target = rest[:index]
        origin = find(target, {"from"}) if mark in ("to", "into") else -1
        new = rest[index + 1 :]
        while new and new[0].lower in ("be", "become", "look", "like", "have"):
            new = new[1:]
        return (target[:origin] if origin > 0 else target), new
    return rest, ()


def _split_make(rest: Words) -> tuple[Words, Words]:
    seeming = find(rest, _SEEMING)
    if seeming > 0:
        target, new = rest[:seeming], rest[seeming + 1 :]
        target = target[:-1] if target[-1].lower in ("to", "should") else target
        return target, new
    for mark in ("into", "to", "as", "using", "from", "of", "in"):
        index = find(rest, {mark})
        if mark == "in" and not (index > 0 and style_chunk(rest[index:])):
            continue
        if index > 0 and (mark != "of" or rest[index - 1].lower == "out"):
            target = rest[: index - 1] if mark == "of" else rest[:index]
            return target, rest[index + 1 :]
    start = _complement_start(rest, {"a", "an"})
    return (rest[:start], rest[start:]) if start > 0 else (rest, ())


def _without_fillers(words: Words) -> Words:
    while len(words) > 1 and words[0].lower in _FILLERS:
        words = words[1:]
    return words


def _complement_start(rest: Words, articles: set[str]) -> int:
    """Where the noun phrase at the front ends and what it shall be begins; -1 if nowhere."""
    for index in range(1, len(rest)):
        lower, before = rest[index].lower, rest[index - 1].lower
        if before in DETERMINERS | OPENERS or before.endswith("'s"):
            continue
        if lower in articles | {"more", "less"}:
            return index
        if is_quality(before) and before not in MATERIALS:
            continue
        if is_quality(lower) or is_style_phrase(rest[index:]) or lower in ACTIONS | {"make", "do"}:
            return index
    last = len(rest) - 1
    _, bare = drop_articles(rest)
    if len(bare) != 2 or is_person(bare[0].lower) or bare[0].lower in OPENERS | DETERMINERS:
        return -1
    return last


def _is_action(new: Words) -> bool:
    first = new[0].lower if new else ""
    return first in ACTIONS | EXPRESSIONS | _ACTING


def _read_picture_change(target: Words, new: Words) -> Reading:
    made = read_thing(new)
    if made.head in BACKGROUNDS:
        return restyled_background(Thing(core=made.core[-1:]), (*made.style, *made.core[:-1]))
    if new[0].lower in _SHARPER:
        return not_an_edit("restoring or sharpening a picture")
    pronoun = [w.lower for w in target] in (["it"], ["this"], ["that"])
    if pronoun and is_known_thing(made.head) and not is_style_phrase(new):
        return _unclear(made)
    return restyled_picture(new)


def _read_thing_change(thing: Thing, new: Words) -> Reading:
    made = read_thing(new)
    if made.head == "one" and (made.core[:-1] or made.style or made.detail):
        made = replace(made, core=(*made.core[:-1], *thing.core[-1:]))
    if thing.head in heads(made) and (made.core[:-1] or made.style or made.detail):
        return restyled_thing(thing, _own_look(made, thing.head), made)
    if thing.head in _HAIRDOS:
        return restyled_thing(thing, _trailing_look(new), made)
    if _is_look(new, made):
        return restyled_thing(thing, _trailing_look(new))
    alike = (is_garment(thing.head) and is_garment(made.head)) or (
        is_person(thing.head) and is_person(made.head)
    )
    if alike:
        return restyled_thing(thing, _own_look(made, made.head) or new, made)
    return Reading(InstructionType.CATEGORY_CHANGE, thing, made)


def _own_look(made: Thing, noun: str) -> Words:
    """What a thing of the same kind is to look like, without the noun if it comes last."""
    core = made.core[:-1] if made.head == noun else made.core
    return (*made.style, *core, *made.detail)


def _is_look(new: Words, made: Thing) -> bool:
    """Whether a phrase says how the thing shall be, rather than what."""
    determiner, bare = drop_articles(new)
    if is_style_phrase(new):
        return True
    end = next((i for i, w in enumerate(bare) if i and w.lower in OPENERS), len(bare))
    words = [w.lower for w in bare[:end] if not w.is_mark and w.lower not in _BETWEEN]
    if not words or is_known_thing(made.head):
        return bool(words) and all(is_quality(w) for w in words) and not determiner
    if made.head in MATERIALS or is_quality(words[-1]):
        return True
    plural = base_noun(words[-1]) != words[-1]
    return not determiner and not plural and has_adjective_ending(words[-1])


def _trailing_look(new: Words) -> Words:
    """The look without "a … color" around it."""
    _, bare = drop_articles(new)
    if len(bare) > 1 and bare[-1].lower in ("color", "colour", "material", "one"):
        bare = bare[:-1]
    return bare


def _unclear(subject: Thing) -> Reading:
    reason = (
        "The sentence does not say both what is to change and into what; write it like "
        "“Replace the cat with a fox” or “Make the curtain red”"
    )
    return Reading(InstructionType.OTHER, subject, reason=reason)
