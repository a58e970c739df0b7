"""What retrieval and reranking found, as cards: who, how well, why, and who was not kept."""

from __future__ import annotations

from collections.abc import Sequence

from polaris_core.catalogue.entry import Maturity
from polaris_core.page.cards import Json, card_of
from polaris_core.rerank.report import RerankReport
from polaris_core.rerank.verdicts import Verdict
from polaris_core.retrieval.shortlist import Hit, Shortlist, Slot

__all__ = ["hit_cards", "ranking_cards", "shortlist_cards"]

_CARDS = 48
"""Of a slot, at the most."""


def hit_cards(hits: Sequence[Hit], level: Maturity | None, most: int = _CARDS) -> list[Json]:
    """Cards of hits, in their order.

    Args:
        hits: Of one slot, or one search.
        level: The most mature picture that may be shown; None: as mature as each entry is.
        most: How many cards at the most.
    """
    best = max((hit.score for hit in hits if not hit.pinned), default=0.0)
    return [
        _card(hit, level, _share(hit, best), picked=place == 0)
        for place, hit in enumerate(hits[:most])
    ]


def shortlist_cards(shortlist: Shortlist, level: Maturity | None) -> list[Json]:
    """Every slot with its cards."""
    return [_slot(slot, hit_cards(slot.hits, level)) for slot in shortlist.slots]


def ranking_cards(ranked: Shortlist, report: RerankReport, level: Maturity | None) -> list[Json]:
    """The slots that were ranked, those that were dropped behind those that were kept."""
    slots: list[Json] = []
    for slot in ranked.slots:
        topics = [topic for topic in report.topics if topic.topic.slot is slot.name]
        if not topics:
            continue
        cards = hit_cards(slot.hits, level)
        kept = {card["id"] for card in cards}
        for topic in topics:
            for verdict in topic.dropped:
                if verdict.hit.entry.id not in kept and len(cards) < _CARDS:
                    kept.add(verdict.hit.entry.id)
                    cards.append(_dropped(verdict, level))
        slots.append(_slot(slot, cards))
    return slots


def _slot(slot: Slot, cards: list[Json]) -> Json:
    return {
        "slot": slot.name.value,
        "asked_by": slot.asked_by.value,
        "query": slot.query,
        "note": slot.note,
        "found": len(slot.hits),
        "cards": cards,
    }


def _dropped(verdict: Verdict, level: Maturity | None) -> Json:
    card = _card(verdict.hit, level, min(1.0, max(0.0, verdict.score or 0.0)), picked=False)
    return {**card, "dropped": True, "reason": verdict.reason or verdict.hit.reason}


def _share(hit: Hit, best: float) -> float:
    """How long the bar of a score is, in [0, 1]: a probability as it is, else against the best."""
    for source in hit.sources:
        if source.source == "rerank":
            return min(1.0, max(0.0, source.score))
    if hit.pinned:
        return 1.0
    return min(1.0, max(0.0, hit.score / best)) if best > 0 else 0.0


def _card(hit: Hit, level: Maturity | None, share: float, *, picked: bool) -> Json:
    entry = hit.entry
    shown = level if level is not None else Maturity(max(entry.maturity, Maturity.PG))
    if shown is Maturity.BLOCKED:
        shown = Maturity.XXX
    asked = next((s.score for s in hit.sources if s.source == "strength"), None)
    return {
        **card_of(entry, shown),
        "share": round(share, 4),
        "score": round(hit.score, 6),
        "reason": hit.reason,
        "matched_words": list(hit.matched_words[:16]),
        "pinned": hit.pinned,
        "banned": False,
        "picked": picked,
        "dropped": False,
        "topic": hit.topic,
        "asked_strength": asked,
    }
