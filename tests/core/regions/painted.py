"""Painted pictures, their regions, and an encoder that knows colours and nothing else."""

from __future__ import annotations

import re

import numpy as np

from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.regions.proposal import Proposal

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 170, 40),
    "blue": (30, 60, 220),
    "yellow": (240, 220, 40),
    "white": (250, 250, 250),
    "grey": (128, 128, 128),
}
_NAMES = list(COLOURS)
_PALETTE = np.array([COLOURS[name] for name in _NAMES], float)
_MEANT = {"background": "grey", "dog": "red", "cat": "blue", "man": "yellow", "tent": "green"}
_MEANT |= {"house": "white", "person": "yellow", "head": "white"}


class ColourEncoder:
    """A picture is how much of it has which colour; a text is the colours that it names.

    Some nouns mean a colour: in this world all dogs are red, and any colour may be a thing. Grey
    is the ground on which things stand, and is hardly noticed beside them.
    """

    name = "colours"
    dim = len(_NAMES) + 1

    def __init__(self):
        self.batches = []

    def encode_texts(self, texts, progress=None):
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"[a-z]+", text.lower()):
                word = _MEANT.get(word) or _MEANT.get(word.removesuffix("s"), word)
                if word in ("object", "thing"):
                    row[: _NAMES.index("grey")] = 1
                if word in COLOURS:
                    row[_NAMES.index(word)] = 1
            row[-1] = 0 if row.any() else 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_images(self, images, progress=None):
        self.batches.append(len(images))
        rows = np.zeros((len(images), self.dim), np.float32)
        for row, image in zip(rows, images, strict=True):
            pixels = image[::12, ::12].reshape(-1, 1, 3).astype(float)
            nearest = np.square(pixels - _PALETTE).sum(2).argmin(1)
            row[:-1] = np.bincount(nearest, minlength=len(_NAMES))
            row[_NAMES.index("grey")] /= 20
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def paint(things, size_hw=(60, 90), ground="grey"):
    """A picture with boxes painted in, in order, and a proposal for each and for the ground.

    Args:
        things: (colour, (left, top, right, bottom)).
        size_hw: Height and width in pixels.
        ground: Its colour.
    """
    picture = np.empty((*size_hw, 3), np.uint8)
    picture[:] = COLOURS[ground]
    rest = np.ones(size_hw, np.bool_)
    proposals = []
    for colour, (left, top, right, bottom) in things:
        mask = np.zeros(size_hw, np.bool_)
        mask[top:bottom, left:right] = True
        picture[mask] = COLOURS[colour]
        rest &= ~mask
        proposals.append(Proposal.of(mask, 0.9))
    if rest.any():
        proposals.append(Proposal.of(rest, 0.9))
    return picture, proposals


def scaled(picture, proposals, factor):
    """The same, so many times as large."""
    large = picture.repeat(factor, 0).repeat(factor, 1)
    masks = (p.mask.repeat(factor, 0).repeat(factor, 1) for p in proposals)
    return large, [Proposal.of(mask, p.score) for mask, p in zip(masks, proposals, strict=True)]


def intent(kind, subject, **fields):
    """An intent; its sentence names the subject unless another is given."""
    fields.setdefault("instruction", f"change the {subject}")
    return EditIntent(instruction_type=InstructionType(kind), subject=subject, **fields)


def box_of_mask(mask):
    """Left, top, right, bottom of what is inside."""
    ys, xs = np.nonzero(mask >= 0.5)
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
