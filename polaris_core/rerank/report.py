"""What a ranking did, as values and as text that a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polaris_core.rerank.judging import Judgement
from polaris_core.rerank.topics import Topic
from polaris_core.rerank.verdicts import Judged, Verdict

__all__ = ["RerankReport", "TopicReport", "describe"]

_NAME_WIDTH = 44


@dataclass(frozen=True, slots=True)
class TopicReport:
    """One topic: who was kept, who was not, and what it took."""

    judged: Judged
    judgement: Judgement

    @property
    def topic(self) -> Topic:
        """What was asked about."""
        return self.judged.topic

    @property
    def kept(self) -> tuple[Verdict, ...]:
        """Best first."""
        return tuple(verdict for verdict in self.judged.verdicts if verdict.kept)

    @property
    def dropped(self) -> tuple[Verdict, ...]:
        """Best first."""
        return tuple(verdict for verdict in self.judged.verdicts if not verdict.kept)

    def figure(self, verdict: Verdict) -> str:
        """How well a candidate fits, in a word: its probability, or its place in an order."""
        if verdict.score is None:
            return "not read"
        if self.judgement.fits is None:
            return f"{verdict.score:.2f}"
        return f"place {verdict.place} of {len(self.judgement.scores)}"


@dataclass(frozen=True, slots=True)
class RerankReport:
    """What became of a shortlist."""

    model: str
    """What the model is called."""
    method: str
    """"tree" for a local model, "listwise" for one of which only replies are known."""
    topics: tuple[TopicReport, ...] = ()
    left: tuple[str, ...] = ()
    """What was not asked about, and why; what could not be read."""
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens that went through a local model."""
        return sum(topic.judgement.tokens for topic in self.topics)

    @property
    def questions(self) -> int:
        """Questions that were put to a server."""
        return sum(topic.judgement.questions for topic in self.topics)


def describe(report: RerankReport, *, rows: int = 5) -> str:
    """The report in plain words.

    Args:
        report: What was done.
        rows: Of those that were not kept, how many are shown for each topic.
    """
    parts = [_head(report), *("\n".join(_topic(topic, rows)) for topic in report.topics)]
    return "\n\n".join([*parts, *(["\n".join(report.left)] if report.left else [])])


def _head(report: RerankReport) -> str:
    if not report.topics:
        return f"{report.model} was not asked anything"
    if report.method == "tree":
        took = f"read every candidate as if it were alone: {report.tokens:,} tokens"
    else:
        took = f"compared the candidates in {_count(report.questions, 'question')}"
    how = report.topics[0].judgement.how
    return f"{report.model} {took}, {report.seconds:.1f} s ({how})"


def _topic(report: TopicReport, rows: int) -> Iterator[str]:
    kept, dropped = report.kept, report.dropped
    yield f"{report.topic}: {len(kept)} kept of {_count(len(kept) + len(dropped), 'candidate')}"
    yield from (f"  + {_row(report, verdict)}" for verdict in kept)
    yield from (f"  - {_row(report, verdict)}" for verdict in dropped[:rows])
    if len(dropped) > rows:
        yield f"  - and {len(dropped) - rows} more"
    yield from (f"  {line}" for line in _work(report.judgement))
    yield from (f"  {note}" for note in report.judgement.notes)


def _row(report: TopicReport, verdict: Verdict) -> str:
    name = verdict.hit.entry.name
    name = name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"
    return f"{name} ({report.figure(verdict)}): {verdict.reason}"


def _work(judgement: Judgement) -> Iterator[str]:
    if judgement.prefix_tokens:
        yield f"the question: {judgement.prefix_tokens} tokens, read once"
    for at, one in enumerate(judgement.rounds, start=1):
        read = len(one.kept) + len(one.dropped)
        on = f", {len(one.kept)} went on" if at < len(judgement.rounds) else ""
        packs = _count(one.packs, "pass", "passes")
        yield f"round {at}: {read} texts, {one.tokens} tokens, {packs}, {one.seconds:.2f} s{on}"
    if judgement.questions:
        yield f"{_count(judgement.questions, 'question')}, {judgement.seconds:.1f} s"


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
