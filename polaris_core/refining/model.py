"""A refiner that asks a language model, which looks at previews too if it can."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from polaris_core.catalogue.entry import Entry, Refined
from polaris_core.catalogue.previews import is_picture
from polaris_core.errors import InvalidInput
from polaris_core.images import read_picture
from polaris_core.llm.ask import ask
from polaris_core.llm.base import ChatModel
from polaris_core.progress import Progress, silent
from polaris_core.refining.base import said_of
from polaris_core.refining.prompt import PROMPT_VERSION, question_for
from polaris_core.refining.reply import read_card

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ModelRefiner"]

_PICTURES = 3
_EDGE_PX = 512


class ModelRefiner:
    """Lets a language model write the cards."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The model's name, whether it sees, and the version of what it is asked."""
        sees = "+pictures" if self._model.sees_pictures else ""
        return f"model-{PROMPT_VERSION}{sees}:{self._model.name}"

    def replaces(self, other: str) -> bool:
        """Everybody's words but its own."""
        return other != self.name

    def content(self, entry: Entry) -> bytes:
        """A hash of the words, and of the previews' files if it sees them."""
        pictures = [_state(path) for path in self._previews(entry)]
        return said_of(entry, self.name, pictures)

    def refine(self, entry: Entry, progress: Progress = silent) -> Refined:
        """Ask about one entry, and once more where the reply is no card.

        Raises:
            UnreadableReply: The second reply is none either.
            LanguageModelProblem: The model could not answer.
            Cancelled: `progress` raised it; whatever else it raises passes through as well.
        """
        pictures = _read(self._previews(entry))
        question = question_for(entry, pictures)
        return ask(
            self._model, question, lambda reply: read_card(reply, entry, self.name), progress
        )

    def _previews(self, entry: Entry) -> list[str]:
        if not self._model.sees_pictures:
            return []
        paths = (preview.path for preview in entry.previews)
        return [path for path in paths if path and is_picture(path)][:_PICTURES]


def _state(path: str) -> tuple[str, int, int]:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return path, -1, -1
    return path, status.st_size, status.st_mtime_ns


def _read(paths: Sequence[str]) -> tuple[Image, ...]:
    """The pictures; those that are gone or broken are left out: the scan has reported them."""
    found: list[Image] = []
    for path in paths:
        with suppress(InvalidInput):
            found.append(read_picture(path, _EDGE_PX))
    return tuple(found)
