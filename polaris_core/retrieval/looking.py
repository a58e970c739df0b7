"""One kind of entries as one request sees it: who may be found, and what the sources say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.columns import BASE_MODELS, Columns
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.encoders.base import RGBImage
from polaris_core.index.base import Ids
from polaris_core.retrieval.candidates import NAMED_ONLY
from polaris_core.retrieval.evidence import Evidence, ask_picture, ask_text
from polaris_core.retrieval.filters import Filters, Flags
from polaris_core.retrieval.kind_index import KindIndex
from polaris_core.retrieval.neighbourhood import Neighbourhood
from polaris_core.retrieval.query import Sight
from polaris_core.retrieval.reasons import Asked, Match, reason
from polaris_core.retrieval.shortlist import Hit
from polaris_core.retrieval.zoo import Zoo, ZooState

__all__ = ["Candidate", "Search"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that was found."""

    entry: Entry
    score: float
    cosine: float
    """With the query or one of its phrases; -1 if unknown."""
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
        return np.take(fitting, self.columns.base_model)

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
        return ask_picture(self.index, self._seen, allowed, self.k)

    def look_name(self) -> str:
        """What the picture's look is called; empty if there is none, or no clear name."""
        return self.zoo.looks.of(self._seen) if self.sight is Sight.SEEN else ""

    @cached_property
    def _seen(self) -> npt.NDArray[np.float32]:
        encoder = self.zoo.encoders.image
        assert encoder is not None
        assert self.picture is not None
        return encoder.encode_images([self.picture])[0]

    def candidates(self, evidence: Evidence, asked: Asked, most: int) -> Iterator[Candidate]:
        """The best that were found, in their order; entries are read as they are taken."""
        ids, scores = evidence.ranked()
        return self.read(ids[:most], scores[:most], evidence, asked)

    def read(
        self, ids: Ids, scores: npt.NDArray[np.float64], evidence: Evidence, asked: Asked
    ) -> Iterator[Candidate]:
        """Candidates of these ids with these scores, read some at a time as they are taken."""
        cosines: list[float] = evidence.cosines(ids).tolist()
        for start in range(0, len(ids), self.k):
            page = slice(start, start + self.k)
            entries = self.zoo.store.entries(ids[page].tolist())
            for entry, score, cosine in zip(
                entries, scores[page].tolist(), cosines[page], strict=True
            ):
                yield Candidate(entry, score, cosine, Match.of(asked, entry))

    def outlook(
        self, ids: Ids, evidence: Evidence, asked: Asked, bounds: tuple[float, float]
    ) -> tuple[Flags, Flags]:
        """Who of these need be read to be judged, and who is only near whatever he says.

        All others are far. (Of more tags than the index of words reads, the rest does not count.)

        Args:
            ids: Candidates, shape `n`.
            evidence: What was found.
            asked: The query.
            bounds: The cosines from which a candidate is near, and from which it fits.
        """
        unrelated, clearly = bounds
        places, words = self.index.ids.searchsorted(ids), self.index.words
        cosines = evidence.cosines(ids)
        head = words.holding(asked.heads)[places]
        named_only = self.role_in(NAMED_ONLY)[places]
        named = words.holding(asked.said)[places]
        unclear = np.where(named_only, (cosines >= unrelated) & named, cosines >= clearly)
        read = (head & (named | ~named_only)) | unclear
        return read, ~read & ~named_only & (cosines >= unrelated)

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
