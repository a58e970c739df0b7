"""A thing, the background or the whole picture becomes something, or looks so."""

from __future__ import annotations

from dataclasses import replace

from polaris_core.instructions.actions import is_action
from polaris_core.instructions.body_plans import body_plan, is_garment, is_known_thing, is_person
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import BACKGROUNDS, PICTURES
from polaris_core.instructions.looks import is_look, trailing_look
from polaris_core.instructions.phrases import (
    NOTHING,
    Thing,
    drop_articles,
    heads,
    names_picture,
    read_thing,
)
from polaris_core.instructions.qualities import (
    is_quality,
)
from polaris_core.instructions.reading import (
    BACKGROUND,
    POSE,
    Reading,
    Target,
    left_unsaid,
    not_an_edit,
    read_target,
    restyled_background,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.scenes import is_hour, is_scene, scene_of_place
from polaris_core.instructions.styles import is_style_phrase, style_chunk
from polaris_core.instructions.texts import changes_text, is_about_text, looks_otherwise
from polaris_core.instructions.words import Words, base_noun, find, lower_at, strip_marks, word_set

__all__ = ["HAIR", "PAPERS", "own_look", "read_becoming", "unclear"]

HAIR = word_set("hair hairstyle haircut hairdo makeup bangs ponytail fringe")
_FILLERS = word_set(
    "like as if more though to be look become appear have much made it was were it's is are they "
    "he she being a-bit seem just instead also of"
)
_EXCEPT = frozenset({"except", "but", "besides", "excluding"})
_GONE = frozenset({"gone", "removed"})
_VIEWS = word_set("angle view viewpoint perspective camera vantage framing viewing")
PAPERS = frozenset({"id photo", "id picture", "passport photo", "id card photo", "headshot"})
_COLOURED = word_set("painted dyed coloured colored tinted turned")
_KEPT_BEFORE = frozenset({"more", "much", "as", "just"})
_MADE = frozenset({"painted", "drawn", "made", "done", "directed"})
_SHARPER = word_set(
    "clearer sharper hd 4k 8k uhd high-resolution hi-res higher-resolution focused "
    "high-definition high-quality crisper"
)
_TOYS = word_set(
    "figurine doll toy puppet sculpture statue sticker stamp coin ornament plushie poster "
    "miniature diorama model cover keychain souvenir snowglobe puzzle meme postcard book movie "
    "film"
)
_EXPRESSION_NOUNS = word_set("smile frown grin smirk expression pose pout wink scowl grimace")


def read_becoming(target: Words, new: Words, *, seems: bool = False) -> Reading:
    """Read "`target` becomes `new`", or only looks so."""
    new = _without_fillers(strip_marks(new))
    if lower_at(target, 0) in ("everything", "all") and find(target, _EXCEPT) > 0:
        target = BACKGROUND.core
    elif find(new, _EXCEPT) > 0 and names_picture(target):
        target, new = BACKGROUND.core, new[: find(new, _EXCEPT)]
    wanted = read_target(target)
    thing = read_thing(wanted.words)
    outside = _outside(target, new, wanted)
    if outside:
        return not_an_edit(outside, thing)
    if not new:
        return unclear(thing)
    if len(new) == 1 and new[0].lower in _GONE and not wanted.is_picture:
        return Reading(InstructionType.REMOVE, thing)
    if thing.head in BACKGROUNDS:
        return restyled_background(BACKGROUND, _scenery(new))
    if wanted.is_picture:
        return _read_picture_change(wanted, new)
    if wanted.attribute and wanted.attribute != "design":
        return restyled_thing(thing, trailing_look(new))
    if seems and _only_seems(thing, new):
        return restyled_thing(thing, trailing_look(new))
    return _read_thing_change(thing, new)


def _outside(target: Words, new: Words, wanted: Target) -> str:
    """What is asked for, if it is no edit of ours; else an empty text."""
    noun = base_noun(read_thing(wanted.words).head)
    made = read_thing(new)
    if _is_text(target, new):
        return "writing or changing text"
    if noun in _VIEWS:
        return "another point of view"
    if made.text.lower() in PAPERS:
        return "an ID photo"
    closed = noun in ("eye", "mouth") and lower_at(new, 0) in ("closed", "open", "shut")
    if closed or wanted.is_posture or is_action(new) or made.head in _EXPRESSION_NOUNS:
        return POSE
    return ""


def _is_text(target: Words, new: Words) -> bool:
    """Whether text is to read otherwise; text in another colour is a thing in another look."""
    if changes_text(target, new):
        return True
    if not is_about_text(target):
        return is_about_text(new) and read_thing(new).is_quote
    return not looks_otherwise(target, new)


def _scenery(new: Words) -> Words:
    """The new background without "set in", "of", "scene of"."""
    while len(new) > 1 and new[0].lower in ("set", "in", "into", "at", "one", "of"):
        new = new[1:]
    made = read_thing(new)
    if made.head in BACKGROUNDS and len(made.core) > 1 and not made.detail:
        return (*made.style, *made.core[:-1])
    return new


def _without_fillers(words: Words) -> Words:
    if lower_at(words, 0) in _COLOURED and is_quality(lower_at(words, 1)):
        words = words[1:]
    if lower_at(words, 0) in ("taken", "shot", "photographed", "set") and len(words) > 2:
        words = drop_articles(words[2:])[1] if words[1].lower in ("in", "on", "at") else words
    by = find(words[:8], {"by"})
    anybody = lower_at(words, by + 1) in ("a", "an")  # "painted by a child" is the look
    if by > 0 and not anybody and lower_at(words, by - 1) in _MADE:
        words = words[by + 1 :]
    if len(words) > 2 and words[-1].lower in ("would", "did", "does"):
        words = words[:-1]  # "like Monet would"
    while len(words) > 1 and words[0].lower in _FILLERS:
        following = words[1].lower
        if words[0].lower in _KEPT_BEFORE and not following[0].isalnum():
            break
        if words[0].lower in ("more", "as") and following not in (
            "like",
            "if",
            "though",
            "a",
            "an",
        ):
            break
        words = words[1:]
    return words


def _only_seems(thing: Thing, new: Words) -> bool:
    made = read_thing(new)
    if is_person(thing.head) or thing.head in ("me", "him", "her", "them", "us"):
        return not body_plan(made.head) or is_person(made.head) or is_quality(made.head)
    return not is_known_thing(made.head) or is_style_phrase(new)


def _without_purpose(new: Words) -> Words:
    """Without "for use as a stamp", and without "the style of" before a name."""
    at = find(new, {"for"})
    if at > 1 and new[at - 1].lower in ("style", "look", "version", "image", "picture", "photo"):
        new = new[:at]
    return _named_style(new) or new


def _named_style(new: Words) -> Words:
    """The name in "the style of Monet"; empty if it is not said so."""
    _, bare = drop_articles(new)
    styled = lower_at(bare, 0) in ("style", "look", "manner") and lower_at(bare, 1) == "of"
    return bare[2:] if styled else ()


def _read_picture_change(wanted: Target, new: Words) -> Reading:
    new = _without_purpose(new)
    made = read_thing(new)
    if made.head in BACKGROUNDS:
        scene = (*made.style, *made.core[:-1]) or made.detail
        return restyled_background(BACKGROUND, scene)
    if new[0].lower in _SHARPER or read_thing(new).head in ("quality", "resolution", "definition"):
        return not_an_edit("restoring or sharpening a picture")
    lowers = [w.lower for w in wanted.words]
    pronoun = lowers in (["it"], ["this"], ["that"])
    scene = _scene(new)
    if scene and not wanted.attribute:
        return restyled_background(BACKGROUND, scene)
    if is_style_phrase(new) or is_hour(new) or made.style:
        return restyled_picture(new)
    alike = made.head in PICTURES | _TOYS or body_plan(made.head) == "sheet"
    if pronoun and is_known_thing(made.head) and not alike and not is_look(new, made):
        return unclear(made)
    named = bool(made.determiner) or new[0].text[:1].isupper()
    if named and is_scene(new) and not wanted.attribute and not pronoun:
        return restyled_background(BACKGROUND, new)
    return restyled_picture(new)


def _scene(new: Words) -> Words:
    """The place in "set in a desert", "in a forest"; nothing for a style, an hour or a season."""
    if lower_at(new, 0) == "set" and len(new) > 1:
        new = new[1:]
    if is_hour(new[1:]) or style_chunk(new):
        return ()
    if lower_at(new, 0) in ("in", "on", "at") and len(new) > 1:
        return scene_of_place(new) or (new[1:] if is_scene(new[1:]) else ())
    return ()


def _read_thing_change(thing: Thing, new: Words) -> Reading:
    named = _named_style(new)
    if named:
        return restyled_thing(thing, named)
    made = read_thing(new)
    if made.head in ("one", "ones", "version") and (made.core[:-1] or made.style or made.detail):
        if made.head == "version" or not made.core[:-1]:
            return restyled_thing(thing, own_look(made, made.head))
        made = replace(made, core=(*made.core[:-1], *thing.core[-1:]))
    if _same_kind(thing, made):
        return restyled_thing(thing, own_look(made, thing.head), made)
    if thing.head in HAIR:
        return restyled_thing(thing, trailing_look(new))
    if (is_look(new, made) and not _grounds(thing, made)) or _is_in_background(thing):
        return restyled_thing(thing, trailing_look(new))
    alike = (is_garment(thing.head) and is_garment(made.head)) or (
        is_person(thing.head) and is_person(made.head)
    )
    if alike:
        return restyled_thing(thing, own_look(made, made.head) or new, made)
    return Reading(InstructionType.CATEGORY_CHANGE, thing, made)


def _same_kind(thing: Thing, made: Thing) -> bool:
    named = bool(made.core[:-1] or made.style or made.detail)
    return bool(thing.head) and thing.head in heads(made) and named


def _grounds(thing: Thing, made: Thing) -> bool:
    """Whether a ground becomes another: sand for grass is a thing, not a material."""
    return body_plan(thing.head) in _GROUNDS and body_plan(made.head) in _GROUNDS


_GROUNDS = frozenset({"ground", "water", "forest"})


def _is_in_background(thing: Thing) -> bool:
    return any(w.lower in ("background", "backdrop") for w in thing.core[:-1])


def own_look(made: Thing, noun: str) -> Words:
    """What a thing of the same kind is to look like, without the noun if it comes last."""
    core = made.core[:-1] if base_noun(made.core[-1].lower) == noun else made.core
    if made.head in ("one", "ones", "version") and made.core:
        core = made.core[:-1]
    detail = made.detail
    while len(detail) > 1 and detail[0].lower in _RELATING:
        detail = detail[1:]
    return (*made.style, *core, *detail)


_RELATING = word_set("that which looks look is are appears made of with")


def unclear(subject: Thing = NOTHING) -> Reading:
    """Something is to change, but into what is not said."""
    example = "Replace the cat with a fox” or “Make the curtain red"
    return left_unsaid("both what is to change and into what", example, subject)
