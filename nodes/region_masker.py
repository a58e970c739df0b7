"""Find the region that the sentence speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import _host, _segmenters
from ._regions import find_regions
from ._types import IntentIO, SegmenterIO, check_intent

if TYPE_CHECKING:
    import torch

    from polaris_core.instructions.intent import EditIntent

    from ._segmenters import HostSegmenter


class RegionMasker(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisRegionMasker",
            display_name="Polaris Region Masker",
            category="Polaris",
            has_intermediate_output=True,
            description="Finds the region that an intent speaks of, says how sure it is, and "
            "shows the others by number.",
            search_aliases=["auto mask", "mask by text", "segment", "grounding"],
            inputs=[
                io.Image.Input("image"),
                IntentIO.Input("intent", tooltip="From Polaris Instruction Parser."),
                SegmenterIO.Input(
                    "segmenter",
                    optional=True,
                    tooltip="From Polaris Segmenter. Without one, superpixels are judged by size "
                    "and place.",
                ),
                io.Model.Input(
                    "ip2p_model",
                    optional=True,
                    tooltip="An InstructPix2Pix checkpoint: says where an added thing would go.",
                ),
                io.Clip.Input("ip2p_clip", optional=True, tooltip="Of the same checkpoint."),
                io.Vae.Input("ip2p_vae", optional=True, tooltip="Of the same checkpoint."),
                io.String.Input(
                    "choice",
                    default="",
                    tooltip="Numbers of regions on the preview to take instead, with commas "
                    "between. Empty: the best.",
                ),
                io.Int.Input(
                    "grow",
                    default=0,
                    min=-512,
                    max=512,
                    tooltip="Widens the mask by so many pixels; below 0 narrows it.",
                ),
                io.Int.Input(
                    "feather",
                    default=0,
                    min=0,
                    max=512,
                    tooltip="How many pixels its soft edge reaches to either side.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
            outputs=[
                io.Mask.Output("mask", tooltip="One for each picture; 1 is what changes."),
                io.Image.Output("preview", tooltip="The numbered regions over the picture."),
                io.String.Output("json", tooltip="Scores, boxes, confidence, notes."),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        intent: EditIntent,
        choice: str,
        grow: int,
        feather: int,
        segmenter: HostSegmenter | None = None,
        ip2p_model: Any = None,
        ip2p_clip: Any = None,
        ip2p_vae: Any = None,
    ) -> io.NodeOutput:
        found = find_regions(
            image,
            check_intent(intent),
            _segmenters.checked(segmenter),
            (ip2p_model, ip2p_clip, ip2p_vae),
            choice=_host.given(choice),
            grow_px=grow,
            feather_px=feather,
            progress=_host.progress(),
        )
        return io.NodeOutput(
            found.mask,
            found.preview,
            found.json,
            ui={
                **_host.show_both(cls, found.preview, found.text),
                "polaris_regions": found.candidates,
            },
        )


NODES = [RegionMasker]
