"""What proposes regions of a picture, and what looks at them."""

from __future__ import annotations

from comfy_api.latest import io

from . import _host, _segmenters
from ._types import SegmenterIO


class Segmenter(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisSegmenter",
            display_name="Polaris Segmenter",
            category="Polaris",
            description="Segment Anything and CLIP for the Region Masker, loaded once and handed "
            "to ComfyUI's memory management.",
            search_aliases=["sam", "sam2", "segment anything", "auto mask"],
            inputs=[
                io.Combo.Input(
                    "segmenter",
                    options=_segmenters.names(),
                    default=_segmenters.SUPERPIXELS,
                    tooltip="A file or folder in models/sams. superpixels needs no weights, and "
                    "knows no things: only what differs in colour.",
                ),
                io.String.Input(
                    "image_encoder",
                    default="none",
                    tooltip="Compares regions with words: clip:ViT-L-14/openai, "
                    "clip:MODEL//file.safetensors, or none: then size and place decide.",
                ),
                io.Int.Input(
                    "points_per_side",
                    default=32,
                    min=4,
                    max=128,
                    optional=True,
                    advanced=True,
                    tooltip="Segment Anything is asked at this number squared of points. Fewer "
                    "is quicker and misses small things.",
                ),
                io.Int.Input(
                    "most_regions",
                    default=96,
                    min=1,
                    max=512,
                    optional=True,
                    advanced=True,
                    tooltip="The largest so many are looked at.",
                ),
            ],
            outputs=[SegmenterIO.Output("segmenter")],
        )

    @classmethod
    def execute(
        cls, segmenter: str, image_encoder: str, points_per_side: int = 32, most_regions: int = 96
    ) -> io.NodeOutput:
        return io.NodeOutput(
            _segmenters.segmenter(
                segmenter,
                _host.given(image_encoder),
                points_per_side,
                most_regions,
                _host.progress(),
            )
        )


NODES = [Segmenter]
