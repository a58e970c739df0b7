"""From a shortlist to a ranked one: topics, a judge, allocation, and the slots filled anew."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from polaris_core.errors import InvalidInput, UnreadableReply
from polaris_core.instructions.intent import EditIntent
from polaris_core.progress import Progress, silent
from polaris_core.rerank.allocate import allocate, marks_of
from polaris_core.rerank.judging import Judge, Judgement
from polaris_core.rerank.report import RerankReport, TopicReport
from polaris_core.rerank.topics import Topic, is_asked_for, topics_of, why_not_asked
from polaris_core.rerank.verdicts import Judged, Verdict, verdicts_of
from polaris_core.retrieval.shortlist import Half, Hit, Shortlist, Slot, SlotName, SourceScore

__all__ = ["SOURCE", "rank_with"]

SOURCE = "rerank"
"""The name under which a hit's sources hold the score and the place of a ranking."""

_NOTHING_READ = Judgement(scores=(), fits=None, out_in=())
_BY_PICTURE = "found with the picture, which descriptions cannot be held against"
_NO_PHRASE = "no phrase to hold descriptions against"


@dataclass(frozen=True, slots=True)
class _Ranker:
    judge: Judge
    intent: EditIntent
    keep: int
    threshold: float
    progress: Progress

    @property
    def model(self) -> str:
        """What the model is called, without the folders it lies in."""
        return self.judge.name.replace("\\", "/").rstrip("/").rpartition("/")[2]

    def ask(self, topic: Topic, hits: Sequence[Hit], wanted: int) -> TopicReport:
        """Let the judge read the candidates of a topic; see `Judge.judge` for what it raises."""
        is_read = [hit.pinned or is_asked_for(hit.entry, topic.phrase) for hit in hits]
        read = list(itertools.compress(hits, is_read))
        unread = [
            (hit, why_not_asked(hit.entry))
            for hit, was_read in zip(hits, is_read, strict=True)
            if not was_read
        ]
        judgement = _NOTHING_READ
        if read:
            entries = [hit.entry for hit in read]
            judgement = self.judge.judge(self.intent, topic, entries, wanted, self.progress)
        judged = verdicts_of(topic, read, judgement, unread, self.threshold)
        return TopicReport(judged, judgement)


def rank_with(
    judge: Judge,
    shortlist: Shortlist,
    intent: EditIntent,
    *,
    keep: int = 3,
    threshold: float = 0.5,
    slots: Collection[SlotName] = (SlotName.STYLE, SlotName.OBJECT),
    progress: Progress = silent,
) -> tuple[Shortlist, RerankReport]:
    """Rank a shortlist by what a judge says; see `shortlists.rerank_shortlist`.

    Raises:
        InvalidInput: `keep` or `threshold` is out of range, or the judge's model cannot be asked.
        LanguageModelProblem: The model could not answer, or none of its replies could be read.
        Cancelled: `progress` raised it; whatever else it raises passes through as well.
    """
    if keep < 1:
        raise InvalidInput("at least one candidate per topic may be kept", value=keep)
    if not 0 <= threshold <= 1:
        raise InvalidInput("a threshold is from 0 to 1", value=threshold)
    began = time.perf_counter()
    ranker = _Ranker(judge, intent, keep, threshold, progress)
    asked = [slot for slot in shortlist.slots if slot.name in slots and _topics(intent, slot)]
    reports = _all_reports(ranker, asked)
    elsewhere = [
        (slot.name, hit)
        for slot in shortlist.slots
        if slot not in asked
        for hit in slot.hits
        if hit.pinned
    ]
    decided = allocate([report.judged for report in reports], keep, elsewhere)
    reports = [replace(r, judged=each) for r, each in zip(reports, decided, strict=True)]
    left: list[str] = []
    ranked: list[Slot] = []
    for slot in shortlist.slots:
        mine = [report for report in reports if report.topic.slot is slot.name]
        if slot.name not in slots:
            ranked.append(slot)
        elif mine:
            ranked.append(_filled(ranker, slot, mine))
        else:
            ranked.append(_left_in_order(ranker, slot, decided))
            left.append(f"{slot.name.value}: {_why_left(slot)}")
    report = RerankReport(
        ranker.model, judge.method, tuple(reports), tuple(left), time.perf_counter() - began
    )
    return Shortlist(tuple(ranked)), report


def _topics(intent: EditIntent, slot: Slot) -> tuple[Topic, ...]:
    """What is asked about a slot; nothing where there is no choice to be made."""
    return () if all(hit.pinned for hit in slot.hits) else topics_of(intent, slot)


def _all_reports(ranker: _Ranker, slots: Sequence[Slot]) -> list[TopicReport]:
    reports: list[TopicReport] = []
    problem: UnreadableReply | None = None
    for slot in slots:
        topics = _topics(ranker.intent, slot)
        pinned = sum(hit.pinned for hit in slot.hits)
        for topic in topics:
            try:
                report = ranker.ask(topic, slot.hits, ranker.keep * len(topics) + pinned)
            except UnreadableReply as caught:
                problem = caught
                report = _as_retrieved(topic, slot.hits, caught)
            reports.append(_with_nearest(report) if slot.name is SlotName.CHECKPOINT else report)
    if problem is not None and not any(report.judgement.scores for report in reports):
        raise problem
    return reports


def _as_retrieved(topic: Topic, hits: Sequence[Hit], problem: UnreadableReply) -> TopicReport:
    """A topic about which the model said nothing that can be read."""
    verdicts = [
        Verdict(hit, place=place, may_be_kept=True, reason="as it was retrieved")
        if hit.pinned or is_asked_for(hit.entry, topic.phrase)
        else Verdict(hit, reason=why_not_asked(hit.entry))
        for place, hit in enumerate(hits, start=1)
    ]
    note = f"the model's reply could not be read, so these stay as retrieved: {problem.problem}"
    return TopicReport(Judged(topic, tuple(verdicts)), replace(_NOTHING_READ, notes=(note,)))


def _with_nearest(report: TopicReport) -> TopicReport:
    """The same with the best one where none fits: some checkpoint is always needed."""
    verdicts = report.judged.verdicts
    if any(v.may_be_kept for v in verdicts) or not verdicts or verdicts[0].score is None:
        return report
    nearest = replace(verdicts[0], may_be_kept=True, reason="none fits, and this comes nearest")
    return replace(report, judged=replace(report.judged, verdicts=(nearest, *verdicts[1:])))


def _filled(ranker: _Ranker, slot: Slot, reports: Sequence[TopicReport]) -> Slot:
    """A slot with those that were kept: pins as they stood, then the best of each topic in turn."""
    kept = [(verdict, report) for report in reports for verdict in report.kept]
    of = {marks_of(v.hit.entry): (v, report) for v, report in kept if v.hit.pinned}
    pinned = [_hit(ranker, *of[marks_of(hit.entry)]) for hit in slot.hits if hit.pinned]
    picks = [
        _hit(ranker, verdict, report)
        for verdict, report in _in_turn(reports)
        if not verdict.hit.pinned
    ]
    notes = [slot.note, *(_note(ranker, report) for report in reports)]
    return replace(slot, hits=(*pinned, *picks), note="; ".join(filter(None, notes)))


def _in_turn(reports: Sequence[TopicReport]) -> Iterator[tuple[Verdict, TopicReport]]:
    """The best of every topic, then the second of each, …; each time by score."""
    columns = itertools.zip_longest(*(report.kept for report in reports))
    for column in columns:
        pairs = [(v, report) for v, report in zip(column, reports, strict=True) if v is not None]
        yield from sorted(pairs, key=lambda pair: -(pair[0].score or 0.0))


def _hit(ranker: _Ranker, verdict: Verdict, report: TopicReport) -> Hit:
    hit, score, topic = verdict.hit, verdict.score, report.topic
    sources = tuple(source for source in hit.sources if source.source != SOURCE)
    if score is None:
        return replace(hit, topic=topic.phrase, sources=sources)
    sources += (SourceScore(SOURCE, score, verdict.place),)
    reason = hit.reason
    if not hit.pinned:
        why = f"{ranker.model}: {verdict.reason} ({report.figure(verdict)})"
        reason = "; ".join(filter(None, (why, hit.reason)))
    return replace(hit, topic=topic.phrase, sources=sources, reason=reason)


def _note(ranker: _Ranker, report: TopicReport) -> str:
    kept, total = len(report.kept), len(report.judged.verdicts)
    note = f"{ranker.model} kept {kept} of {total} for “{report.topic.phrase}”"
    nearest = next((v for v in report.dropped if v.score is not None), None)
    if not kept and nearest is not None:
        note += f" (nearest: {nearest.hit.entry.name}, {report.figure(nearest)})"
    return note


def _left_in_order(ranker: _Ranker, slot: Slot, decided: Sequence[Judged]) -> Slot:
    """A slot that was not asked about: what may be applied, in its order, no more than `keep`."""
    used = {
        mark
        for each in decided
        for verdict in each.verdicts
        if verdict.kept
        for mark in marks_of(verdict.hit.entry)
    }
    room = max(0, ranker.keep - sum(hit.pinned for hit in slot.hits))
    free = [
        hit
        for hit in slot.hits
        if not hit.pinned
        and not used & marks_of(hit.entry)
        and is_asked_for(hit.entry, ranker.intent.instruction)
    ][:room]
    hits = tuple(hit for hit in slot.hits if hit.pinned or hit in free)
    return replace(slot, hits=hits)


def _why_left(slot: Slot) -> str:
    if not slot.hits:
        return slot.note or "no candidates"
    if all(hit.pinned for hit in slot.hits):
        return "only what you pinned"
    return f"left in its order: {_BY_PICTURE if slot.asked_by is Half.PICTURE else _NO_PHRASE}"
