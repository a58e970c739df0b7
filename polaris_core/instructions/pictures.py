"""Requests for a new picture, in the style of the one that was given or without any."""

from __future__ import annotations

from polaris_core.instructions.actions import action_start
from polaris_core.instructions.additions import read_add, stands_by_known
from polaris_core.instructions.becoming import PAPERS, read_becoming
from polaris_core.instructions.having import read_having
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import DEFINITE, DRAW, PICTURES, PRONOUNS
from polaris_core.instructions.phrases import Thing, drop_articles, find, is_participle, read_thing
from polaris_core.instructions.reading import (
    POSE,
    Reading,
    not_an_edit,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.styles import is_style_phrase
from polaris_core.instructions.texts import is_about_text
from polaris_core.instructions.words import Word, Words, lower_at, strip_marks, text_of, word_set

__all__ = ["names_style_of_given", "part_reference", "read_new"]

_VERSIONS = word_set(
    "version animation painting drawing sketch rendition art variant variation adaptation "
    "interpretation take"
)
_STYLE_SIGNS = word_set(
    "style styles artist look looks manner aesthetic styled technique styling brushwork medium way"
)
_REFERENCE_SIGNS = word_set(
    "reference input given uploaded provided same image picture photo artwork original this "
    "attached sample example upload source references one guide above here it mine my"
)
_REFERENCE_STARTS = word_set(
    ", based in with using from that like following matching as borrowing copying keeping by "
    "imitating mimicking echoing inspired painted drawn styled rendered done sticking"
)
_ALIKE = word_set("like matching following resembling imitating mimicking")
_COPYING = word_set("copying matching imitating mimicking borrowing echoing emulating")
_LEFTOVERS = word_set(
    "the way same exact that looks look which is was were it as drawn made only painted styled "
    "rendered done , but"
)
_FRONTED = word_set("using in with following based matching taking same keeping borrowing")
_SHOWING = frozenset({"showing", "depicting", "featuring", "containing"})
_PRAISE = word_set("new beautiful nice totally completely brand brand-new whole separate")
_NOTHING_SAID = word_set("new image picture pic artwork scene different another photo one")


def read_new(verb: str, rest: Words, *, has_picture: bool, from_reference: bool = False) -> Reading:
    """Read "generate a mill in this style", "draw a fox"."""
    shown = find(rest, _SHOWING)
    if shown > 1 and part_reference(rest[:shown])[1]:  # "an image in this style showing a horse"
        rest, from_reference = rest[shown + 1 :], True
    rest, found = part_reference(_without_receiver(strip_marks(rest)))
    from_reference = from_reference or found
    same = _identical(rest)
    if has_picture and same:
        return same
    if any(paper in text_of(rest).lower() for paper in PAPERS):
        return not_an_edit("an ID photo")
    rest = _content_of_picture(rest)
    thing = read_thing(rest)
    if is_about_text(rest):
        return not_an_edit("writing or changing text", thing)
    if has_picture and not from_reference:
        edit = _edit_of_given(verb, rest, thing)
        if edit:
            return edit
    if not thing.core or (has_picture and _says_only_picture(thing)):
        return Reading(InstructionType.NEW_PICTURE)
    return Reading(InstructionType.NEW_PICTURE, thing, thing)


def _edit_of_given(verb: str, rest: Words, thing: Thing) -> Reading | None:
    """What is no new picture, but an edit of the one that was given; None if it is new."""
    if find(rest, {"where", "when"}) >= 0:
        return not_an_edit("the same picture with something else happening in it", thing)
    does = next((i for i in range(1, len(rest)) if is_participle(rest, i)), action_start(rest))
    if rest and rest[0].lower in DEFINITE and does > 0:
        return not_an_edit(POSE, read_thing(rest[:does]))
    if verb in DRAW and rest and rest[0].lower in DEFINITE | PRONOUNS and find(rest, {"with"}) > 0:
        at = find(rest, {"with"})
        return read_having(rest[:at], rest[at + 1 :])
    if rest and rest[0].lower in DEFINITE and (verb in DRAW or thing.place):
        return read_becoming(rest, ())
    if _is_only_a_version(thing) and not _says_only_picture(thing):
        behind = thing.style and not thing.styled_before
        core = tuple(w for w in thing.core if w.lower not in PICTURES) if behind else thing.core
        return restyled_picture((*thing.style, *core, *thing.detail))
    if stands_by_known(thing):
        return read_add("add", rest)
    return None


def _identical(rest: Words) -> Reading | None:
    """Read "a wooden boat identical to this one": a thing in another look."""
    at = find(rest, {"identical"})
    if at < 2 or at + 2 > len(rest) or find(rest, {"to"}, at) != at + 1:
        return None
    thing = read_thing(rest[:at])
    if not thing.core[:-1] and not thing.style:
        return None
    return restyled_thing(Thing(core=thing.core[-1:]), (*thing.style, *thing.core[:-1]))


def _is_only_a_version(thing: Thing) -> bool:
    return not thing.core or thing.core[-1].lower in PICTURES | _VERSIONS


def _says_only_picture(thing: Thing) -> bool:
    """Whether it is "an image" and says nothing of what is on it or how it looks."""
    said = (*thing.style, *thing.core, *thing.detail)
    return all(w.lower in _NOTHING_SAID for w in said)


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
    index = find(bare, {"of", "showing", "with", "depicting", "featuring", ":"})
    if (
        index < 1
        or bare[index - 1].lower not in (PICTURES - {"portrait"}) | _VERSIONS
        or bare[index].lower == "with"
        or not bare[index + 1 :]
    ):
        return rest
    made = tuple(w for w in bare[: index - 1] if w.lower not in _PRAISE)
    medium = bare[index - 1 : index] if bare[index - 1].lower in _VERSIONS else ()
    content = bare[index + 1 :]
    doing = any(is_participle(content, i) for i in range(1, len(content)))
    if medium and content[0].lower in DEFINITE and not doing:
        return rest
    if content[0].lower in DEFINITE:
        return content
    if not is_style_phrase((*made, *medium)):
        return content
    style = (Word(",", ","), Word("in", "in"), *made, *medium, Word("style", "style"))
    return (*content, *style)


def names_style_of_given(words: Words) -> bool:
    """Whether it speaks of the style of the picture that was given, and of nothing else."""
    styled = any(w.lower in _STYLE_SIGNS for w in words)
    referred = any(_is_reference(words, i, w.lower) for i, w in enumerate(words))
    return styled and referred


def part_reference(rest: Words) -> tuple[Words, bool]:
    """Cut off "in the style of the given photo" and the like; say whether it was there."""
    signs = [w.lower for w in rest]
    alike = max((i for i, s in enumerate(signs) if s in _ALIKE), default=-1)
    if alike > 0 and _names_reference(rest[alike + 1 :]):
        return _without_leftovers(rest[:alike]), True
    copied = max((i for i, s in enumerate(signs) if s in _COPYING), default=-1)
    if copied > 0 and any(_is_reference(rest, i, signs[i]) for i in range(copied, len(rest))):
        return _without_leftovers(rest[:copied]), True
    fronted = _part_fronted(rest)
    if fronted:
        return fronted, True
    return _part_styled(rest, signs)


def _part_styled(rest: Words, signs: list[str]) -> tuple[Words, bool]:
    """Cut off a phrase that names a style and the reference: "in the style of this image"."""
    style = max((i for i, s in enumerate(signs) if s in _STYLE_SIGNS), default=-1)
    reference = max((i for i, s in enumerate(signs) if _is_reference(rest, i, s)), default=-1)
    if style < 0 or reference < 0:
        return rest, False
    first = min(style, reference)
    starts = [i for i, s in enumerate(signs[:first]) if s in _REFERENCE_STARTS]
    if not starts or not starts[-1]:
        return rest, False
    return _without_leftovers(rest[: starts[-1]]), True


def _is_reference(rest: Words, index: int, sign: str) -> bool:
    sign = sign.removesuffix("'s")
    if sign in ("it", "my", "one", "here", "above", "original"):
        return index > 0 and rest[index - 1].lower in ("this", "the", "that", "as", "same")
    return sign in _REFERENCE_SIGNS


def _without_leftovers(rest: Words) -> Words:
    while rest and (rest[-1].lower in _LEFTOVERS or rest[-1].lower in _REFERENCE_STARTS):
        rest = rest[:-1]
    return strip_marks(rest)


def _part_fronted(rest: Words) -> Words:
    """What follows "using the style of this image, …", "same style as the upload, but …"."""
    comma = find(rest, {","})
    if comma < 2 or comma + 1 >= len(rest) or rest[0].lower not in _FRONTED:
        return ()
    after = strip_marks(rest[comma + 1 :])
    after = after[1:] if lower_at(after, 0) in ("but", "and") else after
    return after if names_style_of_given(rest[:comma]) else ()
