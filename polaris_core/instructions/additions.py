"""Requests that bring something or take it away: add, put, fill, remove, apply."""

from __future__ import annotations

from polaris_core.instructions.actions import action_start
from polaris_core.instructions.body_plans import is_garment
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import BACKGROUNDS, DEFINITE, DETERMINERS, PRONOUNS
from polaris_core.instructions.phrases import (
    Thing,
    drop_articles,
    find,
    is_participle,
    names_picture,
    read_thing,
)
from polaris_core.instructions.placing import part_place, read_setting
from polaris_core.instructions.reading import (
    BACKGROUND,
    POSE,
    Reading,
    left_unsaid,
    not_an_edit,
    restyled_background,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.styles import is_style_phrase
from polaris_core.instructions.texts import is_about_text, is_more_than_text
from polaris_core.instructions.wearing import read_dress
from polaris_core.instructions.words import Word, Words, lower_at, strip_marks, word_set

__all__ = ["read_add", "read_apply", "read_fill", "read_remove", "stands_by_known"]

_FILTERS = word_set(
    "filter style effect look aesthetic vibe tone blur filters effects grain vignette contrast "
    "brightness saturation exposure lighting color colour colors colours warmth bokeh atmosphere "
    "mood palette texture glow-effect grading hdr sharpness overlay"
)
_POSES = word_set("action expression smile pose gesture frown grin motion movement emotion")
_NOISE = word_set("noise blur blurriness graininess artifact haziness pixelation")
_FILLING = {"surround": "around", "top": "on top of", "fill": "in"}
_PLACING = word_set("put place position set hang stick mount perch seat park throw drop")
_MOVE = "a change of pose, action or place"
_HAIR_PARTS = word_set("hair highlights curls bangs volume braids")


def read_add(verb: str, rest: Words) -> Reading:
    """Read "add a hat to the man", "put the man in a suit"."""
    rest, look = _part_elaboration(strip_marks(rest))
    worn = find(rest, {"in"})
    if worn > 0 and rest[0].lower in DEFINITE | PRONOUNS:
        moved = _read_moved(rest, worn)
        if moved:
            return moved
    thing = read_thing(rest)
    outside = _outside(verb, rest, thing)
    if outside:
        return not_an_edit(outside, thing)
    if _is_filter(thing):
        return read_apply(rest)
    background = _as_background(thing, rest)
    if background:
        return background
    if verb in _PLACING and _moves(thing):
        return not_an_edit(_MOVE, thing)
    if thing.head in _HAIR_PARTS and not thing.style:
        return restyled_thing(Thing(core=thing.core[-1:]), look or thing.core[:-1] or thing.core)
    if look and is_style_phrase(look[:1]):
        thing = _with_style(thing, look)
    return Reading(InstructionType.ADD, thing, thing, anchor=_anchor(thing))


def _moves(thing: Thing) -> bool:
    """Whether a thing of the picture is to stand elsewhere; not "the moon", "the Eiffel Tower"."""
    if thing.determiner not in DEFINITE or not thing.place:
        return False
    named = thing.text[:1].isupper() and not thing.place[0].text[:1].isupper()
    return not named and thing.head not in _SINGLE


_SINGLE = frozenset({"sun", "moon", "earth"})


def _outside(verb: str, rest: Words, thing: Thing) -> str:
    """What is asked for, if it adds no thing; else an empty text."""
    if (is_about_text(rest) and not _bears_text(rest)) or any(w.is_quote for w in rest[:1]):
        return "writing or changing text"
    if verb == "show" and lower_at(thing.place, 0) == "from":
        return "another point of view"
    shown = verb == "show" and lower_at(rest, 0) in DEFINITE | PRONOUNS
    does = action_start(rest) > 0 or any(is_participle(rest, i) for i in range(1, len(rest)))
    if thing.head in _POSES or (shown and does):
        return POSE
    return ""


def _bears_text(rest: Words) -> bool:
    """Whether it is a thing with a text on it: "a banner that says 'Welcome'"."""
    return bool(rest) and not rest[0].is_quote and is_more_than_text(rest)


def _is_filter(thing: Thing) -> bool:
    if thing.head in _FILTERS:
        return True
    return bool(thing.core) and thing.core[-1].lower in _FILTERS


def _read_moved(rest: Words, worn: int) -> Reading | None:
    """Read "put the man in a suit", "put the cat in a sitting pose"."""
    new = rest[worn + 1 :]
    if is_garment(read_thing(new).head):
        return read_dress(rest)
    if read_thing(new).head in _POSES:
        return not_an_edit(POSE, read_thing(rest[:worn]))
    return None


def _as_background(thing: Thing, rest: Words) -> Reading | None:
    """Read "add a sunset background", "put a library as the background", "put them in a forest"."""
    if thing.head in BACKGROUNDS:
        scene = (*thing.style, *thing.core[:-1]) or thing.detail or thing.place
        return restyled_background(BACKGROUND, scene)
    at = find(rest, {"as"})
    if at > 0 and read_thing(rest[at + 1 :]).head in BACKGROUNDS:
        return restyled_background(BACKGROUND, drop_articles(rest[:at])[1])
    if lower_at(rest, 0) not in DEFINITE | PRONOUNS:
        return None
    ground = read_thing(thing.place[1:])
    if ground.head in BACKGROUNDS and ground.determiner in ("a", "an"):
        return restyled_background(BACKGROUND, (*ground.style, *ground.core[:-1]))
    return read_setting(*part_place(rest))


def read_fill(verb: str, rest: Words) -> Reading:
    """Read "fill the room with balloons", "surround the house with trees"."""
    at = find(rest, {"with", "by", "in"})
    if at < 1 and verb == "sprinkle":
        return read_add("add", rest)
    if at < 1 or at + 1 >= len(rest):
        return left_unsaid("with what", "Fill the basket with apples", read_thing(rest))
    target, thing = rest[:at], read_thing(rest[at + 1 :])
    if read_thing(target).head in BACKGROUNDS:
        return restyled_background(BACKGROUND, (Word("filled", "filled"), *rest[at:]))
    place = tuple(Word(w, w) for w in _FILLING.get(verb, "on").split())
    anchor = () if names_picture(target) else (*place, *target)
    return Reading(InstructionType.ADD, thing, thing, anchor=anchor)


def read_remove(verb: str, rest: Words) -> Reading:
    """Read "remove the cart behind the mill"."""
    if verb == "take":
        index = find(rest, {"away", "out", "off", "from"})
        if index < 0:
            example = "Take the hat off the man"
            return left_unsaid("where it is to be taken from", example, read_thing(rest))
        off = Word("from", "from")
        away = rest[index].lower in ("off", "from")
        place = (off, *rest[index + 1 :]) if away else rest[index + 1 :]
        rest = (*rest[:index], *place) if index else rest[1:]
    while rest and rest[0].lower in ("out", "away", "off"):
        rest = rest[1:]
    while len(rest) > 1 and rest[-1].lower in ("out", "away", "off", "completely", "entirely"):
        rest = rest[:-1]
    if rest and rest[0].lower in ("from", "in") and find(rest, {","}) > 0:
        at = find(rest, {","})
        rest = (*rest[at + 1 :], *rest[:at])
    if lower_at(rest, 0) in ("everything", "all") and lower_at(rest, 1) in ("but", "except"):
        rest = (Word("everything", "everything"), Word("except", "except"), *rest[2:])
    thing = read_thing(rest)
    if thing.head in BACKGROUNDS:
        return restyled_background(thing, (Word("plain", "plain"),))
    if thing.head in _NOISE:
        return not_an_edit("restoring or sharpening a picture", thing)
    if not thing.core or (names_picture(rest) and thing.head not in ("frame", "picture")):
        return Reading(InstructionType.REMOVE)
    return Reading(InstructionType.REMOVE, thing)


def read_apply(rest: Words) -> Reading:
    """Read "apply a sepia filter to the wall", "add a blur effect"."""
    rest = strip_marks(rest)
    index = find(rest, {"to", "on", "for", "over", "as"})
    while index > 0 and rest[index].lower == "on" and rest[index - 1].lower == "based":
        index = find(rest, {"to", "for", "over"}, index + 1)
    look, target = (rest[:index], rest[index + 1 :]) if index > 0 else (rest, ())
    _, look = drop_articles(look)
    if not look:
        return restyled_picture(())
    aim = _aim(target)
    if aim:
        return restyled_picture(aim)
    if look[0].lower in BACKGROUNDS:
        middle = tuple(w for w in look[1:] if w.lower not in _FILTERS - {"blur"})
        return restyled_background(BACKGROUND, middle)
    look = _of_style(look)
    if not target or names_picture(target) or _is_purpose(rest[index].lower, target):
        return restyled_picture(look)
    thing = read_thing(target)
    if thing.head in BACKGROUNDS:
        background = look if rest[index].lower != "as" else drop_articles(look)[1]
        return restyled_background(BACKGROUND, background)
    return restyled_thing(thing, look)


def _is_purpose(mark: str, target: Words) -> bool:
    """Whether what follows "to" is an aim, not a thing: "to brighten the image"."""
    return (
        mark in ("to", "for")
        and target[0].lower not in DETERMINERS | PRONOUNS
        and (len(target) > 1 and target[1].lower in DETERMINERS)
    )


def _aim(target: Words) -> Words:
    """The look in "(a filter to) make the shot gloomier"."""
    if len(target) > 2 and target[0].lower == "make":
        at = next((i for i in range(2, len(target)) if names_picture(target[1:i])), -1)
        look = target[at:] if at > 0 else ()
        return look[1:] if look and look[0].lower == "look" else look
    return ()


def _of_style(look: Words) -> Words:
    """Without "the art style of"."""
    at = find(look, {"of"})
    named = at > 0 and look[at - 1].lower in ("style", "look", "aesthetic", "manner", "technique")
    return look[at + 1 :] if named and at + 1 < len(look) else look


def _part_elaboration(rest: Words) -> tuple[Words, Words]:
    """Part ", making it rusty" from what it speaks of."""
    for index in range(1, len(rest) - 1):
        if rest[index].lower not in (",", "and", "-"):
            continue
        following = rest[index + 1].lower
        if following in ("making", "giving", "drawn", "painted", "rendered", "turning"):
            tail = rest[index + 2 :]
            while tail and tail[0].lower in _ELABORATION:
                tail = tail[1:]
            return strip_marks(rest[:index]), tail
    return rest, ()


_ELABORATION = word_set("it them in a an as look like him her into the")


def _with_style(thing: Thing, look: Words) -> Thing:
    return Thing(thing.determiner, thing.core, look, False, thing.detail, thing.place)


def _anchor(thing: Thing) -> Words:
    """The place from its first preposition on, without participles before it."""
    words = thing.place
    while words and words[0].lower.endswith("ing") and words[0].lower not in ("during",):
        words = words[1:]
    return words


def stands_by_known(thing: Thing) -> bool:
    """Whether it goes to something that is there: "on the man", "next to his chair"."""
    return any(w.lower in DEFINITE for w in thing.place)
