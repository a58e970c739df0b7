"""The background of a picture: what is left without its foreground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polaris_core.instructions.words import base_noun
from polaris_core.regions.scene import Finding, Scene, Score
from polaris_core.regions.scoring import SCENERY
from polaris_core.regions.targets import Target

__all__ = ["Foreground", "find_foreground"]

_THINGS = ("a person", "an animal", "an object", "a vehicle", "the main thing in the picture")
_SEEN = 0.5
"""Probability of being a thing, rather than background, from which on a region is taken."""
_PROMINENT = 0.5
"""Share of the greatest prominence from which on a region is taken where nothing looked."""
_FRAMING = 0.6
"""What covers so much of the picture's border is no thing in it."""
_GUESSED = 0.3


@dataclass(frozen=True)
class Foreground:
    """The regions that stand before the background."""

    scores: tuple[Score, ...]
    """One per proposal of the scene."""
    chosen: tuple[int, ...]
    """Indices of proposals."""
    confidence: float
    """0 to 1."""
    notes: tuple[str, ...]


def find_foreground(scene: Scene, nouns: Sequence[str]) -> Foreground:
    """What stands in the foreground.

    Args:
        scene: The picture's proposals.
        nouns: Of the things in the foreground, where the intent names them.
    """
    named = [noun for noun in dict.fromkeys(nouns) if noun]
    if scene.sees and named:
        return _named(scene, named)
    things = Target(_THINGS[0], "thing", count=None, also=_THINGS[1:])
    scores = scene.find(things, SCENERY).scores
    if scene.sees:
        chosen = [
            index
            for index, (score, shape) in enumerate(zip(scores, scene.shapes, strict=True))
            if score.value and score.value.contrast >= _SEEN and shape.frame < _FRAMING
        ]
        how = "the sentence names none, so it is whatever looks like a thing"
    else:
        chosen = _prominent(scores)
        how = "nothing looked at the picture, so it is what is large and in the middle"
    confidence = _GUESSED if chosen else 0.0
    if not chosen:  # a doubtful region with numbers to choose from says more than none
        chosen, how = _prominent(scores), "nothing looks like a thing, so it is what comes nearest"
    return Foreground(scores, tuple(chosen), confidence, (f"the foreground is a guess: {how}",))


def _prominent(scores: Sequence[Score]) -> list[int]:
    best = max((score.total for score in scores), default=0.0)
    return [i for i, s in enumerate(scores) if s.total >= max(1e-9, _PROMINENT * best)]


def _named(scene: Scene, nouns: Sequence[str]) -> Foreground:
    findings = [scene.find(Target(noun, base_noun(noun), count=None), nouns) for noun in nouns]
    chosen = dict.fromkeys(index for finding in findings for index in finding.chosen)
    notes = [f"the foreground is: {', '.join(nouns)}", *_doubts(findings)]
    confidence = min(finding.confidence for finding in findings)
    rows = zip(*(finding.scores for finding in findings), strict=True)
    best = tuple(max(row, key=lambda score: score.total) for row in rows)
    return Foreground(best, tuple(chosen), confidence, tuple(notes))


def _doubts(findings: Sequence[Finding]) -> list[str]:
    return [note for finding in findings for note in finding.notes]
