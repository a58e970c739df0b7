"""Whether a candidate has to do with a query at all, rather than being the least far.

Cosines of a text encoder tell the unrelated from the related, but not the same from the similar: to
it a cat is near to a dog. A thing must be the very thing, since its trigger words go into the
prompt; looks are described in many words, so for a style less is asked.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping

from polaris_core.catalogue.entry import Entry
from polaris_core.retrieval.candidates import NAMED_ONLY
from polaris_core.retrieval.reasons import Match
from polaris_core.retrieval.shortlist import SlotName
from polaris_core.retrieval.words import stems

__all__ = ["Verdict", "bounds", "is_all_rounder", "judge", "judge_look"]

_CLEARLY: Mapping[SlotName, float] = {
    SlotName.OBJECT: 0.55,
    SlotName.STYLE: 0.2,
    SlotName.CHECKPOINT: 0.2,
}
"""The share of the way from the cosine of unrelated texts to 1 that is asked for where no word is
shared. With MiniLM (0.34) that is 0.70 for things, above "cat" and "dog" at 0.66, and 0.47 for
looks."""

_CLEARLY_ALIKE = 0.45
"""The share of the way from the cosine of two previews to 1 that is asked for of a model that is to
keep a picture's look. Set on the miniature encoder, where that is 0.59: drawings of the model's own
style have 0.4 to 0.85, of others 0.2 to 0.6 and seldom more."""

_ALL_ROUNDER = re.compile(
    r"\b(?:general|all|multi)[- ]?purpose\b|\ball[- ]?rounder\b|\bversatile\b", re.IGNORECASE
)


class Verdict(enum.Enum):
    """What a candidate has to do with the query."""

    FITS = enum.auto()
    NEAR = enum.auto()
    """Related, but something else."""
    FAR = enum.auto()
    """Nothing, or it was not called by its name."""


def bounds(slot: SlotName, unrelated: float) -> tuple[float, float]:
    """From which cosine on a candidate is near to the query, and from which it fits.

    Args:
        slot: Which it is to fill.
        unrelated: The encoder's cosine of unrelated texts.
    """
    return unrelated, unrelated + _CLEARLY[slot] * (1.0 - unrelated)


def judge(
    slot: SlotName,
    entry: Entry,
    match: Match,
    cosine: float,
    unrelated: float,
    gone: frozenset[str] = frozenset(),
) -> Verdict:
    """Judge a candidate.

    It fits if what the query is about stands in its name, trigger words or tags, or if its cosine
    is clearly above that of unrelated texts. Characters and persons are only meant by their names.

    Args:
        slot: Which it is to fill.
        entry: The candidate.
        match: The words it shares with the query.
        cosine: Its cosine with the query, in [-1, 1].
        unrelated: The encoder's cosine of unrelated texts.
        gone: Stems of what is to leave the picture: who is named so must be named so by the query.
    """
    if entry.role in NAMED_ONLY and not match.by_name:
        return Verdict.FAR
    if match.of_head:
        return Verdict.FITS
    related, clearly = bounds(slot, unrelated)
    if cosine < related:
        return Verdict.FAR
    if cosine < clearly or not gone.isdisjoint(_called(entry)):
        return Verdict.NEAR
    return Verdict.FITS


def judge_look(cosine: float, usual: float) -> Verdict:
    """Judge how much a candidate looks like a picture whose look is to be kept.

    Args:
        cosine: Of the picture with the candidate's previews, in [-1, 1].
        usual: The image encoder's cosine of two previews.
    """
    clearly = usual + _CLEARLY_ALIKE * (1.0 - usual)
    return Verdict.FITS if cosine >= clearly else Verdict.NEAR


def _called(entry: Entry) -> set[str]:
    return set(stems(", ".join((entry.name, *entry.trigger_words))))


def is_all_rounder(entry: Entry) -> bool:
    """Whether a checkpoint is said to serve for anything, with no look to fight a LoRA's."""
    return any(map(_ALL_ROUNDER.search, (entry.name, entry.description, *entry.tags)))
