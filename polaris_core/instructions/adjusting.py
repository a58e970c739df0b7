"""Requests whose verb names the look: brighten, blur, colorize; and those that mend or adjust."""

from __future__ import annotations

from polaris_core.instructions.becoming import read_becoming, unclear
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import (
    BACKGROUNDS,
    LOOK_OF_VERB,
    PICTURES,
    VERBS,
    WHOLE_ATTRIBUTES,
)
from polaris_core.instructions.phrases import Thing, drop_articles, find, names_picture, read_thing
from polaris_core.instructions.qualities import is_quality
from polaris_core.instructions.reading import (
    BACKGROUND,
    Reading,
    not_an_edit,
    read_target,
    restyled_background,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.words import Word, Words, base_noun, lower_at, strip_marks, word_set

__all__ = ["adjusts_tone", "is_tone", "read_look_verb", "read_mending"]

_MORE = word_set("increase boost raise enhance improve heighten amplify strengthen add")
_LESS = word_set("decrease reduce lower weaken")
_TONES = WHOLE_ATTRIBUTES | word_set(
    "color colour colors colours light lights lighting white-balance balance glow warmth "
    "vividness tones vibrancy intensity composition"
)
_FAULTS = word_set(
    "quality clarity resolution detail details sharpness definition noise grain scratch scratches "
    "blur damage crease creases fold tear tears crack cracks dust artifact artifacts red-eye "
    "pixelation focus distortion glare compression"
)
_PARTS = word_set(
    "face skin nose eye eyes lip lips chin hair body figure waist teeth eyebrow eyebrows smile "
    "makeup appearance imperfection imperfections blemish blemishes complexion jawline cheek "
    "cheeks look looks features acne wrinkles pores muscles legs arms chest"
)
_FLAWS = word_set(
    "imperfection imperfections blemish blemishes acne wrinkles pimples pimple spots freckles "
    "scars stain stains"
)
_OF_PICTURE = PICTURES | word_set("overall general color colour ambient and of")
_BASE_PARTS = frozenset(base_noun(part) for part in _PARTS)
_BASE_FLAWS = frozenset(base_noun(flaw) for flaw in _FLAWS)


def read_look_verb(verb: str, rest: Words) -> Reading:
    """Read "brighten the sky", "blur the background", "age him by ten years"."""
    look = LOOK_OF_VERB[verb]
    if verb in _RESIZING and (whole := _without_measure(rest)):
        to = find(whole, {"to"})
        if names_picture(whole[:to] if to > 0 else whole):
            return not_an_edit("cutting out or resizing a picture")
    for mark in ("to", "into", "as", "in"):
        index = find(rest, {mark})
        following = rest[index + 1].lower if index + 1 < len(rest) else ""
        if index > 0 and following and following not in VERBS and mark != "in":
            return read_becoming(rest[:index], rest[index + 1 :])
        if index > 0 and following in VERBS:
            rest = rest[:index]
    rest = _without_measure(rest)
    target = read_target(rest)
    looks, said = (Word(look, look),), (Word(verb, verb),)
    if not rest or target.is_picture or _tone(rest):
        return restyled_picture(_toned(looks, rest), said=said)
    thing = read_thing(target.words or rest)
    if thing.head in BACKGROUNDS:
        return restyled_background(BACKGROUND, looks, said=said)
    return restyled_thing(thing, looks, said=said)


_RESIZING = frozenset({"enlarge", "shrink", "widen", "lengthen", "shorten"})


def is_tone(rest: Words) -> bool:
    """Whether a phrase names an attribute of the whole picture: "the exposure a bit"."""
    return bool(_tone(_without_measure(rest)))


def _tone(rest: Words) -> str:
    """The attribute of the whole picture that a phrase names: "contrast"; empty if none."""
    _, bare = drop_articles(rest)
    thing = read_thing(rest)
    if thing.place and not names_picture(thing.place[1:]):
        return ""
    of = find(bare, {"of", "in"})
    if of > 0 and not names_picture(bare[of + 1 :]):
        return ""
    words = [w.lower for w in (bare[:of] if of > 0 else bare)]
    if words and words[-1] in ("level", "levels", "slightly", "overall"):
        words = words[:-1]
    if len(words) > 1 and not (is_quality(words[-2]) or words[-2] in _OF_PICTURE):
        return ""  # "skin tone"
    return words[-1] if words and words[-1] in _TONES else ""


def adjusts_tone(verb: str, rest: Words) -> Reading | None:
    """Read "adjust the colors", "tweak the lighting of this photo": how, is not said."""
    tone = _tone(rest) if verb in ("adjust", "tweak", "alter", "modify", "retouch", "edit") else ""
    if not tone:
        return None
    tone = "colors" if tone == "balance" else tone
    return restyled_picture((Word("balanced", "balanced"), Word(tone, tone)))


def _toned(said: Words, rest: Words) -> Words:
    tone = _tone(rest)
    return (*said, Word(tone, tone)) if tone and tone not in ("exposure",) else said


def _without_measure(rest: Words) -> Words:
    """Without "by ten years", "a bit", "slightly", "down", "up"."""
    by = find(rest, {"by"})
    rest = rest[:by] if by > 0 else rest
    while len(rest) > 1 and rest[-1].lower in (
        "bit",
        "a",
        "slightly",
        "up",
        "down",
        "little",
        "lot",
    ):
        rest = rest[:-1]
    while len(rest) > 1 and rest[0].lower in ("up", "down", "out"):
        rest = rest[1:]
    return rest


def read_mending(verb: str, rest: Words) -> Reading:
    """Read "enhance the colors", "fix the scratches", "increase the contrast"."""
    purpose = find(rest, {"to"})
    if purpose > 0 and lower_at(rest, purpose + 1) in ("make", "look"):
        told = _read_purpose(rest[:purpose], rest[purpose + 1 :])
        if told:
            return told
    rest = _without_measure(strip_marks(rest))
    tone = _tone(rest)
    if tone:
        return restyled_picture((*_adjusted(verb), Word(tone, tone)))
    thing = read_thing(rest)
    if {thing.head, base_noun(thing.head)} & _FAULTS or names_picture(rest):
        return not_an_edit("restoring or sharpening a picture", thing)
    if verb == "clean":
        return restyled_thing(thing, (Word("clean", "clean"),))
    if verb in ("fix", "repair") and base_noun(thing.head) not in _BASE_PARTS:
        return not_an_edit("mending what is broken", thing)
    if verb in _LESS:
        return _read_lessened(thing)
    return _read_improved(verb, rest, thing)


def _read_improved(verb: str, rest: Words, thing: Thing) -> Reading:
    """Read "improve my skin", "increase the size of the kite"."""
    target = read_target(rest)
    if target.attribute and target.words:
        thing = read_thing(target.words)
    elif target.attribute and target.attribute not in ("appearance", "look"):
        return restyled_picture((*_adjusted(verb), Word(target.attribute, target.attribute)))
    if not thing.core:
        return unclear()
    if base_noun(thing.head) in _BASE_FLAWS:
        return restyled_thing(thing, (Word("flawless", "flawless"), Word("skin", "skin")))
    look = "bigger" if target.attribute == "size" else "better"
    return restyled_thing(thing, (Word(look, look),))


def _read_lessened(thing: Thing) -> Reading:
    if base_noun(thing.head) in _BASE_FLAWS:
        return Reading(InstructionType.REMOVE, thing)
    return restyled_thing(thing, (Word("smaller", "smaller"),))


def _adjusted(verb: str) -> Words:
    if verb in _MORE:
        return (Word("more", "more"),)
    if verb in _LESS:
        return (Word("less", "less"),)
    return (Word("balanced", "balanced"),)


def _read_purpose(rest: Words, purpose: Words) -> Reading | None:
    """Read "retouch the shot to look warmer": what it is to look like in the end."""
    at = find(purpose, {"look", "more"}, 1)
    if at < 2 or at + 1 >= len(purpose):
        return None
    look = purpose[at + 1 :] if purpose[at].lower == "look" else purpose[at:]
    if names_picture(rest):
        return restyled_picture(look)
    return None
