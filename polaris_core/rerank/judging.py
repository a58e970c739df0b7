"""What a judge is: asked about the candidates for one topic, it says how well each fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from polaris_core.catalogue.entry import Entry
from polaris_core.instructions.intent import EditIntent
from polaris_core.progress import Progress
from polaris_core.rerank.ranking import Round
from polaris_core.rerank.topics import Topic

__all__ = ["Judge", "Judgement", "LocalModel"]


@runtime_checkable
class LocalModel(Protocol):
    """A chat model whose weights lie here, such as `TransformersModel`."""

    model: Any
    """A causal language model of transformers."""
    tokenizer: Any
    """Its own."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge says of some candidates; they are named by their place in what it was given."""

    scores: tuple[float, ...]
    """By candidate, in [0, 1], larger is better."""
    fits: tuple[bool, ...] | None
    """By candidate: whether it fits, where a judge says so itself; None leaves it to the score."""
    out_in: tuple[int, ...]
    """By candidate: the round in which it was dropped, from 1; 0 for those read to the end."""
    rounds: tuple[Round, ...] = ()
    """How a tree was read; the candidate one beyond the last is the empty one, if there is one."""
    prefix_tokens: int = 0
    """Tokens of the shared question that went through the model."""
    tokens: int = 0
    """All that went through the model; 0 where a server counts them."""
    questions: int = 0
    """How often a server was asked, without repairs."""
    seconds: float = 0.0
    how: str = ""
    """In plain words: "cascade, asked as a chat"."""
    notes: tuple[str, ...] = ()
    """What else there is to say."""


class Judge(Protocol):
    """Who reads descriptions."""

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    @property
    def method(self) -> str:
        """What it does: "tree" or "listwise"."""
        ...

    def judge(
        self,
        intent: EditIntent,
        topic: Topic,
        entries: Sequence[Entry],
        wanted: int,
        progress: Progress,
    ) -> Judgement:
        """Read candidates for a topic.

        Args:
            intent: What the user wants.
            topic: What is sought.
            entries: The candidates, at least one.
            wanted: How many have to be read to the end, if there are so many.
            progress: Told how far it is.

        Raises:
            LanguageModelProblem: The model could not answer.
            InvalidInput: The model cannot be asked in this way.
            Cancelled: `progress` raised it; whatever else it raises passes through as well.
        """
        ...
