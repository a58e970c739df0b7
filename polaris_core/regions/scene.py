"""One picture with its proposals: every thing of a sentence is sought among the same regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polaris_core.encoders.base import Embeddings, PictureTextEncoder, RGBImage
from polaris_core.progress import Progress, silent
from polaris_core.regions.algebra import largest_parts
from polaris_core.regions.geometry import (
    Shape,
    overlap,
    place_weight,
    prominence,
    rank_order,
    shape_of,
)
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.relations import relation_weight
from polaris_core.regions.scoring import Value, embed_regions, values
from polaris_core.regions.select import largest_first
from polaris_core.regions.targets import Rank, Target, target_of

__all__ = ["Finding", "Scene", "Score"]

_ALIKE = 0.3
"""Regions that score at least this share of the best one are taken to be of the same kind."""
_ANY = 0.05
"""Regions below this share are not taken even where more are asked for."""
_PART = 0.5
"""Regions that share more of the smaller one are the same thing, or a part of it."""
_NEARLY = 0.85
"""Of two regions, one within the other, the larger is taken if it scores this share: a thing often
looks no more like itself than its head does."""
_MOST_WHOLE = 3
"""But never one so many times as large."""
_BLIND = 0.3
"""Confidence never exceeds it where nothing looked at the picture."""


_UNSEEN = "what stands by what could not be judged, since nothing looked at the picture"


@dataclass(frozen=True, slots=True)
class Score:
    """How well a region fits a target, and why."""

    value: Value | None
    """How it looks; None without an encoder."""
    prominence: float
    """How much it looks like what a picture shows, by size and place alone, 0 to 1."""
    place: float
    """How well it suits the place that was told, in (0, 1]."""
    total: float
    """What is compared, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a target was found."""

    target: Target
    scores: tuple[Score, ...]
    """One per proposal of the scene, in its order."""
    chosen: tuple[int, ...]
    """Indices of proposals, best first; empty only where there are no proposals."""
    confidence: float
    """0 to 1."""
    notes: tuple[str, ...] = ()


class Scene:
    """The regions of a picture, looked at once.

    Attributes:
        proposals: The largest first, whatever order they came in.
        shapes: Where each lies.
    """

    def __init__(
        self,
        picture: RGBImage,
        proposals: Sequence[Proposal],
        encoder: PictureTextEncoder | None,
        nouns: Sequence[str] = (),
        progress: Progress = silent,
    ) -> None:
        """Measure each region; an encoder looks at them when the first thing is sought.

        Args:
            picture: `h w 3`, bytes.
            proposals: Of this picture.
            encoder: None judges by place and size alone.
            nouns: Things known to be in the picture, with which each target competes.
            progress: Called between batches.
        """
        self.proposals = largest_first(proposals)
        self.shapes: list[Shape] = []
        for done, proposal in enumerate(self.proposals):
            progress(done, len(self.proposals), "measuring regions")
            self.shapes.append(shape_of(proposal))
        self._picture, self._encoder, self._nouns = picture, encoder, tuple(nouns)
        self._progress = progress
        self._seen: Embeddings | None = None

    @property
    def sees(self) -> bool:
        """Whether an encoder looks at the regions."""
        return self._encoder is not None

    def find(self, target: Target, rivals: Sequence[str] = ()) -> Finding:
        """The regions of a target.

        Args:
            target: What is sought.
            rivals: More nouns that it competes with.
        """
        scores = self._scores(target, (*rivals, *self._nouns))
        if not scores:
            return Finding(target, (), (), 0.0)
        order = self._order(scores)
        alike = self._distinct(scores, order, _ALIKE)
        notes = [_UNSEEN] if target.place.relation and not self.sees else []
        kept = alike
        if target.rank is not None:
            chosen, trouble = self._ranked(target.rank, alike)
        elif target.count is None:
            chosen, trouble = alike, ""
        else:
            kept = chosen = self._distinct(scores, order, _ANY)[: target.count]
            missing = target.count - len(chosen)
            trouble = f"{missing} of {target.count} were not found" if missing else ""
        notes += [f"{target.phrase}: {trouble}"] if trouble else []
        confidence = self._confidence(scores, chosen, kept) * (0.3 if trouble else 1)
        return Finding(target, tuple(scores), tuple(chosen), confidence, tuple(notes))

    def _order(self, scores: Sequence[Score]) -> list[int]:
        """Indices by falling score; of equal ones the larger region first."""
        return sorted(range(len(scores)), key=lambda i: -scores[i].total)

    def _distinct(self, scores: Sequence[Score], order: Sequence[int], least: float) -> list[int]:
        """Those that score at least this share of the best, without parts of better ones."""
        kept: list[int] = []
        for index in order:
            if scores[index].total < least * scores[order[0]].total:
                break
            if all(self._apart(index, other) for other in kept):
                whole = self._whole_of(index, scores)
                kept = [other for other in kept if self._apart(whole, other)] + [whole]
        return kept

    def _whole_of(self, part: int, scores: Sequence[Score]) -> int:
        """The largest connected region around a region that looks nearly as well, or itself."""
        if not self.sees:
            return part
        least = _NEARLY * scores[part].total
        for index, proposal in enumerate(self.proposals[:part]):
            area = self.proposals[part].area_px * _MOST_WHOLE
            near = scores[index].total >= least > 0 and proposal.area_px <= area
            if near and self.shapes[index].frame < 0.5 and _holds(proposal, self.proposals[part]):
                return index
        return part

    def _apart(self, one: int, other: int) -> bool:
        return overlap(self.proposals[one], self.proposals[other]) <= _PART

    def _scores(self, target: Target, rivals: Sequence[str]) -> list[Score]:
        weights = [place_weight(shape, target.place) for shape in self.shapes]
        for i, weight in enumerate(self._relations(target)):
            weights[i] *= weight
        blind = [
            prominence(shape) * (0.5 + 0.5 * proposal.score)
            for shape, proposal in zip(self.shapes, self.proposals, strict=True)
        ]
        looks = self._looks(target, rivals)
        return [
            Score(value, lone, weight, (value.total if value else lone) * weight)
            for value, lone, weight in zip(looks, blind, weights, strict=True)
        ]

    def _looks(self, target: Target, rivals: Sequence[str]) -> Sequence[Value | None]:
        encoder, progress = self._encoder, self._progress
        if encoder is None or not self.proposals:
            return [None] * len(self.proposals)
        if self._seen is None:
            self._seen = embed_regions(self._picture, self.proposals, encoder, progress)
        return values(self._seen, target.phrases, target.noun, rivals, encoder, progress)

    def _relations(self, target: Target) -> list[float]:
        """How well each region stands to the landmark of the target, as far as that is found."""
        place = target.place
        if place.relation is None or place.landmark is None or not self.sees:
            return []
        boxes = [proposal.box_xyxy for proposal in self.proposals]
        first = self.find(target_of(place.landmark), (target.noun,))
        found, sure = first.chosen, first.confidence
        others = found[1:]
        if place.other is not None:
            second = self.find(target_of(place.other), (target.noun,))
            others, sure = second.chosen, min(sure, second.confidence)
        if not found:
            return []
        other = boxes[others[0]] if others else None
        weights = [relation_weight(box, place.relation, boxes[found[0]], other) for box in boxes]
        for landmark in (*found[:1], *others[:1]):
            weights[landmark] = 0.01
        return [1 - sure * (1 - weight) for weight in weights]

    def _ranked(self, rank: Rank, alike: list[int]) -> tuple[list[int], str]:
        order = rank_order([self.shapes[i] for i in alike], rank)
        nth = rank.nth - 1 if rank.nth > 0 else len(order) - 1
        if nth < len(order):
            return [alike[order[nth]]], ""
        return [alike[order[-1]]], f"there are only {len(order)} alike, so the last one was taken"

    def _confidence(self, scores: list[Score], chosen: list[int], kept: list[int]) -> float:
        """How far the chosen ones stand out, and how sure the look of them is."""
        worst = min(scores[i].total for i in kept)
        others = [
            scores[i].total
            for i in range(len(scores))
            if i not in kept and all(self._apart(i, k) for k in kept)
        ]
        margin = 1 - min(1.0, max(others, default=0.0) / worst) if worst > 0 else 0.0
        fit = min(1.0, *(2 * scores[i].place ** 0.5 for i in chosen))
        looks = [value.contrast for i in chosen if (value := scores[i].value)]
        return margin * fit * (min(looks) if looks else _BLIND)


def _holds(whole: Proposal, part: Proposal) -> bool:
    """Whether a region is connected and nearly all of another lies in it."""
    if overlap(whole, part) < 0.9:
        return False
    crop = whole.crop
    return bool((largest_parts(crop, 0.2, most=2) == largest_parts(crop)).all())
