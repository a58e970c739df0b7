"""The mask of an edit on the command line: given as a file, or found by the region masker."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from PIL import Image

from polaris_core.cli.edit_jobs import Job
from polaris_core.cli.output import terminal_progress
from polaris_core.encoders.base import ImageEncoder, RGBImage
from polaris_core.encoders.hashing import HashingEncoder
from polaris_core.images import read_picture
from polaris_core.instructions.intent import EditIntent
from polaris_core.regions.algebra import SoftMask
from polaris_core.regions.drafting import means_all
from polaris_core.regions.draw import draw_candidates
from polaris_core.regions.explain import explain
from polaris_core.regions.grounding import ground
from polaris_core.regions.proposal import Proposer
from polaris_core.regions.proposers import load_segmenter
from polaris_core.regions.region import read_choice
from polaris_core.regions.superpixels import SuperpixelProposer

__all__ = ["RegionFinder"]


class RegionFinder:
    """Finds masks, with one segmenter for all pictures."""

    def __init__(self, options: argparse.Namespace, encoder: ImageEncoder | None) -> None:
        """Nothing is loaded before a mask is sought.

        Args:
            options: `segmenter` (a file or folder, or None), `choice` and `regions` (a PNG).
            encoder: The zoo's encoder of pictures, which looks at the regions.

        Raises:
            InvalidInput: The choice is none.
        """
        self.options = options
        # The hashing encoder compares no pictures with words.
        self.encoder: Any = None if isinstance(encoder, HashingEncoder) else encoder
        self.choice = read_choice(options.choice)
        self.proposer: Proposer | None = None

    def __call__(self, job: Job, intent: EditIntent, picture: RGBImage) -> tuple[SoftMask, str]:
        """The mask, `h w`, 0 to 1, and how it was found; nothing is said of one that was given.

        Raises:
            MaskRequired: No region is meant.
            PolarisError: As the segmenter and the encoder do.
        """
        if job.mask is not None:
            levels = np.asarray(read_picture(job.mask).convert("L"))
            return (levels / 255).astype(np.float32), ""
        progress = terminal_progress()
        proposals = ()
        if not means_all(intent):
            proposals = self._proposer().propose(picture, progress)
        region = ground(
            picture, intent, proposals, self.encoder, choice=self.choice, progress=progress
        )
        if self.options.regions:
            preview = Image.fromarray(draw_candidates(picture, region))
            preview.save(self.options.regions, format="PNG")
        return region.mask, explain(region)

    def _proposer(self) -> Proposer:
        if self.proposer is None:
            segmenter = self.options.segmenter
            self.proposer = load_segmenter(segmenter) if segmenter else SuperpixelProposer()
        return self.proposer
