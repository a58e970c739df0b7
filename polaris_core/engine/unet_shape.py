"""How a UNet is built, read from the keys and shapes of its file.

SD1.5 and SDXL store a UNet as numbered input, middle and output blocks:

    input   0      the first layer
            1 …    residual blocks (`.0`), each perhaps with an attention block (`.1`);
                   a halving layer (`.0.op`) ends a level
    middle  0 1 2  residual block, attention, residual block; or only the first; or nothing
    output  0 …    the levels backwards, one residual block more in each

What diffusers calls the parts is its own; how many there are, how wide and how deep is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polaris_core.errors import UnsupportedModel

__all__ = ["PREFIX", "UnetShape", "read_unet"]

PREFIX = "model.diffusion_model."

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class UnetShape:
    """A UNet's measures. Levels are listed from the largest picture to the smallest."""

    in_channels: int
    widths: tuple[int, ...]
    """Channels of each level."""
    blocks: int
    """Residual blocks of a level on the way down; one more on the way up."""
    depths_down: tuple[int, ...]
    """Transformer layers of each attention block of a level; 0 where it has none."""
    depths_up: tuple[int, ...]
    depth_middle: int | None
    """None: no middle. 0: one residual block. Else transformer layers between two of them."""
    linear: bool
    """Whether attention blocks are entered by linear layers instead of 1×1 convolutions."""
    context: int
    """Width of the text."""
    extra: int
    """Width of what is given beside text and time; 0 if nothing is."""

    def config(self, *, heads: int | None) -> dict[str, Any]:
        """What diffusers' UNet is built from.

        Args:
            heads: Of every attention; None: one for each 64 channels.
        """
        down = ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in self.depths_down]
        up = ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(self.depths_up)]
        config: dict[str, Any] = {
            "_class_name": "UNet2DConditionModel",
            "in_channels": self.in_channels,
            "out_channels": 4,
            "block_out_channels": list(self.widths),
            "layers_per_block": self.blocks,
            "down_block_types": down,
            "up_block_types": up,
            "mid_block_type": self._middle_type(),
            "transformer_layers_per_block": self._layers_down(),
            "reverse_transformer_layers_per_block": [max(1, d) for d in reversed(self.depths_up)],
            "attention_head_dim": heads or [width // 64 for width in self.widths],
            "cross_attention_dim": self.context,
            "use_linear_projection": self.linear,
            "sample_size": 64,
        }
        if self.extra:
            config |= {
                "addition_embed_type": "text_time",
                "addition_time_embed_dim": 256,
                "projection_class_embeddings_input_dim": self.extra,
            }
        return config

    def _layers_down(self) -> list[int]:
        """One number a level; diffusers takes the last one for the middle, too."""
        last = self.depth_middle or self.depths_down[-1]
        return [max(1, depth) for depth in (*self.depths_down[:-1], last)]

    def _middle_type(self) -> str | None:
        if self.depth_middle is None:
            return None
        return "UNetMidBlock2DCrossAttn" if self.depth_middle else "UNetMidBlock2D"


def read_unet(shapes: Shapes) -> UnetShape:
    """The measures of the UNet in a checkpoint.

    Args:
        shapes: Shape of every tensor of the file by its key.

    Raises:
        UnsupportedModel: There is none, or one that diffusers' UNet cannot be built like.
    """
    first = shapes.get(f"{PREFIX}input_blocks.0.0.weight")
    if first is None or len(first) != 4:
        raise UnsupportedModel("it holds no UNet of Stable Diffusion's layout")
    widths, depths = _levels(shapes)
    per_level = len(depths[0])
    if not per_level or any(len(level) != per_level for level in depths):
        raise UnsupportedModel("its UNet has another number of blocks in each level")
    last = per_level * len(widths) + len(widths) - 1
    up = [_depth(shapes, f"output_blocks.{last - i}.1.") for i in range(last + 1)]
    depths_up = [up[i * (per_level + 1) : (i + 1) * (per_level + 1)] for i in range(len(widths))]
    down, middle = tuple(map(_same, depths)), _middle(shapes)
    if middle and down[-1] not in (0, middle):
        raise UnsupportedModel("its UNet's middle is not as deep as its last level")
    projection = next((s for k, s in shapes.items() if k.endswith(".1.proj_in.weight")), ())
    read = next((s for k, s in shapes.items() if k.endswith(".attn2.to_k.weight")), (0, 0))
    told = shapes.get(f"{PREFIX}label_emb.0.0.weight", (0, 0))
    if len(read) != 2 or len(told) != 2:
        raise UnsupportedModel("layers of its UNet have other shapes than Stable Diffusion's")
    return UnetShape(
        in_channels=first[1],
        widths=tuple(widths),
        blocks=per_level,
        depths_down=down,
        depths_up=tuple(map(_same, depths_up)),
        depth_middle=middle,
        linear=len(projection) == 2,
        context=read[1],
        extra=told[1],
    )


def _levels(shapes: Shapes) -> tuple[list[int], list[list[int]]]:
    """The width of each level, and the depth of each of its blocks."""
    widths, depths = [0], [list[int]()]
    number = 1
    while True:
        name = f"{PREFIX}input_blocks.{number}."
        if f"{name}0.op.weight" in shapes:
            widths.append(0)
            depths.append([])
        elif shape := shapes.get(f"{name}0.out_layers.3.weight"):
            widths[-1] = shape[0]
            depths[-1].append(_depth(shapes, f"input_blocks.{number}.1."))
        else:
            return widths, depths
        number += 1


def _middle(shapes: Shapes) -> int | None:
    if f"{PREFIX}middle_block.0.in_layers.2.weight" not in shapes:
        return None
    return _depth(shapes, "middle_block.1.")


def _depth(shapes: Shapes, block: str) -> int:
    """Transformer layers of an attention block; 0 if there is none."""
    depth = 0
    while f"{PREFIX}{block}transformer_blocks.{depth}.attn2.to_k.weight" in shapes:
        depth += 1
    return depth


def _same(depths: list[int]) -> int:
    if len(set(depths)) > 1:
        raise UnsupportedModel("blocks of one level of its UNet are of different depth")
    return depths[0]
