"""What an instruction asks for, as one frozen value."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["EditIntent", "InstructionType", "Topics"]


class InstructionType(str, enum.Enum):
    """The kinds of request; the first five are the paper's types 0 to 4."""

    CATEGORY_CHANGE = "category_change"
    """0: a thing becomes another thing."""
    ADD = "add"
    """1: a new thing enters the picture."""
    LOCAL_STYLE = "local_style"
    """2: a thing, or the background, keeps its kind and looks different."""
    GLOBAL_STYLE = "global_style"
    """3: the whole picture looks different."""
    NEW_PICTURE = "new_picture"
    """4: a new picture, in the style of the reference picture if there is one."""
    REMOVE = "remove"
    """A thing leaves the picture."""
    OTHER = "other"
    """None of these: never edited in silence."""

    @property
    def is_local(self) -> bool:
        """Whether only a region of the picture changes, so that a mask is needed."""
        return self in _LOCAL

    @property
    def edits_picture(self) -> bool:
        """Whether it starts from the picture's own pixels."""
        return self in _LOCAL or self is InstructionType.GLOBAL_STYLE


_LOCAL = frozenset(
    {
        InstructionType.CATEGORY_CHANGE,
        InstructionType.ADD,
        InstructionType.LOCAL_STYLE,
        InstructionType.REMOVE,
    }
)


@dataclass(frozen=True, slots=True)
class Topics:
    """What adapters are sought for: one style phrase and a phrase per object."""

    style: str = ""
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditIntent:
    """A parsed instruction."""

    instruction: str
    """The user's sentence, as given."""
    instruction_type: InstructionType
    style_transformation: bool = False
    """Whether a style is asked for; always true for LOCAL_STYLE and GLOBAL_STYLE."""
    subject: str = ""
    """The thing to change ("image" for the whole), the new thing for ADD and NEW_PICTURE."""
    place: str = ""
    """Where the subject stands: "on the left"; empty if not told."""
    anchor: str = ""
    """Where an added thing goes, with its preposition: "next to the tent"."""
    generation_prompt: str = ""
    """The final look only: no editing verb, no attribute that was not asked for."""
    contour_compatible: bool = True
    """Whether the new shape fits the old outline; true where the question does not arise."""
    foreground: tuple[str, ...] = ()
    """Nouns of the things in the foreground."""
    style_words: str = ""
    """The look asked for: "watercolor"."""
    object_words: str = ""
    """The new thing with its modifiers: "red fox"."""
    topics: Topics = Topics()
    remaining: tuple[str, ...] = ()
    """Further requests of the sentence that are not carried out."""
    explanation: str = ""
    """Why the sentence could not be read as an edit, in plain words; empty otherwise."""
    parser: str = "grammar"
    """Which parser spoke."""
    fallback_reason: str = ""
    """Why the grammar spoke where a language model was asked; empty otherwise."""
