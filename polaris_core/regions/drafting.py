"""What was found in a picture for an intent, before anybody chooses otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from polaris_core.errors import MaskRequired
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.instructions.words import base_noun, word_set
from polaris_core.regions.addition import place_addition
from polaris_core.regions.algebra import SoftMask
from polaris_core.regions.background import find_foreground
from polaris_core.regions.place_words import PERSONS
from polaris_core.regions.proposal import Mask
from polaris_core.regions.scene import Finding, Scene, Score
from polaris_core.regions.targets import Half, targets_of

__all__ = ["Draft", "draft_of", "means_all", "rivals_of", "sought"]

_WHOLE = word_set("image picture photo photograph scene everything it")
_BEHIND = word_set("background backdrop surroundings surrounding environment setting scenery")
_EXCEPT = word_set("except but besides excluding")
_ALL = word_set("everything everyone everybody all anything")
_PEOPLE = word_set("everyone everybody")
_DOUBT = 0.3
"""At most so sure is anybody of a region that the words leave open."""


@dataclass
class Draft:
    """What was found, before anybody chooses otherwise."""

    scores: Sequence[float]
    parts: Sequence[tuple[tuple[str, float], ...]]
    chosen: tuple[int, ...]
    confidence: float
    notes: list[str]
    mask: Mask | None = None
    """Where it is not made of proposals."""
    outside: bool = False
    """Whether what is not chosen is meant."""
    halves: dict[int, Half] = field(default_factory=dict[int, Half])


def draft_of(
    intent: EditIntent,
    scene: Scene,
    size_hw: tuple[int, int],
    attention: SoftMask | None = None,
    anchor_region: Mask | None = None,
) -> Draft:
    """Find what an intent of a local kind is about.

    Args:
        intent: Its kind decides how.
        scene: The picture's proposals.
        size_hw: The picture's height and width.
        attention: For additions, `h w`.
        anchor_region: For additions, `h w`.

    Raises:
        MaskRequired: There are no proposals, and the kind needs some.
    """
    if intent.instruction_type is InstructionType.ADD:
        added = place_addition(intent, scene, size_hw, attention, anchor_region)
        parts = [(("fit", score),) for score in added.scores]
        return Draft(added.scores, parts, (), added.confidence, list(added.notes), added.mask)
    if not scene.proposals:
        raise MaskRequired(
            "no regions of the picture were proposed",
            value=sought(intent),
            hint="Use another segmenter, or draw a mask",
        )
    if _subject(intent) in _BEHIND | {"foreground"} or _kept(intent):
        return _scenery(intent, scene)
    return _doubted(intent, _things(intent, scene))


def means_all(intent: EditIntent) -> bool:
    """Whether the whole picture changes, so that no region has to be found."""
    kind = intent.instruction_type
    if kind is InstructionType.ADD:
        return False
    # With a place, a picture is a thing that hangs there, and everything is not all of it.
    return not kind.is_local or (_subject(intent) in _WHOLE and not intent.place.strip())


def sought(intent: EditIntent) -> str:
    """What is looked for, in words."""
    return " ".join(filter(None, (intent.subject, intent.place or intent.anchor)))


def rivals_of(intent: EditIntent) -> list[str]:
    """Things in the picture beside the subject."""
    own = {base_noun(word) for word in _subject(intent).split()}
    named = (noun.lower() for noun in intent.foreground)
    return [noun for noun in named if base_noun(noun) not in own and noun not in PERSONS]


def _things(intent: EditIntent, scene: Scene) -> Draft:
    targets = targets_of(intent)
    findings = [scene.find(target, [t.noun for t in targets]) for target in targets]
    rows = list(zip(*(finding.scores for finding in findings), strict=True))
    best = [max(row, key=lambda score: score.total) for row in rows]
    return Draft(
        scores=[score.total for score in best],
        parts=[_parts(score) for score in best],
        chosen=tuple(dict.fromkeys(i for finding in findings for i in finding.chosen)),
        confidence=min(finding.confidence for finding in findings),
        notes=[note for finding in findings for note in finding.notes],
        halves=_halves(findings, len(best)),
    )


def _doubted(intent: EditIntent, draft: Draft) -> Draft:
    """Where the words leave out some of what they name, nobody can be sure of the region."""
    excepted, subject = _excepted(intent), _subject(intent)
    if excepted:
        draft.notes.append(f"“{excepted}” is left out of it, which is not told apart: look at it")
    elif subject in _ALL:
        draft.notes.append(f"“{subject}” names no thing to look for: look at it")
    else:
        return draft
    draft.confidence = min(draft.confidence, _DOUBT)
    return draft


def _halves(findings: Sequence[Finding], count: int) -> dict[int, Half]:
    """Of which regions only a half is meant; of a single thing whichever region is chosen."""
    return {
        index: finding.target.half
        for finding in findings
        if finding.target.half is not None
        for index in (range(count) if len(findings) == 1 else finding.chosen)
    }


def _scenery(intent: EditIntent, scene: Scene) -> Draft:
    kept = _kept(intent)
    found = find_foreground(scene, [kept] if kept else intent.foreground)
    return Draft(
        scores=[score.total for score in found.scores],
        parts=[_parts(score) for score in found.scores],
        chosen=found.chosen,
        confidence=found.confidence,
        notes=list(found.notes),
        outside=_subject(intent) != "foreground",
    )


def _parts(score: Score) -> tuple[tuple[str, float], ...]:
    if score.value is None:
        return (("prominence", score.prominence), ("place", score.place))
    value = score.value
    looks = (
        ("likeness", value.likeness),
        ("contrast", value.contrast),
        ("standing", value.standing),
    )
    return (*looks, ("place", score.place))


def _subject(intent: EditIntent) -> str:
    return intent.subject.strip().lower()


def _kept(intent: EditIntent) -> str:
    """The cat of "everything except the cat"; empty if nothing is excepted, or from people only."""
    first = f"{_subject(intent)} ".split(" ", 1)[0]
    return _excepted(intent) if first in _ALL - _PEOPLE else ""


def _excepted(intent: EditIntent) -> str:
    """What is left out of the subject: "cat" of "except the cat"."""
    words = f"{intent.subject} {intent.place}".lower().split()
    at = next((i for i, word in enumerate(words) if i and word in _EXCEPT), 0)
    rest = [word for word in words[at + 1 :] if word not in ("the", "for", "a", "an", "my")]
    return " ".join(rest) if at else ""
