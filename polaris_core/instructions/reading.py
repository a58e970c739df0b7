"""What a request was read as, before it becomes an intent."""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import (
    ATTRIBUTES,
    BACKGROUNDS,
    DETERMINERS,
    OPENERS,
    POSTURES,
    WHOLE_ATTRIBUTES,
)
from polaris_core.instructions.phrases import (
    NOTHING,
    Thing,
    drop_articles,
    names_picture,
    read_thing,
)
from polaris_core.instructions.words import Word, Words, base_noun, lower_at, strip_marks

__all__ = [
    "BACKGROUND",
    "POSE",
    "Reading",
    "Target",
    "left_unsaid",
    "not_an_edit",
    "read_target",
    "restyled_background",
    "restyled_picture",
    "restyled_thing",
]

_AROUND = frozenset({"except", "but", "besides", "excluding", "behind", "around", "else"})
BACKGROUND = Thing(core=(Word("background", "background"),))
"""The background, where the sentence calls it otherwise."""
POSE = "a change of pose, action or expression"


@dataclass(frozen=True, slots=True)
class Reading:
    """One request, read."""

    kind: InstructionType
    subject: Thing = NOTHING
    """The thing that changes, leaves, or is new; nothing for the whole picture."""
    new: Thing = NOTHING
    """What the subject becomes."""
    shown: Words = ()
    """The words of the prompt, where they need not be put together."""
    said: Words = ()
    """The verb that names the look, where the sentence says it by its verb: "brighten"."""
    look: Words = ()
    """The look asked for of a thing that keeps its kind, or of the whole picture."""
    anchor: Words = ()
    """Where a new thing goes, with its preposition."""
    reason: str = ""
    """Why nothing can be edited; for OTHER only."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request wants to change, told apart by kind."""

    words: Words
    attribute: str = ""
    """"color" in "the color of the boots"."""

    @property
    def is_picture(self) -> bool:
        """Whether it is the whole picture, or its weather, style and the like."""
        if names_picture(self.words):
            return True
        return self.attribute in WHOLE_ATTRIBUTES and not self.words

    @property
    def is_background(self) -> bool:
        """Whether it is the background, or a thing of the background: "the background wall"."""
        return is_background(read_thing(self.words))

    @property
    def is_posture(self) -> bool:
        """Whether it is somebody's action, pose or expression."""
        return self.attribute in POSTURES


def is_background(thing: Thing) -> bool:
    """Whether a thing is called the background, or one of the background."""
    return thing.head in BACKGROUNDS or base_noun(thing.head) in BACKGROUNDS


def read_target(words: Words) -> Target:
    """Part an attribute from its thing: "the jacket's color", "jacket color", "color of it"."""
    if lower_at(words, 0) in ("everything", "all") and lower_at(words, 1) in _AROUND:
        return Target(BACKGROUND.core)
    _, bare = drop_articles(words)
    first, following = lower_at(bare, 0), lower_at(bare, 1)
    if first in _GENERAL and following in _KNOWN:
        return read_target(bare[1:])
    if first in _KNOWN and (len(bare) < 2 or following in _OF):
        return _attribute_of(first, bare)
    core = read_thing(words).core
    if not core:
        return Target(strip_marks(words))
    last = core[-1].lower
    if last in ATTRIBUTES | POSTURES:
        return _attribute_after(bare, core, last)
    if len(core) > 1 and last in WHOLE_ATTRIBUTES and names_picture(core[:-1]):
        return Target((), last)
    return Target(()) if last == "scene" else Target(strip_marks(words))


_KNOWN = ATTRIBUTES | POSTURES | WHOLE_ATTRIBUTES
_OF = frozenset({"of", "in", "on", "for", "and"})
_GENERAL = frozenset({"overall", "general", "art", "artistic", "visual"})


def _attribute_of(first: str, bare: Words) -> Target:
    """Read "color of the jacket", "style and mood of the picture"."""
    rest = bare[2:] if lower_at(bare, 1) != "and" else bare[3:]
    if first == "time" and lower_at(rest, len(rest) - 1) in ("day", "year"):
        return Target((), first)
    if lower_at(rest, 0) in OPENERS:
        rest = rest[1:]
    return Target(rest, first)


def _attribute_after(bare: Words, core: Words, last: str) -> Target:
    """Read "the jacket color", "the jacket's color", "facial expression"."""
    if all(w.lower in POSTURES for w in core):
        return Target((), last)
    if len(core) == 1:
        return _owned(bare, core)
    end = next((i for i, w in enumerate(bare) if w is core[-1]), len(bare) - 1)
    return Target((*bare[:end], *bare[end + 1 :]), last)


def _owned(bare: Words, core: Words) -> Target:
    """The owner and the rest are the thing: "the girl's dress color"."""
    end = next((i for i, w in enumerate(bare) if w is core[-1]), len(bare) - 1)
    owner = tuple(w for w in bare[:end] if w.lower not in DETERMINERS)
    return Target((*owner, *bare[end + 1 :]), core[-1].lower)


def not_an_edit(what: str, subject: Thing = NOTHING) -> Reading:
    """A request outside the types: `what` names it."""
    reason = (
        f"The sentence asks for {what}, which Polaris does not do. It can replace, add, remove or "
        "restyle things, restyle the whole picture, or make a new one"
    )
    return Reading(InstructionType.OTHER, subject, reason=reason)


def left_unsaid(what: str, example: str, subject: Thing = NOTHING) -> Reading:
    """Half a request: `what` is lacking, and `example` is a whole one."""
    reason = f"The sentence does not say {what}; write it like “{example}”"
    return Reading(InstructionType.OTHER, subject, reason=reason)


def restyled_picture(look: Words, *, said: Words = ()) -> Reading:
    """The whole picture in another look."""
    return Reading(InstructionType.GLOBAL_STYLE, look=look, said=said)


def restyled_thing(
    subject: Thing, look: Words, new: Thing = NOTHING, *, said: Words = ()
) -> Reading:
    """A thing that keeps its kind in another look."""
    return Reading(InstructionType.LOCAL_STYLE, subject, new, look=look, said=said)


def restyled_background(subject: Thing, look: Words, *, said: Words = ()) -> Reading:
    """Another background, or the background in another look."""
    if subject.head in BACKGROUNDS - {"background", "backdrop"}:
        subject = BACKGROUND
    return Reading(InstructionType.LOCAL_STYLE, subject, look=look, said=said)
