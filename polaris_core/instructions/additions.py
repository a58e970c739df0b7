"""Requests that bring, take or make something anew: add, remove, generate, apply."""

from __future__ import annotations

from polaris_core.instructions.body_plans import is_garment
from polaris_core.instructions.changes import read_becoming
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import BACKGROUNDS, DEFINITE, DRAW, PICTURES
from polaris_core.instructions.phrases import Thing, drop_articles, find, names_picture, read_thing
from polaris_core.instructions.reading import (
    Reading,
    is_about_text,
    not_an_edit,
    restyled_background,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.styles import is_style_phrase
from polaris_core.instructions.words import Word, Words, strip_marks, word_set

__all__ = ["part_reference", "read_add", "read_apply", "read_dress", "read_new", "read_remove"]

_FILTERS = frozenset({"filter", "style", "effect", "look", "aesthetic", "vibe", "tone", "blur"})
_VERSIONS = frozenset({"version", "animation", "painting", "drawing", "sketch", "rendition", "art"})
_STYLE_SIGNS = word_set("style artist look looks manner aesthetic styled technique")
_REFERENCE_SIGNS = word_set(
    "reference input given uploaded provided same image picture photo artwork original this "
    "attached sample example"
)
_REFERENCE_STARTS = word_set(", based in with using from that like following matching as")
_ALIKE = word_set("like matching following resembling")
_LEFTOVERS = word_set("that looks look which is drawn made only")


def read_add(rest: Words) -> Reading:
    """Read "add a hat to the man", "put the man in a suit"."""
    rest, look = _part_elaboration(strip_marks(rest))
    worn = find(rest, {"in"})
    if worn > 0 and rest[0].lower in DEFINITE and is_garment(read_thing(rest[worn + 1 :]).head):
        return read_dress(rest)
    if is_about_text(rest) or any(w.is_quote for w in rest[:1]):
        return not_an_edit("writing or changing text", read_thing(rest))
    thing = read_thing(rest)
    if thing.head in _FILTERS:
        return read_apply(rest)
    if thing.head in ("action", "expression", "smile", "pose"):
        return not_an_edit("a change of pose, action or expression", thing)
    if thing.head in BACKGROUNDS:
        return restyled_background(Thing(core=thing.core[-1:]), (*thing.style, *thing.core[:-1]))
    if look and is_style_phrase(look[:1]):
        thing = _with_style(thing, look)
    return Reading(InstructionType.ADD, thing, thing, anchor=_anchor(thing))


def read_dress(rest: Words) -> Reading:
    """Read "dress the girl in a coat"."""
    index = find(rest, {"in", "with"})
    if index < 1:
        return not_an_edit("clothes without saying which", read_thing(rest))
    worn = read_thing(rest[index + 1 :])
    return Reading(InstructionType.ADD, worn, worn, anchor=(Word("on", "on"), *rest[:index]))


def read_remove(verb: str, rest: Words) -> Reading:
    """Read "remove the bicycle between the two people"."""
    if verb == "take":
        index = find(rest, {"away", "out", "off"})
        if index < 0:
            return not_an_edit("taking something without saying where from", read_thing(rest))
        off = Word("from", "from")
        place = (off, *rest[index + 1 :]) if rest[index].lower == "off" else rest[index + 1 :]
        rest = (*rest[:index], *place) if index else rest[1:]
    thing = read_thing(rest)
    if thing.head in BACKGROUNDS:
        return restyled_background(thing, (Word("plain", "plain"),))
    if not thing.core or names_picture(rest):
        return not_an_edit("the removal of nothing in particular")
    return Reading(InstructionType.REMOVE, thing)


def read_apply(rest: Words) -> Reading:
    """Read "apply a sepia filter to the wall", "add a blur effect"."""
    rest = strip_marks(rest)
    index = find(rest, {"to", "on", "for", "over"})
    look, target = (rest[:index], rest[index + 1 :]) if index > 0 else (rest, ())
    _, look = drop_articles(look)
    if look and look[0].lower in BACKGROUNDS:
        middle = tuple(w for w in look[1:] if w.lower not in _FILTERS - {"blur"})
        return restyled_background(Thing(core=look[:1]), middle)
    if not target or names_picture(target) or target[0].lower.endswith("en"):
        return restyled_picture(look)
    thing = read_thing(target)
    if thing.head in BACKGROUNDS:
        return restyled_background(thing, look)
    return restyled_thing(thing, look)


def read_new(verb: str, rest: Words, *, has_picture: bool) -> Reading:
    """Read "generate a lighthouse in the style of the reference image", "draw a fox"."""
    rest, from_reference = part_reference(_without_receiver(strip_marks(rest)))
    rest = _content_of_picture(rest)
    thing = read_thing(rest)
    if is_about_text(rest):
        return not_an_edit("writing or changing text", thing)
    if has_picture and find(rest, {"where", "when"}) >= 0:
        return not_an_edit("the same picture with something else happening in it", thing)
    if verb in DRAW and has_picture and rest and rest[0].lower in DEFINITE:
        return read_becoming(rest, ())
    if verb in DRAW and has_picture and not from_reference and _stands_by_known(thing):
        return read_add(rest)
    only_version = _is_only_a_version(thing) and not _says_only_picture(thing)
    if has_picture and not from_reference and only_version:
        return restyled_picture((*thing.style, *thing.core, *thing.detail))
    if not thing.core or (has_picture and _says_only_picture(thing)):
        return not_an_edit("a picture of nothing in particular")
    return Reading(InstructionType.NEW_PICTURE, thing, thing)


def _part_elaboration(rest: Words) -> tuple[Words, Words]:
    """Part ", making it abstract and funny" from what it speaks of."""
    for index in range(1, len(rest) - 1):
        if rest[index].lower in ("making", "giving", "drawn", "painted", "rendered"):
            tail = rest[index + 1 :]
            while tail and tail[0].lower in ("it", "them", "in", "a", "an", "as", "look", "like"):
                tail = tail[1:]
            return strip_marks(rest[:index]), tail
    return rest, ()


def _with_style(thing: Thing, look: Words) -> Thing:
    return Thing(thing.determiner, thing.core, look, False, thing.detail, thing.place)


def _anchor(thing: Thing) -> Words:
    """The place from its first preposition on, without participles before it."""
    words = thing.place
    while words and words[0].lower.endswith("ing"):
        words = words[1:]
    return words


def _stands_by_known(thing: Thing) -> bool:
    """Whether it goes to something that is there: "on the man", "next to his chair"."""
    return any(w.lower in DEFINITE for w in thing.place)


def _is_only_a_version(thing: Thing) -> bool:
    return not thing.core or thing.core[-1].lower in PICTURES | _VERSIONS


def _says_only_picture(thing: Thing) -> bool:
    """Whether it is "an image" and says nothing of what is on it or how it looks."""
    said = (*thing.style, *thing.core, *thing.detail)
    return all(w.lower in ("new", "image", "picture", "pic", "artwork", "scene") for w in said)


def _names_reference(words: Words) -> bool:
    """Whether it is "this", "this picture", "the reference": the picture that was given."""
    words = strip_marks(words)
    lowers = {w.lower for w in words}
    return bool(words) and words[0].lower in DEFINITE and lowers <= DEFINITE | _REFERENCE_SIGNS


def _without_receiver(rest: Words) -> Words:
    while rest and rest[0].lower in ("me", "us", "only", "just"):
        rest = rest[1:]
    return rest


def _content_of_picture(rest: Words) -> Words:
    """From "a new picture of X" take X; words of style before "picture" are kept."""
    _, bare = drop_articles(rest)
    index = find(bare, {"of", "showing", "with"})
    if (
        index < 1
        or bare[index - 1].lower not in PICTURES | _VERSIONS
        or bare[index].lower == "with"
    ):
        return rest
    if not bare[index + 1 :]:
        return rest
    made = tuple(w for w in bare[: index - 1] if w.lower not in ("new", "beautiful", "nice"))
    medium = bare[index - 1 : index] if bare[index - 1].lower in _VERSIONS else ()
    if not is_style_phrase((*made, *medium)):
        return bare[index + 1 :]
    style = (Word(",", ","), Word("in", "in"), *made, *medium, Word("style", "style"))
    return (*bare[index + 1 :], *style)


def part_reference(rest: Words) -> tuple[Words, bool]:
    """Cut off "in the style of the reference image" and the like; say whether it was there."""
    signs = [w.lower for w in rest]
    alike = max((i for i, s in enumerate(signs) if s in _ALIKE), default=-1)
    if alike > 0 and _names_reference(rest[alike + 1 :]):
        return strip_marks(rest[:alike]), True
    style = max((i for i, s in enumerate(signs) if s in _STYLE_SIGNS), default=-1)
    reference = max((i for i, s in enumerate(signs) if s in _REFERENCE_SIGNS), default=-1)
    if style < 0 or reference < 0:
        return rest, False
    starts = [
        i for i, s in enumerate(signs) if s in _REFERENCE_STARTS and i < min(style, reference)
    ]
    if not starts or not starts[-1]:
        return rest, False
    rest = rest[: starts[-1]]
    while rest and rest[-1].lower in _LEFTOVERS:
        rest = rest[:-1]
    return strip_marks(rest), True
