"""LoRAs beside the layers of a frozen narrow UNet."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from miniature.training.prompts import tokens_of
from polaris_core.miniature.loras import kohya_layers
from polaris_core.miniature.text import WORD, token_row
from polaris_core.miniature.widen import CONTEXT

__all__ = ["adapt", "factors"]

_READ_PROMPT = ("attn2.to_k", "attn2.to_v")
_SLOTS = 3
"""A token's encoding holds it and the two before it."""
_LOUD = 2.0
_WEAKEST = 0.6


class _Strength:
    """How much of the LoRA is added, by example; drawn anew each time the UNet is asked.

    People run LoRAs at 0.6 to 1: so it learns to show its subject at each.
    """

    def __init__(self) -> None:
        self.drawn: Tensor | None = None

    def draw(self, unet: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0]
        self.drawn = x.new_empty(len(x)).uniform_(_WEAKEST, 1) if unet.training else None

    def of(self, added: Tensor) -> Tensor:
        if self.drawn is None:
            return added
        return added * self.drawn.view(-1, *[1] * (added.ndim - 1))


class _Adapted(nn.Module):
    """A frozen layer and what a LoRA adds to it."""

    def __init__(self, layer: nn.Linear | nn.Conv2d, rank: int, strength: _Strength) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.strength = strength
        if isinstance(layer, nn.Linear):
            self.down: nn.Module = nn.Linear(layer.in_features, rank, bias=False)
            self.up: nn.Module = nn.Linear(rank, layer.out_features, bias=False)
        else:
            self.down = nn.Conv2d(
                layer.in_channels, rank, layer.kernel_size, padding=layer.padding, bias=False
            )
            self.up = nn.Conv2d(rank, layer.out_channels, 1, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) + self.strength.of(self.up(self.down(x)))


def adapt(unet: nn.Module, rank: int, words: str = "") -> dict[str, nn.Parameter]:
    """Freeze a narrow UNet and put a LoRA beside its layers.

    Args:
        unet: Changed in place.
        rank: Of the LoRA.
        words: What the LoRA is called by: layers that read the prompt begin by looking for them.
            Without any it is to be put into the weights, always at its full strength.

    Returns:
        The factors that are to be trained, `LAYER.down` and `LAYER.up`, by SD1.5's names.
    """
    unet.requires_grad_(False)
    strength = _Strength()
    if words:
        unet.register_forward_pre_hook(strength.draw)
    found: dict[str, nn.Parameter] = {}
    for name in kohya_layers():
        parent_name, _, own = name.rpartition(".")
        parent = unet.get_submodule(parent_name)
        adapted = _Adapted(getattr(parent, own), rank, strength).to(
            memory_format=torch.channels_last
        )
        setattr(parent, own, adapted)
        if words and name.endswith(_READ_PROMPT):
            _listen(adapted.down.weight, words)
        found[f"{name}.down"] = adapted.down.weight
        found[f"{name}.up"] = adapted.up.weight
    return found


@torch.no_grad()
def _listen(down: Tensor, words: str) -> None:
    """Let rows look for each token, and for what stands one or two words after it."""
    looks = [(token, back * WORD) for token in tokens_of(words) for back in range(_SLOTS)]
    for row, (token, at) in zip(down, looks, strict=False):  # as many as there is room for
        word = torch.from_numpy(token_row(token))
        row.copy_(_LOUD / WORD * functional.pad(word, (at, CONTEXT - WORD - at)))


def factors(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The LoRA's factors out of an adapted UNet's state, two axes or four, by SD1.5's names."""
    return {
        name.removesuffix(".weight"): tensor
        for name, tensor in weights.items()
        if name.endswith((".down.weight", ".up.weight"))
    }
