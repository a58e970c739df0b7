"""Fill one slot: ask, judge what was found, put the pins first, and say why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from polaris_core.catalogue.entry import Entry, Role
from polaris_core.retrieval.about import Verdict, bounds, is_all_rounder, judge, judge_look
from polaris_core.retrieval.candidates import Resolved
from polaris_core.retrieval.evidence import Evidence
from polaris_core.retrieval.filters import Flags
from polaris_core.retrieval.looking import Candidate, Search
from polaris_core.retrieval.neighbourhood import Neighbourhood
from polaris_core.retrieval.query import SlotQuery
from polaris_core.retrieval.reasons import Asked
from polaris_core.retrieval.shortlist import Half, Hit, Slot, SlotName, SourceScore

__all__ = ["fill"]

_JUDGED_PER_HIT = 5
"""Candidates read at the most per hit wanted: some of them turn out not to belong."""

_PREFERRED = {
    SlotName.STYLE: frozenset({Role.STYLE}),
    SlotName.OBJECT: frozenset(
        {Role.OBJECT, Role.CHARACTER, Role.PERSON, Role.CLOTHING, Role.CONCEPT}
    ),
}


def fill(
    look: Search,
    name: SlotName,
    query: SlotQuery,
    allowed: Flags,
    resolved: Resolved,
    around: Neighbourhood | None = None,
    notes: Sequence[str] = (),
) -> Slot:
    """Fill a slot.

    Args:
        look: The kind of entries, and the request.
        name: Of the slot.
        query: Which half is asked for what.
        allowed: Which of its ids may be found; pins need not be among them.
        resolved: Pins, which come first, and bans.
        around: The checkpoint's neighbourhood, for LoRAs.
        notes: What is to be said of the slot already.
    """
    pinned = resolved.pinned[name]
    taken = resolved.banned[name] | {entry.id for entry in pinned}
    allowed = allowed & look.without(taken)
    notes = [*resolved.notes, *notes, query.note]
    hits: tuple[Hit, ...] = ()
    if query.nothing:
        notes.append(query.nothing)
    elif not allowed.any():
        notes.append("nothing in the zoo may fill this slot" if not pinned else "")
    else:
        query, hits = _found(look, name, query, allowed, around, notes)
    firsts = tuple(_pin(entry, resolved.strengths.get(entry.id)) for entry in pinned)
    note = "; ".join(filter(None, notes))
    phrase = query.phrase if query.half is Half.TEXT else ""
    called = look.look_name() if name is SlotName.STYLE else ""
    every = (*firsts, *hits)[: max(look.k, len(firsts))]
    return Slot(name, query.half, phrase, every, note, called)


def _found(
    look: Search,
    name: SlotName,
    query: SlotQuery,
    allowed: Flags,
    around: Neighbourhood | None,
    notes: list[str],
) -> tuple[SlotQuery, tuple[Hit, ...]]:
    """The query as it was asked in the end, and what fits it."""
    asked, evidence = Asked(""), Evidence({})
    if query.half is Half.PICTURE:
        evidence = look.by_picture(allowed)
        if not len(evidence.sources["dense"].ids):
            notes.append("no model that may be used here has a preview to compare with the picture")
            if not query.phrase:
                return query, ()
            query = replace(query, half=Half.TEXT)
    if query.half is Half.TEXT:
        asked = Asked(query.phrase, things=name is SlotName.OBJECT)
        evidence = look.by_text(query.phrase, allowed)
    evidence = _weighed(look, name, evidence, around)
    if query.half is Half.TEXT:
        found = _about(look, name, query, asked, evidence, notes)
    else:
        found = _alike(look, name, query, asked, evidence, notes)
    return query, tuple(look.hit(candidate, evidence, asked, around) for candidate in found)


def _alike(
    look: Search,
    name: SlotName,
    query: SlotQuery,
    asked: Asked,
    evidence: Evidence,
    notes: list[str],
) -> list[Candidate]:
    """The best candidates that look like the picture; of checkpoints, all."""
    usual = look.state.usual_look
    if not query.must_be_alike or usual is None:
        return list(look.candidates(evidence, asked, look.k))

    def verdict(candidate: Candidate) -> Verdict:
        return judge_look(candidate.cosine, usual)

    if name is SlotName.CHECKPOINT:
        none = "none looks clearly like the picture; all-rounders first"
        return _checkpoints(look.candidates(evidence, asked, look.k), verdict, none, notes)
    candidates = look.candidates(evidence, asked, _JUDGED_PER_HIT * look.k)
    found, near = _sorted_out(candidates, verdict, look.k)
    if not found and near:
        notes.append(
            "none looks clearly like the picture, whose look is to be kept; "
            f"nearest: {near[0].entry.name} ({near[0].cosine:.2f})"
        )
    return found


def _about(
    look: Search,
    name: SlotName,
    query: SlotQuery,
    asked: Asked,
    evidence: Evidence,
    notes: list[str],
) -> list[Candidate]:
    """The best candidates that have to do with the query; of checkpoints, all."""
    unrelated = look.zoo.unrelated_cosine()
    gone = Asked(query.gone, things=True).heads

    def verdict(candidate: Candidate) -> Verdict:
        entry, match = candidate.entry, candidate.match
        return judge(name, entry, match, candidate.cosine, unrelated, gone)

    if name is SlotName.CHECKPOINT:
        candidates = look.candidates(evidence, asked, look.k)
        none = f"none speaks of “{asked.text}”; these come nearest, all-rounders first"
        return _checkpoints(candidates, verdict, none, notes)
    ids, scores = evidence.ranked()
    most = _JUDGED_PER_HIT * look.k
    ids, scores = ids[:most], scores[:most]
    read, near = look.outlook(ids, evidence, asked, bounds(name, unrelated))
    candidates = look.read(ids[read], scores[read], evidence, asked)
    found, left_out = _sorted_out(candidates, verdict, look.k)
    near |= np.isin(ids, [candidate.entry.id for candidate in left_out])
    if not found:
        notes.append(f"nothing that may be used here is about “{asked.text}”")
    if len(found) == look.k:
        near &= np.arange(len(ids)) < np.flatnonzero(ids == found[-1].entry.id)
    if near.any():
        cosines = np.where(near, evidence.cosines(ids), -np.inf)
        nearest = look.zoo.store.entry(int(ids[cosines.argmax()])).name
        more = f" and {near.sum() - 1} more" if near.sum() > 1 else ""
        notes.append(f"left out for being only near to “{asked.text}”: {nearest}{more}")
    return found


def _checkpoints(
    candidates: Iterator[Candidate],
    verdict: Callable[[Candidate], Verdict],
    none: str,
    notes: list[str],
) -> list[Candidate]:
    """All, since one is always needed; if none fits, that is noted, and all-rounders lead."""
    found = list(candidates)
    if not any(verdict(candidate) is Verdict.FITS for candidate in found):
        notes.append(none)
        found.sort(key=lambda candidate: not is_all_rounder(candidate.entry))
    return found


def _sorted_out(
    candidates: Iterator[Candidate], verdict: Callable[[Candidate], Verdict], k: int
) -> tuple[list[Candidate], list[Candidate]]:
    """The first `k` that fit, and those met on the way that are only near."""
    found: list[Candidate] = []
    near: list[Candidate] = []
    for candidate in candidates:
        judged = verdict(candidate)
        if judged is Verdict.FITS:
            found.append(candidate)
            if len(found) == k:
                break
        elif judged is Verdict.NEAR:
            near.append(candidate)
    return found, near


def _weighed(
    look: Search, name: SlotName, evidence: Evidence, around: Neighbourhood | None
) -> Evidence:
    """The evidence with what speaks for a candidate besides the query."""
    if around is not None:
        evidence = evidence.with_source("neighbourhood", around.scores)
    if name in _PREFERRED:
        preferred = look.role_in(_PREFERRED[name]).astype(np.float64)
        all_ids = look.index.ids
        evidence = evidence.with_source("role", lambda ids: preferred[all_ids.searchsorted(ids)])
    return evidence


def _pin(entry: Entry, strength: float | None) -> Hit:
    sources = (SourceScore("pin", 1.0, 0),)
    reason = "you pinned it"
    if strength is not None:
        sources += (SourceScore("strength", strength, 0),)
        reason += f" at strength {strength:g}"
    return Hit(entry, 1.0, sources, pinned=True, reason=reason)
