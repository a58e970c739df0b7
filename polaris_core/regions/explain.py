"""How a region was found, as text and as JSON."""

from __future__ import annotations

import json

from polaris_core.regions.region import Candidate, RegionMask

__all__ = ["explain", "region_to_json"]

_VERSION = 1
_SHOWN = 8


def explain(region: RegionMask) -> str:
    """What was sought, how sure it is, what there is to know, and the best candidates."""
    rows = [f"sought: {region.sought or 'the whole picture'}"]
    rows.append(f"confidence: {region.confidence:.2f}{'' if region.is_sure else ' - look at it'}")
    rows += [f"- {note}" for note in region.notes]
    shown = [c for c in region.candidates if c.number <= _SHOWN or c.number in region.chosen]
    rows += [_row(candidate, candidate.number in region.chosen) for candidate in shown]
    left_out = len(region.candidates) - len(shown)
    return "\n".join([*rows, f"… and {left_out} more"] if left_out else rows)


def _row(candidate: Candidate, chosen: bool) -> str:
    parts = ", ".join(f"{name} {value:.2f}" for name, value in candidate.parts)
    return f"{'*' if chosen else ' '} {candidate.number:>2}  {candidate.score:.3f}  ({parts})"


def region_to_json(region: RegionMask) -> str:
    """Everything but the mask's pixels: scores, choice, confidence and notes.

    Boxes are left, top, right, bottom in pixels, right and bottom outside.
    """
    height, width = region.mask.shape
    fields = {
        "version": _VERSION,
        "sought": region.sought,
        "confidence": _rounded(region.confidence),
        "sure": region.is_sure,
        "chosen": list(region.chosen),
        "notes": list(region.notes),
        "width": width,
        "height": height,
        "candidates": [_candidate(candidate) for candidate in region.candidates],
    }
    return json.dumps(fields, indent=2, ensure_ascii=False, allow_nan=False)


def _candidate(candidate: Candidate) -> dict[str, object]:
    proposal = candidate.proposal
    return {
        "number": candidate.number,
        "score": _rounded(candidate.score),
        "parts": {name: _rounded(value) for name, value in candidate.parts},
        "box_xyxy": list(proposal.box_xyxy),
        "area_px": proposal.area_px,
        "proposer_score": _rounded(proposal.score),
    }


def _rounded(value: float) -> float:
    return round(value, 5)
