"""A chat model of which only replies are known, as a judge: it puts groups of candidates in order.

    ┌ group ┐ ┌ group ┐ ┌ group ┐      a question each
    └──┬────┘ └──┬────┘ └──┬────┘
       └ the best of each ─┘           the same again, until one group is left

This is what a server allows, which tells no probabilities of yes and no. It is slower than a tree,
since replies are written out, and within a group candidates see each other: an order may depend on
who else is there, and a description may try to talk its way up. So each is quoted on one line.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from polaris_core.catalogue.entry import Entry
from polaris_core.errors import InvalidInput, UnreadableReply
from polaris_core.instructions.intent import EditIntent
from polaris_core.llm.ask import ask
from polaris_core.llm.base import ChatModel, Message, Question
from polaris_core.progress import Progress
from polaris_core.rerank.candidate_text import quoted_text
from polaris_core.rerank.judging import Judgement
from polaris_core.rerank.order_reader import ListOrder, read_order
from polaris_core.rerank.prompt import facts_of, task_of
from polaris_core.rerank.topics import Topic

__all__ = ["GROUP", "ListwiseJudge", "order_question"]

GROUP = 12
"""Candidates that are put in order by one question, at the most."""
_CHARACTERS = 500
"""Of each description that is shown."""
_MAX_TOKENS = 400

_HOW = """\
Candidates are numbered, one on each line. Compare them and answer with one JSON object: "order" \
has all their numbers, the one that fits best first; "fit" has the numbers of those only that fit, \
and is empty if none does."""


@dataclass(frozen=True, slots=True)
class ListwiseJudge:
    """Asks a chat model for the order of groups of candidates.

    Raises:
        InvalidInput: A group is less than two.
    """

    model: ChatModel
    group: int = GROUP
    method: str = "listwise"

    def __post_init__(self) -> None:
        if self.group < 2:
            raise InvalidInput("a group has at least two candidates", value=self.group)

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.model.name

    def judge(
        self,
        intent: EditIntent,
        topic: Topic,
        entries: Sequence[Entry],
        wanted: int,
        progress: Progress,
    ) -> Judgement:
        """Put candidates in order for a topic; see `Judge`.

        A score is a place: 1 for the first, 1/n for the last of n.

        Raises:
            UnreadableReply: The last question, about the best, was twice not answered.
            LanguageModelProblem: The model could not answer.
            Cancelled: `progress` raised it; whatever else it raises passes through as well.
        """
        began = time.perf_counter()
        through = max(1, min(wanted, self.group // 2))
        tiers = _tiers(len(entries), self.group, through)
        run = _Run(self, intent, topic, entries, progress, total=sum(tiers) + 1)
        order = run.order(tiers, through)
        place = {candidate: at for at, candidate in enumerate(order)}
        n = len(entries)
        return Judgement(
            scores=tuple(1 - place[i] / n for i in range(n)),
            fits=tuple(i in run.fitting for i in range(n)),
            out_in=(0,) * n,
            questions=run.asked,
            seconds=time.perf_counter() - began,
            how=f"in groups of up to {self.group}, which is slower than a tree; a score is a place",
            notes=tuple(dict.fromkeys(run.notes)),
        )


@dataclass
class _Run:
    """The questions about one topic."""

    judge: ListwiseJudge
    intent: EditIntent
    topic: Topic
    entries: Sequence[Entry]
    progress: Progress
    total: int
    asked: int = 0
    fitting: set[int] = field(default_factory=set[int])
    notes: list[str] = field(default_factory=list[str])

    def order(self, tiers: Sequence[int], through: int) -> list[int]:
        """All candidates, best first.

        Args:
            tiers: How many groups there are, each time until one question is left.
            through: How many of each group go on.
        """
        pool = list(range(len(self.entries)))
        out: list[int] = []
        for count in tiers:
            winners: list[list[int]] = []
            losers: list[list[int]] = []
            # dealt out in turn, since those found first are likelier to be good
            for start in range(count):
                ordered = self._order_if_readable(pool[start::count])
                winners.append(ordered[:through])
                losers.append(ordered[through:])
            pool, out = _in_turn(winners), [*_in_turn(losers), *out]
        return [*self._ordered(pool), *out]

    def _order_if_readable(self, group: list[int]) -> list[int]:
        try:
            return self._ordered(group)
        except UnreadableReply as problem:
            self.notes.append(f"a group stayed as it was retrieved: {problem.problem}")
            return group

    def _ordered(self, group: list[int]) -> list[int]:
        entries = [self.entries[i] for i in group]
        names = [entry.name for entry in entries]
        what = f"{self.topic}: question {self.asked + 1} of {self.total}"
        done, self.asked = self.asked, self.asked + 1
        found: ListOrder = ask(
            self.judge.model,
            order_question(self.intent, self.topic, entries),
            lambda reply: read_order(reply, len(entries), names),
            lambda _, __, doing: self.progress(done, self.total, f"{what}, {doing}"),
        )
        self.progress(self.asked, self.total, what)
        fits = found.fits
        if fits is None:
            self.notes.append("the model did not say which of them fit; those it named were taken")
            fits = frozenset(found.order[: found.told])
        self.fitting.difference_update(group)
        self.fitting.update(group[i] for i in fits)
        # what fits stands before what does not, whatever the order says
        return [group[i] for i in sorted(found.order, key=lambda i: i not in fits)]


def order_question(intent: EditIntent, topic: Topic, entries: Sequence[Entry]) -> Question:
    """Ask for the order of some candidates."""
    lines = "\n".join(f"{i}: {quoted_text(e, _CHARACTERS)}" for i, e in enumerate(entries, 1))
    numbers = {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": len(entries)},
        "maxItems": len(entries),
    }
    return Question(
        messages=(
            Message("system", f"{task_of(topic)}\n{_HOW}"),
            Message("user", f"{facts_of(intent, topic)}\n\nThe candidates:\n{lines}"),
        ),
        schema={
            "type": "object",
            "properties": {"order": numbers, "fit": numbers},
            "required": ["order", "fit"],
            "additionalProperties": False,
        },
        max_tokens=_MAX_TOKENS,
    )


def _tiers(candidates: int, group: int, through: int) -> list[int]:
    """How many groups there are, each time until one question is left.

    At most half of a group goes on, so that there are fewer every time.
    """
    tiers: list[int] = []
    while candidates > group:
        tiers.append(math.ceil(candidates / group))
        candidates = tiers[-1] * through
    return tiers


def _in_turn(rows: Sequence[Sequence[int]]) -> list[int]:
    """The first of each row, the second of each, and so on."""
    columns = itertools.zip_longest(*rows)
    return [i for column in columns for i in column if i is not None]
