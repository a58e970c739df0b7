"""The value function of the paper's 4.3: how well a region's picture fits a phrase.

Regions and phrases are embedded in one space (CLIP); a region by several views of it, a phrase in
several prompts, each averaged. What the subject competes with are the other things that the intent
names, the background, and what backgrounds are mostly made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import Embeddings, PictureTextEncoder, RGBImage
from polaris_core.encoders.hashing import HashingEncoder
from polaris_core.errors import InvalidInput
from polaris_core.instructions.body_plans import body_plan, outline_fits
from polaris_core.instructions.words import base_noun, word_set
from polaris_core.progress import Progress, silent
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.views import VIEW_WEIGHTS, Views

__all__ = ["SCENERY", "Value", "check_encoder", "embed_regions", "values"]

_TEMPLATES = ("a photo of {}", "a close-up photo of {}", "a cropped picture of {}")
_BACKGROUND = ("the background", "an empty background")
SCENERY = ("sky", "grass", "water", "road", "wall", "floor", "tree", "building")
"""What backgrounds are mostly made of."""

_REGIONS_PER_BATCH = 8

_CONTRAST = 0.01
"""Temperature between phrases: the inverse of the factor that CLIP was trained with."""
_SPREAD = 0.02
"""Temperature between regions: pictures of one kind of thing differ by about that in CLIP."""


@dataclass(frozen=True, slots=True)
class Value:
    """How well a region fits the subject."""

    likeness: float
    """Cosine of region and subject, -1 to 1."""
    contrast: float
    """Probability of the subject against everything that it competes with, 0 to 1."""
    standing: float
    """Likeness beside that of the best region: 1 for the best, falling exponentially."""

    @property
    def total(self) -> float:
        """0 to 1."""
        return self.contrast * self.standing


def check_encoder(encoder: PictureTextEncoder) -> None:
    """Make sure that an encoder can compare pictures with texts.

    Raises:
        InvalidInput: It is the hashing encoder, to which a text is like no picture.
    """
    if isinstance(encoder, HashingEncoder):
        raise InvalidInput(
            "this encoder cannot compare pictures with words",
            value=encoder.name,
            hint="Take a CLIP encoder, or none: then regions are chosen by place and size alone",
        )


def embed_regions(
    picture: RGBImage,
    proposals: Sequence[Proposal],
    encoder: PictureTextEncoder,
    progress: Progress = silent,
) -> Embeddings:
    """The weighted mean of each region's views, at unit length, shape `n dim`.

    Args:
        picture: `h w 3`, bytes.
        proposals: Regions of this picture.
        encoder: Of texts and pictures in one space.
        progress: Called between batches.

    Raises:
        InvalidInput: The encoder computes no numbers.
    """
    views = Views(picture)
    rows = np.empty((len(proposals), encoder.dim), np.float32)
    for start in range(0, len(proposals), _REGIONS_PER_BATCH):
        report = _at(progress, start, len(proposals))
        report(0, 0, "")
        batch = proposals[start : start + _REGIONS_PER_BATCH]
        pictures = [view for proposal in batch for view in views.of(proposal)]
        seen = encoder.encode_images(pictures, report)
        grouped = np.reshape(seen, (len(batch), len(VIEW_WEIGHTS), encoder.dim))
        means = np.average(grouped, axis=1, weights=VIEW_WEIGHTS)
        rows[start : start + len(batch)] = _unit(means)
    progress(len(proposals), len(proposals), _WHAT)
    return _checked(rows, encoder)


def values(
    regions: Embeddings,
    phrases: Sequence[str],
    noun: str,
    others: Sequence[str],
    encoder: PictureTextEncoder,
    progress: Progress = silent,
) -> list[Value]:
    """Score regions against a subject.

    Args:
        regions: From `embed_regions`.
        phrases: The subject, in one way or several.
        noun: Its head noun, in the singular.
        others: Nouns of other things in the picture; those that are the subject do not count.
        encoder: The one that embedded the regions.
        progress: Passed to the encoder.
    """
    rivals = [(other,) for other in dict.fromkeys(others) if _competes(other, noun)]
    rivals += [_BACKGROUND, *((word,) for word in SCENERY if not _akin(word, noun))]
    cosines = _similar(regions, [tuple(phrases), *rivals], encoder, progress)
    logits = cosines / _CONTRAST
    logits -= logits.max(1, keepdims=True, initial=-np.inf)
    shares = np.exp(logits)
    contrast = shares[:, 0] / shares.sum(1)
    likeness = cosines[:, 0]
    standing = np.exp((likeness - likeness.max(initial=-1.0)) / _SPREAD)
    rows = zip(likeness.tolist(), contrast.tolist(), standing.tolist(), strict=True)
    return [Value(*row) for row in rows]


def _similar(
    regions: Embeddings,
    groups: Sequence[Sequence[str]],
    encoder: PictureTextEncoder,
    progress: Progress,
) -> npt.NDArray[np.float64]:
    """Cosines of regions with groups of phrases of one meaning, shape `n groups`."""
    prompts = [[t.format(_named(p)) for p in group for t in _TEMPLATES] for group in groups]
    flat = encoder.encode_texts([prompt for group in prompts for prompt in group], progress)
    ends = np.cumsum([len(group) for group in prompts])[:-1]
    means = [part.mean(0, keepdims=True) for part in np.split(flat, ends)]
    texts = _checked(_unit(np.concatenate(means)), encoder)
    return np.einsum("nd,gd->ng", regions, texts, dtype=np.float64)


def _named(phrase: str) -> str:
    """With an article, where it is one thing and has none."""
    words = phrase.lower().split()
    if not words or words[0] in ("a", "an", "the") or base_noun(words[-1]) != words[-1]:
        return phrase
    return f"{'an' if words[0].startswith(tuple('aeiou')) else 'a'} {phrase}"


_KINDS = word_set("person people human figure character animal pet vehicle thing object item")
"""Words for many things, which may be the subject under another name."""


def _competes(other: str, noun: str) -> bool:
    one, two = base_noun(other), base_noun(noun)
    return one != two and one not in _KINDS and two not in _KINDS - {"thing"}


def _akin(word: str, noun: str) -> bool:
    """Whether a word of scenery may be what a noun means: a lawn is grass, a cottage a building."""
    noun = base_noun(noun)
    return word == noun or outline_fits(word, noun) or (bool(noun) and not body_plan(noun))


_WHAT = "looking at regions"


def _at(progress: Progress, done: int, total: int) -> Progress:
    """Reports this count whatever an encoder reports of its batch."""

    def report(_done: int, _total: int, _what: str, /) -> None:
        progress(done, total, _WHAT)

    return report


def _unit(rows: Embeddings) -> Embeddings:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, np.float32(1e-12))).astype(np.float32)


def _checked(rows: Embeddings, encoder: PictureTextEncoder) -> Embeddings:
    if not np.isfinite(rows).all():
        raise InvalidInput(
            "the encoder computed NaN or infinity",
            value=encoder.name,
            hint="Run it in single precision, or take another encoder",
        )
    return rows
