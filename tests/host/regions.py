"""What an example with Polaris Crop and Stitch lets change, as a picture of its own."""

from __future__ import annotations

from typing import Any

__all__ = ["REGION", "add_region"]

REGION = "66"
"""The node that saves it: white is what may change, in the whole picture."""


def add_region(nodes: dict[str, Any]) -> None:
    """Add nodes to a workflow that stitch white pieces into a black picture."""
    cropped = nodes["50"]["inputs"]["image"]
    added = {
        "60": ("ThresholdMask", {"mask": ["6", 5], "value": 1.0}),
        "68": ("InvertMask", {"mask": ["60", 0]}),
        "61": ("MaskToImage", {"mask": ["68", 0]}),
        "62": ("ImageBlend", _blend(cropped)),
        "63": ("PolarisStitch", _stitch()),
        "64": ("ImageToMask", {"image": ["63", 0], "channel": "red"}),
        "65": ("ThresholdMask", {"mask": ["64", 0], "value": 0.0}),
        "67": ("MaskToImage", {"mask": ["65", 0]}),
        REGION: ("SaveImage", {"images": ["67", 0], "filename_prefix": "region"}),
    }
    for number, (kind, inputs) in added.items():
        nodes[number] = {"class_type": kind, "inputs": inputs}


def _blend(cropped: list[Any]) -> dict[str, Any]:
    """The picture less itself: black, as large as it."""
    return {
        "image1": cropped,
        "image2": cropped,
        "blend_factor": 1.0,
        "blend_mode": "difference",
    }


def _stitch() -> dict[str, Any]:
    return {"image": ["62", 0], "piece": ["61", 0], "mask": ["6", 5], "crop": ["50", 2]}
