"""What became of each candidate, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polaris_core.rerank.judging import Judgement
from polaris_core.rerank.topics import Topic
from polaris_core.retrieval.shortlist import Hit

__all__ = ["Judged", "Verdict", "verdicts_of"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A candidate before a topic."""

    hit: Hit
    score: float | None = None
    """In [0, 1]; None if it was not read."""
    place: int = 0
    """In the order of its topic, from 1; 0 if it was not read."""
    may_be_kept: bool = False
    """Whether it was read to the end and fits."""
    kept: bool = False
    reason: str = ""
    """Why it was kept, or not, in plain words."""


@dataclass(frozen=True, slots=True)
class Judged:
    """All candidates of a topic, best first; those that were not read at the end."""

    topic: Topic
    verdicts: tuple[Verdict, ...]


def verdicts_of(
    topic: Topic,
    read: Sequence[Hit],
    judgement: Judgement,
    unread: Sequence[tuple[Hit, str]],
    threshold: float,
) -> Judged:
    """Put a judgement in order.

    Args:
        topic: What was asked about.
        read: Whom the judge was given.
        judgement: What it said.
        unread: Whom it was not given, and why.
        threshold: A score below it does not fit, unless the judge says itself what fits.
    """
    last = len(judgement.rounds) + 1
    order = sorted(
        range(len(read)),
        key=lambda i: (
            -(judgement.out_in[i] or last),
            -judgement.scores[i],
            read[i].entry.id,
            read[i].entry.name,
        ),
    )
    verdicts = [
        _verdict(read[i], judgement, i, place, threshold) for place, i in enumerate(order, start=1)
    ]
    verdicts += [Verdict(hit, reason=why) for hit, why in unread]
    return Judged(topic, tuple(verdicts))


def _verdict(hit: Hit, judgement: Judgement, i: int, place: int, threshold: float) -> Verdict:
    score, out_in = judgement.scores[i], judgement.out_in[i]
    if judgement.fits is not None:
        fits, otherwise = judgement.fits[i], "the model says that it does not fit"
    else:
        fits, otherwise = score >= threshold, f"{score:.2f} is below the threshold of {threshold:g}"
    if out_in:
        fits, otherwise = False, f"dropped in round {out_in}, where others fitted better"
    return Verdict(hit, score, place, may_be_kept=fits, reason="" if fits else otherwise)
