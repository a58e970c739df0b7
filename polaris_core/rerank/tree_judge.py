"""A local model as a judge: every candidate of a topic in one tree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from polaris_core.catalogue.entry import Entry
from polaris_core.errors import InvalidInput
from polaris_core.instructions.intent import EditIntent
from polaris_core.progress import Progress
from polaris_core.rerank.candidate_text import full_text, short_text
from polaris_core.rerank.judging import Judgement, LocalModel
from polaris_core.rerank.prompt import Form, Written, form_of, write_question
from polaris_core.rerank.rounds import SHARE, BackendName, rank
from polaris_core.rerank.texts import tree_of_texts
from polaris_core.rerank.topics import Topic
from polaris_core.rerank.tree import Tree

__all__ = ["FULL_TOKENS", "MOST_ROUNDS", "SHORT_TOKENS", "TreeJudge", "calibrated"]

SHORT_TOKENS = 48
"""Of a candidate's short text, at the most."""
FULL_TOKENS = 192
"""Of its full text."""
_GLANCE_TOKENS = 20
"""Of its short text in the first of three rounds: the name, and a little more."""
MOST_ROUNDS = 3

_PLANS = {1: (), 2: (SHORT_TOKENS,), 3: (_GLANCE_TOKENS, SHORT_TOKENS)}
"""By number of rounds: tokens of the short text in each round before the full one."""


@dataclass(frozen=True, slots=True)
class TreeJudge:
    """Asks a local model yes or no about each candidate, in a few passes.

    Unless the model was trained for the question, what it says is compared with what it says of an
    empty candidate: some models say yes to everything, others no. The log-odds of the empty one,
    which is a further branch of the same tree, are subtracted (after the contextual calibration of
    Zhao et al., 2021). The order does not change by that, but 0.5 comes to mean "speaks more for
    yes than no description at all".

    Raises:
        InvalidInput: The number of rounds is not 1, 2 or 3.
    """

    local: LocalModel
    rounds: int = 2
    share: float = SHARE
    """Of the candidates of a round this share is read again."""
    token_budget: int | None = None
    """Tokens of a forward pass; None leaves it to the device."""
    backend: BackendName = "auto"
    form: Form = "auto"
    method: str = "tree"

    def __post_init__(self) -> None:
        if self.rounds not in _PLANS:
            raise InvalidInput(f"rounds are from 1 to {MOST_ROUNDS}", value=self.rounds)

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.local.name

    def judge(
        self,
        intent: EditIntent,
        topic: Topic,
        entries: Sequence[Entry],
        wanted: int,
        progress: Progress,
    ) -> Judgement:
        """Read candidates for a topic; see `Judge`."""
        tokenizer = self.local.tokenizer
        form = form_of(self.form, tokenizer, self._names())
        written = write_question(tokenizer, form, intent, topic)
        # what is read first must not depend on who was found first, not even where scores are equal
        places = sorted(range(len(entries)), key=lambda i: _key(entries[i]))
        empty = not written.is_calibrated
        ranking = rank(
            self.local.model,
            self._tree(written, [entries[i] for i in places], empty),
            keep=wanted + empty,
            share=self.share,
            backend=self.backend,
            token_budget=self.token_budget,
            progress=lambda done, total, what: progress(done, total, f"{topic}: {what}"),
        )
        zero = ranking.log_odds[-1] if empty else 0.0
        out = {i: at for at, one in enumerate(ranking.rounds[:-1], 1) for i in one.dropped}
        scores = [0.0] * len(entries)
        out_in = [0] * len(entries)
        for at, place in enumerate(places):
            scores[place] = calibrated(ranking.log_odds[at], zero)
            out_in[place] = out.get(at, 0)
        return Judgement(
            scores=tuple(scores),
            fits=None,
            out_in=tuple(out_in),
            rounds=ranking.rounds,
            prefix_tokens=ranking.prefix_tokens,
            tokens=ranking.tokens,
            seconds=ranking.seconds,
            how=f"{ranking.backend}, asked in the form {written.form}"
            + (", compared with an empty candidate" if empty else ""),
        )

    def _tree(self, written: Written, entries: Sequence[Entry], empty: bool) -> Tree:
        def tree(texts: list[str], sizes: tuple[int, ...]) -> Tree:
            return tree_of_texts(
                self.local.tokenizer,
                written.prefix,
                texts + [""] * empty,
                closing=written.closing,
                sizes=sizes,
                answers=written.answers,
            )

        full = tree([full_text(entry) for entry in entries], (FULL_TOKENS,))
        plan = _PLANS[self.rounds]
        if not plan:
            return full
        short = tree([short_text(entry) for entry in entries], plan)
        return replace(full, rounds=short.rounds + full.rounds)

    def _names(self) -> list[str]:
        config = getattr(self.local.model, "config", None)
        told = (
            self.local.name,
            getattr(config, "_name_or_path", ""),
            getattr(self.local.tokenizer, "name_or_path", ""),
        )
        return [name for name in told if isinstance(name, str)]


def calibrated(log_odds: float, empty: float) -> float:
    """The probability of yes against no, in [0, 1], beyond what an empty candidate gets.

    Args:
        log_odds: Of the candidate.
        empty: Of a candidate without any text; 0 where the model needs no comparison.
    """
    return 0.5 * (1 + math.tanh((log_odds - empty) / 2))


def _key(entry: Entry) -> tuple[int, str, str]:
    return entry.id, entry.name, entry.file
