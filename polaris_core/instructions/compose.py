"""From a reading to an intent: the words for retrieval, for the prompt and for the masker."""

from __future__ import annotations

from polaris_core.instructions.body_plans import body_plan, outline_fits
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.instructions.lexicon import OPENERS, PICTURES, RESHAPE
from polaris_core.instructions.phrases import (
    NOTHING,
    Thing,
    drop_articles,
    heads,
    names_picture,
    parts,
    read_thing,
)
from polaris_core.instructions.qualities import COLOURS, is_quality
from polaris_core.instructions.reading import Reading
from polaris_core.instructions.styles import is_style_phrase, without_closing_word
from polaris_core.instructions.words import Words, base_noun, text_of, word_set

__all__ = ["compose"]

_NUMBERS = word_set("some two three four five six several many the")
_SINGLE = word_set("a an another one each every this that")
_SIDES = word_set("left right side middle center centre corner top bottom edge front foreground")
_PERSONS = {"him": "man", "her": "woman", "me": "person", "them": "people", "us": "people"}
_FILTERS = frozenset({"filter", "filters"})
_SURFACES = frozenset({"on", "from"})


def compose(reading: Reading, *, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    """Write a reading out as an intent."""
    build = {
        InstructionType.CATEGORY_CHANGE: _category_change,
        InstructionType.ADD: _add,
        InstructionType.LOCAL_STYLE: _local_style,
        InstructionType.GLOBAL_STYLE: _global_style,
        InstructionType.NEW_PICTURE: _new_picture,
        InstructionType.REMOVE: _remove,
        InstructionType.OTHER: _other,
    }[reading.kind]
    return build(reading, instruction, remaining)


def _category_change(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    old, new = reading.subject, reading.new
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        style_transformation=bool(new.style),
        subject=old.text,
        place=_place(old),
        generation_prompt=_describe(new),
        contour_compatible=outline_fits(_shape(old), _shape(new)),
        foreground=_nouns(old),
        style_words=text_of(new.style),
        object_words=_object(new),
        topics=Topics(text_of(new.style), _objects(new)),
        remaining=remaining,
    )


def _add(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    new = reading.new
    beside = _neighbour(reading.anchor)
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        style_transformation=bool(new.style),
        subject=new.text,
        anchor=text_of(reading.anchor),
        generation_prompt=_describe(new),
        foreground=_nouns(new, beside),
        style_words=text_of(new.style),
        object_words=_object(new),
        topics=Topics(text_of(new.style), _objects(new)),
        remaining=remaining,
    )


def _local_style(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    thing, made = reading.subject, reading.new
    look = without_closing_word(reading.look)
    renamed = bool(made.core) and thing.head not in heads(made)
    fits = not _reshapes((*thing.core, *look)) and not _restyles_hair(thing, look)
    fits = fits and (not renamed or outline_fits(_shape(thing), _shape(made)))
    background = thing.head == "background"
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        style_transformation=True,
        subject=thing.text,
        place=_place(thing),
        generation_prompt=_describe(made) if made.core else _dressed(thing, look, background),
        contour_compatible=fits,
        foreground=() if background else _nouns(thing),
        style_words=text_of(reading.said or look),
        object_words=_object(made) if renamed else "",
        topics=Topics(text_of(look), _objects(made) if renamed else ()),
        remaining=remaining,
    )


def _global_style(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    look = without_closing_word(reading.look)
    plain = tuple(w for w in look if w.lower not in _FILTERS) or look
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        style_transformation=True,
        subject="image",
        generation_prompt=text_of(plain),
        contour_compatible=not _reshapes(look),
        style_words=text_of(reading.said or look),
        topics=Topics(text_of(plain)),
        remaining=remaining,
    )


def _new_picture(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    new = reading.new
    around = _neighbour(new.place)
    objects = _objects(new) + _objects(around)
    place = f" {text_of(new.place)}" if new.place else ""
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        style_transformation=bool(new.style),
        subject=new.text,
        generation_prompt=text_of(reading.shown) or _describe(new, after=place),
        foreground=_nouns(new),
        style_words=text_of(new.style),
        object_words=" ".join(filter(None, (new.text, text_of(new.detail), text_of(new.place)))),
        topics=Topics(text_of(new.style), tuple(dict.fromkeys(objects))),
        remaining=remaining,
    )


def _remove(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    thing = reading.subject
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        subject=thing.text,
        place=_place(thing),
        generation_prompt=_behind(thing),
        foreground=_nouns(thing),
        remaining=remaining,
    )


def _other(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        subject=reading.subject.text,
        remaining=remaining,
        explanation=reading.reason,
    )


def _reshapes(words: Words) -> bool:
    """Whether the words ask for another shape: "bigger", "chibi-style", "hairstyle"."""
    return any(part in RESHAPE for word in words for part in (word.lower, *word.lower.split("-")))


def _restyles_hair(thing: Thing, look: Words) -> bool:
    """Whether hair gets another cut; another colour keeps its outline."""
    if thing.head not in ("hair", "hairstyle", "haircut", "hairdo", "beard", "fringe"):
        return False
    return not all(w.is_mark or is_quality(w.lower) for w in look)


def _shape(thing: Thing) -> str:
    """The noun whose outline counts: of two words where the table has both, as "hot-dog"."""
    if len(thing.core) > 1 and thing.head == base_noun(thing.core[-1].lower):
        compound = f"{thing.core[-2].lower}-{thing.head}"
        if body_plan(compound) != body_plan(thing.head):
            return compound
    return thing.head


def _place(thing: Thing) -> str:
    return " ".join(filter(None, (text_of(thing.detail), text_of(thing.place))))


def _neighbour(place: Words) -> Thing:
    """The thing that a place phrase goes by: the tent in "next to the tent"."""
    while place and place[0].lower in OPENERS | _SIDES:
        place = place[1:]
    thing = read_thing(place)
    return NOTHING if thing.head in _SIDES | PICTURES else thing


def _object(thing: Thing) -> str:
    """The thing with its modifiers; what it is doing is not part of it."""
    doing = thing.detail and thing.detail[0].lower.endswith("ing")
    worn = thing.detail and thing.detail[0].lower in ("wearing", "holding")
    return " ".join(filter(None, (thing.text, "" if doing and not worn else text_of(thing.detail))))


def _objects(thing: Thing) -> tuple[str, ...]:
    found = dict.fromkeys(text_of(part) for part in parts(thing))
    return tuple(f for f in found if f.lower() not in PICTURES)


def _nouns(*things: Thing) -> tuple[str, ...]:
    nouns = dict.fromkeys(head for thing in things for head in heads(thing))
    return tuple(n for n in nouns if n and n not in PICTURES)


def _article(thing: Thing, words: str) -> str:
    if thing.determiner in _NUMBERS:
        return thing.determiner
    if thing.determiner not in _SINGLE:
        return ""
    return "an" if words[:1].lower() in tuple("aeiou") else "a"


def _describe(thing: Thing, after: str = "") -> str:
    """The final look of a new thing: "a watercolor fox", "a violin, ukiyo-e style"."""
    before = text_of(thing.style) if thing.styled_before else ""
    words = " ".join(filter(None, (before, thing.text, text_of(thing.detail))))
    described = f"{_article(thing, words)} {words}".strip() + after
    if thing.style and not thing.styled_before:
        closing = "" if body_plan(thing.style[-1].lower) or _is_medium(thing.style) else " style"
        described += f", {text_of(thing.style)}{closing}"
    return described


def _is_medium(style: Words) -> bool:
    return style[-1].lower in ("painting", "drawing", "sketch", "illustration", "render", "art")


def _dressed(thing: Thing, look: Words, background: bool) -> str:
    """A thing in its new look; a background in a new scene is that scene."""
    text = text_of(look)
    if background and not is_style_phrase(look) and not all(is_quality(w.lower) for w in look):
        return text if look[0].lower not in ("filled", "full", "covered") else f"background {text}"
    core = thing.core
    if any(w.lower in COLOURS for w in look):
        core = tuple(w for w in core if w.lower not in COLOURS) or core
    name = _PERSONS.get(thing.text.lower(), text_of(core))
    before = len(look) <= 4 and not any(w.lower in ("of", "with", "to", "like") for w in look)
    return f"{text} {name}".strip() if before else f"{name}, {text}"


def _behind(thing: Thing) -> str:
    """What is to be seen where the thing was: what it lay on, if told, or the background."""
    place = thing.place
    if place and place[0].lower in _SURFACES and not names_picture(place[1:]):
        under = read_thing(place[1:])
        if under.core and base_noun(under.head) not in ("side", "left", "right", "corner", "top"):
            _, bare = drop_articles(under.core)
            return f"the {text_of(bare)}"
    return "the background"
