"""Requests with make, have, let, get, give and dress."""

from __future__ import annotations

from polaris_core.instructions.actions import LOOK_OF_DOING, action_start, is_gaze
from polaris_core.instructions.becoming import HAIR, own_look, read_becoming, unclear
from polaris_core.instructions.body_plans import (
    body_plan,
    is_being,
    is_garment,
    is_known_thing,
    is_person,
)
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import (
    BACKGROUNDS,
    DEFINITE,
    DETERMINERS,
    OPENERS,
    PRONOUNS,
    WHOLE_ATTRIBUTES,
)
from polaris_core.instructions.phrases import (
    Thing,
    drop_articles,
    find,
    is_participle,
    names_picture,
    read_thing,
)
from polaris_core.instructions.placing import part_place, read_setting
from polaris_core.instructions.qualities import MATERIALS, PATTERNS, is_comparative, is_quality
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
from polaris_core.instructions.styles import is_style_phrase, style_chunk
from polaris_core.instructions.texts import changes_text, is_about_text
from polaris_core.instructions.wearing import read_wear
from polaris_core.instructions.words import Word, Words, lower_at, word_set

__all__ = ["read_give", "read_having", "read_make", "split_make"]

_SEEMING = frozenset({"look", "looks", "appear", "become", "be", "resemble", "seem", "looking"})
_WEARING = frozenset({"wear", "wearing", "wears"})
_HAVING = frozenset({"have", "has", "having", "grow", "show"})
_WEIGHT = word_set("weight pounds pound kilos kg kilograms lbs lb muscle muscles fat mass inches")
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


def read_make(verb: str, rest: Words) -> Reading:
    """Read "make the wall blue", "have her wear a hat", "let it look like a comic"."""
    if not rest:
        return unclear()
    if verb in ("have", "get") and rest[0].lower in DETERMINERS - DEFINITE:
        return read_having((), rest)
    if changes_text(rest, ()) or _says_text(rest):
        return not_an_edit("writing or changing text", read_thing(rest[: _saying(rest)]))
    if is_gaze(rest):
        return not_an_edit(POSE, read_thing(rest[: find(rest, {"look", "looking"})]))
    at = find(rest, _WEARING)
    if at > 0:
        return read_wear(rest[:at], rest[at + 1 :])
    at = find(rest, _HAVING)
    if at > 0 and at + 1 < len(rest) and _is_subject_end(rest, at):
        return read_having(rest[:at], rest[at + 1 :], grown=rest[at].lower == "grow")
    at = find(rest, {"lose", "gain"})
    if at > 0:
        return _read_weight(rest, at)
    return _read_weather(rest) or _read_doing(rest) or _read_made(rest)


def _read_made(rest: Words) -> Reading:
    """Read "(make) the wall blue", "(make) it look like a comic"."""
    seeming = find(rest, _SEEMING)
    target, new = split_make(rest)
    if not new and (placed := read_setting(*part_place(rest))):
        return placed
    seems = seeming > 0 and rest[seeming].lower not in ("be", "become")
    return read_becoming(target, new, seems=seems)


def _read_doing(rest: Words) -> Reading | None:
    """Read "(make) the lamp glow", "(make) the man wave"; None if nothing is done."""
    glowing = LOOK_OF_DOING.get(rest[-1].lower, "")
    if glowing and len(rest) > 1 and not is_being(read_thing(rest[:-1]).head):
        return read_becoming(rest[:-1], (Word(glowing, glowing),))
    seeming = find(rest, _SEEMING)
    doing = action_start(rest)
    if doing > 0 and (seeming < 0 or doing < seeming):
        return not_an_edit(POSE, read_thing(rest[:doing]))
    return None


def _says_text(rest: Words) -> bool:
    at = find(rest, _SAYING)
    return 0 < at < len(rest) - 1


def _saying(rest: Words) -> int:
    at = find(rest, _SAYING)
    return at if at > 0 else len(rest)


_SAYING = frozenset({"say", "read", "saying", "spell"})


def _is_subject_end(rest: Words, at: int) -> bool:
    before = rest[at - 1].lower
    return before not in DETERMINERS | OPENERS or before in PRONOUNS


def _read_weight(rest: Words, at: int) -> Reading:
    thing = read_thing(rest[:at])
    if any(w.lower in _WEIGHT for w in rest[at:]):
        return restyled_thing(thing, rest[at:])
    if rest[at].lower == "lose" and at + 1 < len(rest):
        return Reading(InstructionType.REMOVE, read_thing(rest[at + 1 :]))
    return unclear(thing)


def _read_weather(rest: Words) -> Reading | None:
    """Read "make it rain", "let it snow"."""
    subject = rest[:-1]
    of_weather = lower_at(rest, 0) == "it" or lower_at(subject, len(subject) - 1) in _SKIES
    if subject and of_weather and rest[-1].lower in ("rain", "snow", "storm", "hail", "pour"):
        return restyled_picture(rest[-1:])
    return None


_SKIES = frozenset({"weather", "sky", "it"})


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
    start = _complement_start(rest, {"a", "an", "some", "more", "another", "two", "three", "four"})
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
    if given.head in _BARE_LOOKS and given.core[:-1]:
        return read_becoming(target, (*given.style, *given.core[:-1]))
    if given.head in _LOOKS or is_style_phrase(new) or last in PATTERNS:
        return read_becoming(target, new)
    picture = names_picture(target)
    if picture and (given.head in WHOLE_ATTRIBUTES or is_hour(new)):
        return restyled_picture(new)
    owner = () if picture else target
    changed = _read_part(given, owner, grown=grown)
    return changed or Reading(InstructionType.ADD, given, given, anchor=owner or given.place)


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


def split_make(rest: Words) -> tuple[Words, Words]:
    """The target of "make" and what it is to become."""
    seeming = find(rest, _SEEMING)
    if seeming > 0 and seeming + 1 < len(rest):
        target, new = rest[:seeming], rest[seeming + 1 :]
        while target[-1].lower in ("to", "should", "also", "just") and len(target) > 1:
            target = target[:-1]
        return target, new
    for mark in ("into", "to", "as", "using", "from", "of", "in"):
        index = find(rest, {mark})
        if index > 0 and _has_complement(rest, index):
            continue
        if mark == "in" and not (index > 0 and _is_look_in(rest[index:])):
            continue
        if index > 0 and (mark != "of" or rest[index - 1].lower == "out"):
            if mark == "to" and rest[index - 1].lower in ("next", "close"):
                continue
            target = rest[: index - 1] if mark == "of" else rest[:index]
            while len(target) > 1 and target[-1].lower in ("entirely", "completely", "only"):
                target = target[:-1]
            return target, rest[index + 1 :]
    start = _complement_start(rest, {"a", "an"})
    return (rest[:start], rest[start:]) if start > 0 else (rest, ())


def _has_complement(rest: Words, index: int) -> bool:
    """Whether "a carriage" in "(make) the pumpkin a carriage in chalk style" comes before."""
    articles = [i for i in range(2, index) if rest[i].lower in ("a", "an")]
    return any(rest[i - 1].lower not in OPENERS | _BETWEEN for i in articles)


_BETWEEN = frozenset({"and", "or", ",", "out"})


def _is_look_in(chunk: Words) -> bool:
    if style_chunk(chunk):
        return True
    _, bare = drop_articles(chunk[1:])
    return bool(bare) and all(is_quality(w.lower) or w.lower == "and" for w in bare)


def _complement_start(rest: Words, articles: set[str]) -> int:
    """Where the noun phrase at the front ends and what it shall be begins; -1 if nowhere."""
    first = rest[0].lower if rest else ""
    for index in range(1, len(rest)):
        lower, before = rest[index].lower, rest[index - 1].lower
        if before in OPENERS or before.endswith("'s"):
            continue
        pronoun = index == 1 and first in PRONOUNS
        if before in DETERMINERS and not pronoun:
            continue
        if lower in articles | {"more", "less", "much", "very", "slightly"}:
            return index
        if is_quality(before) and before not in MATERIALS and not pronoun and not _is_noun(before):
            continue
        if is_quality(lower) or _compares(rest, index) or is_style_phrase(rest[index:]):
            return index
        if lower in ("like", "all", "completely", "totally", "entirely", "fully"):
            return index
    last = len(rest) - 1
    if len(rest) == 2 and first in PRONOUNS:
        return 1
    _, bare = drop_articles(rest)
    if len(bare) != 2 or is_person(bare[0].lower) or bare[0].lower in OPENERS | DETERMINERS:
        return -1
    return last


def _is_noun(word: str) -> bool:
    return bool(body_plan(word))


def _compares(rest: Words, index: int) -> bool:
    lower = rest[index].lower
    return is_comparative(lower) and not is_known_thing(lower) and not is_participle(rest, index)
