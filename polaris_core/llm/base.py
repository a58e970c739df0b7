"""What every language model can do here: answer a question, within a JSON schema if one is given.

    Question (messages, pictures, schema) ─▶ ChatModel ─▶ reply text ─▶ structured.read_object

An implementation only asks and answers; what the reply means is read elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from polaris_core.progress import Progress, silent

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ChatModel", "Message", "Question"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str
    pictures: tuple[Image, ...] = ()
    """RGB pictures shown before the text; a model without vision leaves them out."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    """JSON schema of the reply; None for free text."""
    max_tokens: int = 700
    """The longest reply, in the model's tokens, without what it thinks aloud before."""


class ChatModel(Protocol):
    """A language model that is ready to answer."""

    @property
    def name(self) -> str:
        """What the user calls it: a folder's or a hub's name, or what the server knows it as."""
        ...

    @property
    def sees_pictures(self) -> bool:
        """Whether pictures in a question are looked at."""
        ...

    def reply(self, question: Question, progress: Progress = silent) -> str:
        """Answer a question.

        Returns:
            The text as the model wrote it, without what it thought aloud. It obeys the schema if
            the model can be held to it; nobody may rely on that.

        Raises:
            LanguageModelProblem: It could not answer.
            Cancelled: `progress` raised it; whatever else it raises passes through as well.
        """
        ...
