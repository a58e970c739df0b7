"""Fill one slot: ask, judge what was found, put the pins first, and say why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from polaris_core.catalogue.columns import BASE_MODELS, Columns
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.encoders.base import RGBImage
from polaris_core.retrieval.about import Verdict, is_all_rounder, judge
from polaris_core.retrieval.candidates import Resolved
from polaris_core.retrieval.evidence import Evidence, ask_picture, ask_text
from polaris_core.retrieval.filters import Filters, Flags
from polaris_core.retrieval.kind_index import KindIndex
from polaris_core.retrieval.neighbourhood import Neighbourhood
from polaris_core.retrieval.query import Sight, SlotQuery
from polaris_core.retrieval.reasons import Asked, Match, reason
from polaris_core.retrieval.shortlist import Half, Hit, Slot, SlotName, SourceScore
from polaris_core.retrieval.zoo import Zoo, ZooState

__all__ = ["Candidate", "Search", "fill"]

_JUDGED_PER_HIT = 5
"""Candidates read at the most per hit wanted: some of them turn out not to belong."""

_PREFERRED = {
    SlotName.STYLE: frozenset({Role.STYLE}),
    SlotName.OBJECT: frozenset(
        {Role.OBJECT, Role.CHARACTER, Role.PERSON, Role.CLOTHING, Role.CONCEPT}
    ),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that was found."""

    entry: Entry
    score: float
    match: Match


class Search:
    """One kind of entries, as one request sees it; flags are of shape `n` over its ids."""

    def __init__(
        self,
        zoo: Zoo,
        state: ZooState,
        kind: Kind,
        filters: Filters,
        k: int,
        picture: RGBImage | None = None,
    ) -> None:
        self.zoo = zoo
        self.state = state
        self.index: KindIndex = state.kinds[kind]
        self.columns: Columns = state.facts[kind]
        self.filters = filters
        self.k = k
        self.picture = picture

    @property
    def sight(self) -> Sight:
        """Whether there is a picture, and an encoder that can look at it."""
        if self.picture is None:
            return Sight.NO_PICTURE
        return Sight.NO_ENCODER if self.index.picture is None else Sight.SEEN

    def passing(self) -> Flags:
        """Who passes the filters."""
        passed = self.filters.flags(self.columns)
        if self.filters.folders:
            passed &= np.isin(self.index.ids, self.zoo.ids_in_folders(self.filters.folders))
        return passed

    def fits(self, base: BaseModel, allow_unknown: bool) -> Flags:
        """Who may be applied to a checkpoint of this base model."""
        fitting = [
            b.fits(base) or (allow_unknown and BaseModel.UNKNOWN in (b, base)) for b in BASE_MODELS
        ]
        return np.array(fitting)[self.columns.base_model]

    def base_is(self, base: BaseModel) -> Flags:
        """Who is of this very base model."""
        return self.columns.base_model == BASE_MODELS.index(base)

    def role_in(self, roles: frozenset[Role]) -> Flags:
        """Who has one of these roles."""
        return self.columns.is_role(*roles)

    def without(self, ids: frozenset[int]) -> Flags:
        """Everyone but these."""
        return ~np.isin(self.index.ids, np.fromiter(ids, np.int64, len(ids)))

    def by_text(self, text: str, allowed: Flags) -> Evidence:
        """What the text half and the words say."""
        return ask_text(self.index, self.zoo.encoders.text, text, allowed, self.k)

    def by_picture(self, allowed: Flags) -> Evidence:
        """What the picture half says."""
        encoder = self.zoo.encoders.image
        assert encoder is not None
        assert self.picture is not None
        [vector] = encoder.encode_images([self.picture])
        return ask_picture(self.index, vector, allowed, self.k)

    def candidates(self, evidence: Evidence, asked: Asked) -> Iterator[Candidate]:
        """All that was found, best first; entries are read as they are taken."""
        ids, scores = evidence.ranked()
        for start in range(0, len(ids), self.k):
            page = slice(start, start + self.k)
            entries = self.zoo.store.entries(ids[page].tolist())
            for entry, score in zip(entries, scores[page].tolist(), strict=True):
                yield Candidate(entry, score, Match.of(asked, entry))

    def hit(
        self,
        candidate: Candidate,
        evidence: Evidence,
        asked: Asked,
        around: Neighbourhood | None = None,
    ) -> Hit:
        """A candidate with the evidence for it."""
        entry, match = candidate.entry, candidate.match
        sources = evidence.of(entry.id)
        neighbour = around.describe(entry) if around else ""
        words = match.named + match.told
        why = reason(asked, match, sources, neighbour)
        return Hit(entry, candidate.score, sources, words, reason=why)


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
    return Slot(name, query.half, phrase, (*firsts, *hits)[: max(look.k, len(firsts))], note)


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
        found = islice(look.candidates(evidence, asked), look.k)
    return query, tuple(look.hit(candidate, evidence, asked, around) for candidate in found)


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
        cosine = evidence.cosine(candidate.entry.id)
        return judge(name, candidate.entry, candidate.match, cosine, unrelated, gone)

    candidates = look.candidates(evidence, asked)
    if name is SlotName.CHECKPOINT:
        found = list(islice(candidates, look.k))
        if not any(verdict(candidate) is Verdict.FITS for candidate in found):
            notes.append(f"none speaks of “{asked.text}”; these come nearest, all-rounders first")
            found.sort(key=lambda candidate: not is_all_rounder(candidate.entry))
        return found
    found, near = _sorted_out(islice(candidates, _JUDGED_PER_HIT * look.k), verdict, look.k)
    if not found:
        notes.append(f"nothing that may be used here is about “{asked.text}”")
    if near:
        nearest = max(near, key=lambda candidate: evidence.cosine(candidate.entry.id)).entry.name
        more = f" and {len(near) - 1} more" if len(near) > 1 else ""
        notes.append(f"left out for being only near to “{asked.text}”: {nearest}{more}")
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
