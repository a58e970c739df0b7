"""Somebody or something gets or has something: a look, another part, a new thing."""

from __future__ import annotations

from polaris_core.instructions.becoming import HAIR, own_look, read_becoming, unclear
from polaris_core.instructions.body_plans import is_garment, is_known_thing
from polaris_core.instructions.complements import complement_start
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import (
    BACKGROUNDS,
    DEFINITE,
    DETERMINERS,
    OPENERS,
    PRONOUNS,
    WHOLE_ATTRIBUTES,
)
from polaris_core.instructions.phrases import Thing, names_picture, read_thing
from polaris_core.instructions.qualities import PATTERNS, is_comparative, is_quality
from polaris_core.instructions.reading import (
    BACKGROUND,
    POSE,
    Reading,
    not_an_edit,
    restyled_background,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.scenes import is_hour
from polaris_core.instructions.styles import is_style_phrase
from polaris_core.instructions.texts import is_about_text
from polaris_core.instructions.words import Word, Words, find, lower_at, word_set

__all__ = ["read_give", "read_having"]

# What somebody or something has by nature; with a word of how, it changes rather than comes.
_BODY = HAIR | word_set(
    "eyes eye skin face nose lips lip mouth ears ear eyebrows eyebrow eyelashes lashes teeth chin "
    "jaw jawline cheeks cheekbones forehead neck shoulders arms legs feet waist body figure belly "
    "chest breasts butt hips thighs muscles muscle complexion hand hands fur mane coat-fur paws "
    "stomach biceps physique skin-tone features abs sixpack"
)
_BUILT_IN = word_set(
    "roof wheels walls wall windows door floor ceiling leaves petals feathers handle lid frame "
    "screen seats sky tires facade sleeves collar fabric edges"
)
_LOOKS = word_set(
    "look style effect feel vibe filter aesthetic color colour texture finish tint makeover tone "
    "pattern shade appearance touch atmosphere glow-up paint coat hue design treatment print "
    "theme sheen patina hues colors colours palette paintjob mood ambience"
)
_BARE_LOOKS = word_set("color colour texture finish tint makeover shade hue paint coat")
_POSES = word_set("smile expression pose frown grin kiss hug wink thumbs-up thumbs stare smirk")
_SAME = word_set("different new another other better nicer alternative")


def read_give(rest: Words) -> Reading:
    """Read "give the dog a red hat", "give it a vintage look"."""
    start = _given_start(rest)
    if start < 1:
        return unclear(read_thing(rest))
    return read_having(rest[:start], rest[start:])


def _given_start(rest: Words) -> int:
    """Where what is given begins: after the one to whom."""
    if rest and rest[0].lower in PRONOUNS | {"me"} and len(rest) > 1:
        possessed = rest[0].lower in ("her", "this", "that", "these", "those")
        article = rest[1].lower in DETERMINERS - DEFINITE
        if not possessed or article or is_quality(rest[1].lower) or is_comparative(rest[1].lower):
            return 1
        following = find(rest, DETERMINERS - DEFINITE, 1)
        return following if following > 0 else 1
    start = complement_start(rest, {"a", "an", "some", "more", "another", "two", "three", "four"})
    if start > 0:
        return start
    for index in range(2, len(rest)):
        if is_known_thing(rest[index - 1].lower) and rest[index].lower not in OPENERS:
            return index
    return -1


def read_having(target: Words, new: Words, *, grown: bool = False) -> Reading:
    """Read that something is to have something: a part it has already, a look, or a new thing."""
    given = read_thing(new)
    last = lower_at(given.core, len(given.core) - 1)
    if given.head in BACKGROUNDS:
        look = (*given.style, *given.core[:-1]) or given.detail or given.place
        return restyled_background(BACKGROUND, look)
    if given.head in _POSES:
        return not_an_edit(POSE, read_thing(target))
    if is_about_text(new):
        return not_an_edit("writing or changing text", read_thing(target))
    of = find(given.core, {"of"}, 1)
    if of > 0 and given.head in ("coat", "layer", "splash", "touch") and last == "paint":
        return read_becoming(target, given.core[of + 1 : -1])
    if given.head in _BARE_LOOKS and (given.style or given.core[:-1]):
        return read_becoming(target, (*given.style, *given.core[:-1]))
    if (
        given.head in _LOOKS
        or (is_style_phrase(new) and not _is_a_thing(given))
        or last in PATTERNS
    ):
        return read_becoming(target, new)
    picture = names_picture(target)
    if picture and (given.head in WHOLE_ATTRIBUTES or is_hour(new)):
        return restyled_picture(new)
    owner = () if picture else target
    changed = _read_part(given, owner, grown=grown)
    return changed or Reading(InstructionType.ADD, given, given, anchor=owner or given.place)


def _is_a_thing(given: Thing) -> bool:
    """Whether it is "a painting", which can hang on a wall; not "a cubist painting"."""
    one = given.determiner in ("a", "an") and len(given.core) == 1
    return one and not given.style and is_known_thing(given.head)


def _read_part(given: Thing, owner: Words, *, grown: bool) -> Reading | None:
    """What somebody has by nature, or wears already, is to be otherwise; None if it is new."""
    if not given.core:
        return None
    first, last = given.core[0].lower, given.core[-1].lower
    body = Thing(core=given.core[-1:], place=(Word("on", "on"), *owner) if owner else ())
    part = given.head in _BODY or last in _BODY | _BUILT_IN
    told = bool(given.core[:-1] or given.detail) or given.determiner in ("more", "no")
    if part and (told or grown or given.head in HAIR):
        look = own_look(given, given.head)
        more = (Word("more", "more"),) if given.determiner == "more" else ()
        return restyled_thing(body, (*more, *look) or given.core)
    again = first in _SAME and (is_garment(given.head) or part)
    if again or (is_comparative(first) and given.core[:-1]):
        return restyled_thing(body, given.core[:-1])
    return None
