"""Who serves which topic: each LoRA at most once, none to a few per topic.

After Stylus (Luo et al., 2024), which composes adapters per part of the sentence. The best pair of
topic and candidate is taken first, then the next best of what is left, so that a LoRA that fits two
topics serves the one that it fits better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from polaris_core.catalogue.entry import Entry
from polaris_core.rerank.verdicts import Judged, Verdict
from polaris_core.retrieval.shortlist import Hit, SlotName

__all__ = ["allocate", "marks_of", "strength_shares"]

_PIN = "you pinned it"

_Place = tuple[int, int]
"""A topic, and a candidate of it."""


def allocate(
    judged: Sequence[Judged], keep: int, elsewhere: Iterable[tuple[SlotName, Hit]] = ()
) -> list[Judged]:
    """Decide who is kept, and say why the others are not.

    Pinned candidates are always kept, under the topic of their slot that they fit best, and take
    its places first.

    Args:
        judged: All topics, with their candidates; every topic of a slot has the same ones.
        keep: Candidates per topic at the most, but for pinned ones.
        elsewhere: What is applied in any case, and in which slot.
    """
    used: dict[object, str] = {}
    for slot, hit in elsewhere:
        used |= dict.fromkeys(marks_of(hit.entry), slot.value)
    kept = _pinned(judged)
    counts = [sum(topic == t for topic, _ in kept) for t in range(len(judged))]
    for place in sorted(kept):
        used |= dict.fromkeys(marks_of(_entry(judged, place)), str(judged[place[0]].topic))
    why: dict[_Place, str] = {}
    for place in _best_first(judged):
        topic, marks = place[0], marks_of(_entry(judged, place))
        other = next((used[mark] for mark in marks if mark in used), None)
        if other is not None:
            why[place] = f"it serves {other} already"
        elif counts[topic] >= keep:
            why[place] = f"it fits, but {keep} better {'is' if keep == 1 else 'are'} kept"
        else:
            kept.add(place)
            counts[topic] += 1
            used |= dict.fromkeys(marks, str(judged[topic].topic))
    return [_decided(each, t, kept, why) for t, each in enumerate(judged)]


def strength_shares(applied: Sequence[tuple[SlotName, Hit]]) -> list[float]:
    """Which part of a topic's strength each LoRA gets, where several are applied for it.

    Args:
        applied: The LoRAs, and what each is applied for. Those that no ranking gave a topic stand
            alone.

    Returns:
        For each its part in (0, 1], in proportion to its score; 1 where it stands alone.
    """
    totals: dict[tuple[SlotName, str], float] = {}
    weights = [_weight(hit) for _, hit in applied]
    for (slot, hit), weight in zip(applied, weights, strict=True):
        totals[slot, hit.topic] = totals.get((slot, hit.topic), 0.0) + weight
    return [
        weight / totals[slot, hit.topic] if hit.topic else 1.0
        for (slot, hit), weight in zip(applied, weights, strict=True)
    ]


def marks_of(entry: Entry) -> frozenset[object]:
    """What makes an entry the same LoRA as another: they share a mark."""
    marks: set[object] = {("file", entry.file)} if entry.file else {("name", entry.name)}
    if entry.id:
        marks.add(("id", entry.id))
    if entry.sha256:
        marks.add(("sha256", entry.sha256))
    return frozenset(marks)


def _weight(hit: Hit) -> float:
    score = next((s.score for s in hit.sources if s.source == "rerank"), 0.0)
    return max(score, 0.05)  # a pinned one may have any score, and still is to be seen


def _pinned(judged: Sequence[Judged]) -> set[_Place]:
    """Pinned candidates under the topic of their slot that each fits best."""
    best: dict[tuple[SlotName, frozenset[object]], tuple[float, _Place]] = {}
    for t, each in enumerate(judged):
        for at, verdict in enumerate(each.verdicts):
            if verdict.hit.pinned:
                who = each.topic.slot, marks_of(verdict.hit.entry)
                score = -1.0 if verdict.score is None else verdict.score
                if who not in best or score > best[who][0]:
                    best[who] = score, (t, at)
    return {place for _, place in best.values()}


def _best_first(judged: Sequence[Judged]) -> list[_Place]:
    """Who may be kept without being pinned; ties by topic, then by id."""
    places = [
        ((-(verdict.score or 0.0), t, verdict.place), (t, at))
        for t, each in enumerate(judged)
        for at, verdict in enumerate(each.verdicts)
        if verdict.may_be_kept and not verdict.hit.pinned
    ]
    return [place for _, place in sorted(places)]


def _entry(judged: Sequence[Judged], place: _Place) -> Entry:
    return judged[place[0]].verdicts[place[1]].hit.entry


def _decided(each: Judged, t: int, kept: set[_Place], why: Mapping[_Place, str]) -> Judged:
    def decide(at: int, verdict: Verdict) -> Verdict:
        if (t, at) in kept:
            reason = verdict.reason or f"it fits “{each.topic.phrase}”"
            return replace(verdict, kept=True, reason=_PIN if verdict.hit.pinned else reason)
        if verdict.hit.pinned:
            return replace(verdict, reason=f"{_PIN}; it is counted elsewhere")
        return replace(verdict, reason=why.get((t, at), verdict.reason))

    return replace(
        each, verdicts=tuple(decide(at, verdict) for at, verdict in enumerate(each.verdicts))
    )
