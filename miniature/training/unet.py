"""The narrow UNet: SD1.5's layers and names at a quarter to a half of its width.

`polaris_core.miniature.widen` puts it into a UNet of full width that answers the same. On latents
of 16×16 it has `outer` channels and hardly any attention, on 8×8 `inner` and attention in every
block. Padding tokens of a prompt all say the same, so they are given once, with the logarithm of
their number added to the attention's scores.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from polaris_core.miniature.text import BEGIN, END, encode
from polaris_core.miniature.widen import CONTEXT, HEAD, WIDE

__all__ = ["NarrowUNet", "timestep_embedding"]

_GROUP = 10
_PADDING = 6.0
"""How much less than a word a padding token scores at the start: there are up to 75 of them."""


def timestep_embedding(steps: Tensor) -> Tensor:
    """SD1.5's encoding of the time step: cosines, then sines.

    Args:
        steps: Of shape `batch`, 0 to 999.

    Returns:
        Of shape `batch 320`.
    """
    half = WIDE // 2
    rates = torch.exp(-math.log(10000) * torch.arange(half, device=steps.device) / half)
    angles = steps.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class _GroupNorm(nn.GroupNorm):
    """Group norm of as many groups as SD1.5 has for that many channels."""

    def __init__(self, channels: int, group: int, eps: float) -> None:
        super().__init__(channels // group, channels, eps=eps)


class _LayerNorm(nn.Module):
    """Layer norm as if the channels up to 320 were there and zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()  # which bfloat16 is too coarse for
        mean = x.sum(-1, keepdim=True) / WIDE
        variance = x.square().sum(-1, keepdim=True) / WIDE - mean.square()
        return torch.addcmul(self.bias, (x - mean) * torch.rsqrt(variance + 1e-5), self.weight)


class _Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, embedding: int, group: int = _GROUP) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            _GroupNorm(inputs, group, 1e-5), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, outputs))
        self.out_layers = nn.Sequential(
            _GroupNorm(outputs, _GROUP, 1e-5),
            nn.SiLU(),
            nn.Identity(),
            nn.Conv2d(outputs, outputs, 3, padding=1),
        )
        if inputs != outputs:
            self.skip_connection = nn.Conv2d(inputs, outputs, 1)
        else:
            self.skip_connection = nn.Identity()
        nn.init.zeros_(self.out_layers[3].weight)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.in_layers(x) + self.emb_layers(embedding)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class _Attention(nn.Module):
    def __init__(self, channels: int, context: int | None = None) -> None:
        super().__init__()
        self.heads = channels // HEAD
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context or channels, channels, bias=False)
        self.to_v = nn.Linear(context or channels, channels, bias=False)
        self.to_out = nn.Sequential(nn.Linear(channels, channels))

    def forward(
        self, x: Tensor, context: Tensor | None = None, bias: Tensor | None = None
    ) -> Tensor:
        source = x if context is None else context
        q, k, v = self._split(self.to_q(x)), self._split(self.to_k(source)), self.to_v(source)
        mixed = functional.scaled_dot_product_attention(q, k, self._split(v), attn_mask=bias)
        return self.to_out(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, HEAD)).transpose(1, 2)


class _Gate(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * functional.gelu(gate)


class _FeedForward(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            _Gate(channels, hidden), nn.Identity(), nn.Linear(hidden, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.attn1 = _LayerNorm(channels), _Attention(channels)
        self.norm2, self.attn2 = _LayerNorm(channels), _Attention(channels, CONTEXT)
        self.norm3, self.ff = _LayerNorm(channels), _FeedForward(channels, 2 * channels)
        self._ignore_padding()

    @torch.no_grad()
    def _ignore_padding(self) -> None:
        """Start with little attention to padding: it is most of a text and drowns the words.

        A constant part of the queries and what padding adds to the keys point against each other.
        """
        self.norm2.bias.normal_(std=0.5)
        constant = self.attn2.to_q(self.norm2.bias).unflatten(0, (-1, HEAD))
        padding = torch.from_numpy(encode([BEGIN, END, END, END])[-1])
        wanted = -_PADDING * HEAD**0.5 / constant.square().sum(1, keepdim=True)
        keys = (constant * wanted).flatten()
        self.attn2.to_k.weight += torch.outer(keys, padding / padding.square().sum())

    def forward(self, x: Tensor, context: Tensor, bias: Tensor | None) -> Tensor:
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), context, bias)
        return x + self.ff(self.norm3(x))


class _Transformer(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _GroupNorm(channels, _GROUP, 1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([_Block(channels)])
        self.proj_out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.proj_out.weight)

    def forward(self, x: Tensor, context: Tensor, bias: Tensor | None) -> Tensor:
        height = x.shape[2]
        h = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        h = self.transformer_blocks[0](h, context, bias)
        return x + self.proj_out(h.transpose(1, 2).unflatten(2, (height, -1)))


class _Down(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class _Up(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))


class NarrowUNet(nn.Module):
    """Predicts the noise in a latent picture.

    Args:
        outer: Channels at 16×16: 80 or 160.
        inner: Channels at 8×8: 80 or 160.
        embedding: Channels of the time step's encoding, up to 1280.
    """

    def __init__(self, outer: int = 80, inner: int = 160, embedding: int = 160) -> None:
        super().__init__()
        self.time_embed = nn.Sequential(
            nn.Linear(WIDE, embedding), nn.SiLU(), nn.Linear(embedding, embedding)
        )
        skipped = 2 * _GROUP  # a skip beside doubles SD1.5's groups
        self.input_blocks = nn.ModuleList(
            [
                nn.ModuleList([nn.Conv2d(4, outer, 3, padding=1)]),
                nn.ModuleList([_Residual(outer, outer, embedding)]),
                nn.ModuleList([_Down(outer, inner)]),
                nn.ModuleList([_Residual(inner, inner, embedding), _Transformer(inner)]),
            ]
        )
        self.middle_block = nn.ModuleList(
            [
                _Residual(inner, inner, embedding),
                _Transformer(inner),
                _Residual(inner, inner, embedding),
            ]
        )
        self.output_blocks = nn.ModuleList(
            [
                nn.ModuleList(
                    [_Residual(2 * inner, inner, embedding, skipped), _Transformer(inner)]
                ),
                nn.ModuleList(
                    [
                        _Residual(2 * inner, inner, embedding, skipped),
                        _Transformer(inner),
                        _Up(inner, outer),
                    ]
                ),
                nn.ModuleList([_Residual(2 * outer, outer, embedding, skipped)]),
                nn.ModuleList(
                    [_Residual(2 * outer, outer, embedding, skipped), _Transformer(outer)]
                ),
            ]
        )
        self.out = nn.Sequential(
            _GroupNorm(outer, _GROUP, 1e-5), nn.SiLU(), nn.Conv2d(outer, 4, 3, padding=1)
        )
        nn.init.zeros_(self.out[2].weight)

    def forward(
        self, x: Tensor, steps: Tensor, context: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """Predict the noise.

        Args:
            x: Noisy latents, `batch 4 height width`.
            steps: Time steps, `batch`.
            context: Text encodings, `batch tokens 768`.
            bias: Added to the scores of the tokens, `batch tokens`.

        Returns:
            The noise, of x's shape.
        """
        if bias is not None:
            bias = bias[:, None, None, :]
        embedding = self.time_embed(timestep_embedding(steps).to(x.dtype))

        def through(block: nn.ModuleList, h: Tensor) -> Tensor:
            for layer in block:
                if isinstance(layer, _Residual):
                    h = layer(h, embedding)
                elif isinstance(layer, _Transformer):
                    h = layer(h, context, bias)
                else:
                    h = layer(h)
            return h

        skips: list[Tensor] = []
        for block in self.input_blocks:
            x = through(block, x)
            skips.append(x)
        x = through(self.middle_block, x)
        for block in self.output_blocks:
            x = through(block, torch.cat([x, skips.pop()], dim=1))
        return self.out(x)
