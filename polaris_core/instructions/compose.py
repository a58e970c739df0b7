"""From a reading to an intent: the words for retrieval, for the prompt and for the masker."""

from __future__ import annotations

from polaris_core.instructions.body_plans import body_plan, outline_fits
from polaris_core.instructions.final_look import (
    describe_behind,
    describe_restyled,
    describe_thing,
    without_owners,
)
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.instructions.lexicon import OPENERS, PICTURES, RESHAPE
from polaris_core.instructions.phrases import (
    NOTHING,
    Thing,
    heads,
    is_participle,
    parts,
    read_thing,
)
from polaris_core.instructions.qualities import is_quality
from polaris_core.instructions.reading import Reading
from polaris_core.instructions.styles import without_closing_word
from polaris_core.instructions.words import Words, base_noun, text_of, word_set

__all__ = ["compose"]

_SIDES = word_set("left right side middle center centre corner top bottom edge front foreground")
_FILTERS = frozenset({"filter", "filters"})


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
        generation_prompt=describe_thing(new),
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
        generation_prompt=describe_thing(new),
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
    fits = not _reshapes(look) and not _restyles_hair(thing, look)
    fits = fits and (not renamed or outline_fits(_shape(thing), _shape(made)))
    background = thing.head == "background"
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        style_transformation=True,
        subject=thing.text,
        place=_place(thing),
        generation_prompt=describe_thing(made)
        if made.core
        else describe_restyled(thing, look, background),
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
        generation_prompt=without_owners(plain),
        contour_compatible=not _reshapes(look),
        style_words=text_of(reading.said or look),
        topics=Topics(text_of(plain)),
        remaining=remaining,
    )


def _new_picture(reading: Reading, instruction: str, remaining: tuple[str, ...]) -> EditIntent:
    new = reading.new
    around = _neighbour(new.place)
    objects = _objects(new) + _objects(around)
    return EditIntent(
        instruction=instruction,
        instruction_type=reading.kind,
        style_transformation=bool(new.style),
        subject=new.text,
        generation_prompt=without_owners(reading.shown) or describe_thing(new, after=new.place),
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
        generation_prompt=describe_behind(thing),
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
    does = (i for i in range(len(thing.detail)) if _is_doing(thing.detail, i))
    detail = thing.detail[: next(does, len(thing.detail))]
    return " ".join(filter(None, (thing.text, text_of(detail))))


def _is_doing(detail: Words, index: int) -> bool:
    lower = detail[index].lower
    does = lower.endswith("ing") and lower not in ("wearing", "holding")
    return does and (not index or is_participle(detail, index))


def _objects(thing: Thing) -> tuple[str, ...]:
    found = dict.fromkeys(text_of(part) for part in parts(thing))
    return tuple(f for f in found if f.lower() not in PICTURES)


def _nouns(*things: Thing) -> tuple[str, ...]:
    nouns = dict.fromkeys(head for thing in things for head in heads(thing))
    return tuple(n for n in nouns if n and n not in PICTURES)
