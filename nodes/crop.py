"""Edit a region at full size: cut a piece around it, and stitch it back afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from . import _host
from ._types import CropIO, IntentIO, check_crop, check_intent

if TYPE_CHECKING:
    import torch

    from polaris_core.instructions.intent import EditIntent


class CropRegion(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisCrop",
            display_name="Polaris Crop",
            category="Polaris",
            description="Cuts a piece around the mask and enlarges it to what the checkpoint draws "
            "best, so that small regions get whole things. Polaris Stitch puts it back.",
            search_aliases=["inpaint crop", "only masked", "crop by mask"],
            inputs=[
                io.Image.Input("image", tooltip="One or more pictures, cut at one place."),
                io.Mask.Input("mask", tooltip="What may change, from any node."),
                io.Int.Input(
                    "size",
                    default=512,
                    min=64,
                    max=8192,
                    step=8,
                    tooltip="The piece is enlarged until its longer edge has so many pixels: 512 "
                    "for SD1.5, 1024 for SDXL. A larger piece keeps its size.",
                ),
                io.Float.Input(
                    "context",
                    default=0.0,
                    min=0.0,
                    max=16.0,
                    step=0.05,
                    advanced=True,
                    tooltip="The piece's edge by that of the region: how much of the surroundings "
                    "is seen. 0: decided by the edit.",
                ),
                IntentIO.Input(
                    "intent",
                    optional=True,
                    tooltip="From Polaris Instruction Parser: where something is removed, more of "
                    "the surroundings is seen.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The piece; all of the picture if the region is."),
                io.Mask.Output("mask", tooltip="The piece of the mask."),
                CropIO.Output("crop", tooltip="For Polaris Stitch."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        mask: torch.Tensor,
        size: int,
        context: float,
        intent: EditIntent | None = None,
    ) -> io.NodeOutput:
        from polaris_core.engine.crop import Crop, choose_crop, context_for
        from polaris_core.engine.start import check_image, check_mask

        check_image(image)
        is_local = intent is None or check_intent(intent).instruction_type.is_local
        if not is_local or not mask.any():  # the Editor says so if it needs a mask
            crop = Crop.none((image.shape[2], image.shape[1]))
            told = "nothing is marked" if is_local else "the whole picture changes"
            told += ": all of the picture"
            return io.NodeOutput(image[..., :3], mask, crop, ui=_host.show(cls, told))
        context = context or context_for(intent)
        crop = choose_crop(image, mask, size_px=size, context=context)
        told = "all of the picture"
        if not crop.is_whole:
            told = f"{crop.width} x {crop.height} at {crop.left}, {crop.top}"
            told += " of {} x {}, edited at {} x {}".format(*crop.picture_wh, *crop.size_wh)
        return io.NodeOutput(
            crop.image(image[..., :3]),
            crop.mask(check_mask(mask, image)),
            crop,
            ui=_host.show(cls, told),
        )


class Stitch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisStitch",
            display_name="Polaris Stitch",
            category="Polaris",
            description="Lays an edited piece over the picture that Polaris Crop cut it from. "
            "Outside the mask every pixel stays as it was.",
            search_aliases=["inpaint stitch", "paste back", "uncrop"],
            inputs=[
                io.Image.Input("image", tooltip="The whole picture, as it went into Polaris Crop."),
                io.Image.Input("piece", tooltip="The edited piece, decoded."),
                io.Mask.Input("mask", tooltip="From Polaris Adaptive Editor, or Polaris Crop."),
                CropIO.Input("crop", tooltip="From Polaris Crop."),
            ],
            outputs=[io.Image.Output("image")],
        )

    @classmethod
    def execute(
        cls, image: torch.Tensor, piece: torch.Tensor, mask: torch.Tensor, crop: object
    ) -> io.NodeOutput:
        return io.NodeOutput(check_crop(crop).stitch(image, piece, mask))


NODES = [CropRegion, Stitch]
