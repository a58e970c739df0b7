"""The narrow autoencoder: TAESD's layout with fewer channels and fewer blocks.

What TAESD has more is zero in the file that users get: channels (there are no norms that would
notice) and whole residual blocks, of which only the final ReLU is left. It is trained on whole
pictures, since crops would leave traces of their borders.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["NarrowVAE", "colours_of_blocks"]

_OPPONENT = torch.tensor([[1.4, 1.4, 0.7], [5.1, -5.1, 0.0], [2.2, 2.2, -4.4]])
"""Lightness, red against green, yellow against blue: deviations 1, 0.5, 0.7."""
_MIDDLE = torch.tensor([0.66, 0.65, 0.68])
"""The mean colour of drawn pictures, in [0, 1]."""
_SQUEEZED = 0.95
"""What the decoder's clamp leaves of a usual value."""


class _Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.conv(x) + x)


def _conv(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


def colours_of_blocks(pictures: Tensor) -> Tensor:
    """What the first three latent channels start from, and stay near: each 8×8 block's colour."""
    opponent, middle = _constants(pictures.device)
    means = functional.avg_pool2d(pictures, 8) - middle
    return torch.einsum("ij,bjhw->bihw", opponent, means)


@cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor]:
    return _OPPONENT.to(device), _MIDDLE[:, None, None].to(device)


class NarrowVAE(nn.Module):
    """Pictures to latents of an eighth of their size and back.

    Args:
        widths: Channels at full, half, quarter and eighth size: of the encoder, of the decoder.
    """

    def __init__(
        self,
        widths: tuple[tuple[int, int, int, int], tuple[int, int, int, int]] = (
            (32, 48, 64, 64),
            (32, 48, 64, 64),
        ),
    ) -> None:
        super().__init__()
        (e1, e2, e4, e8), (d1, d2, d4, d8) = widths
        gone = nn.ReLU  # what is left of a block of zeros
        self.taesd_encoder = nn.Sequential(
            *(_conv(3, e1), gone()),
            *(_conv(e1, e2, stride=2, bias=False), _Block(e2), gone(), gone()),
            *(_conv(e2, e4, stride=2, bias=False), _Block(e4), gone(), gone()),
            *(_conv(e4, e8, stride=2, bias=False), _Block(e8), _Block(e8), gone()),
            _conv(e8, 4),
        )
        self.taesd_decoder = nn.Sequential(
            *(_Clamp(), _conv(4, d8), nn.ReLU(), _Block(d8), _Block(d8), gone()),
            *(nn.Upsample(scale_factor=2), _conv(d8, d4, bias=False), _Block(d4), gone(), gone()),
            *(nn.Upsample(scale_factor=2), _conv(d4, d2, bias=False), _Block(d2), gone(), gone()),
            *(nn.Upsample(scale_factor=2), _conv(d2, d1, bias=False), _Block(d1), _conv(d1, 3)),
        )

        self._carry_colours()

    @torch.no_grad()
    def _carry_colours(self) -> None:
        """Start from a mean of each 8×8 block: three channels carry its colour all the way."""
        for layer in [*self.taesd_encoder, *self.taesd_decoder]:
            if isinstance(layer, _Block):
                layer.conv[4].weight[:3].zero_()
                layer.conv[4].bias[:3].zero_()
            if isinstance(layer, nn.Conv2d):
                layer.weight[:3].zero_()
                if layer.bias is not None:
                    layer.bias[:3].zero_()
                for colour in range(3):
                    if layer.stride[0] == 2:
                        layer.weight[colour, colour, 1:, 1:] = 0.25
                    else:
                        layer.weight[colour, colour, 1, 1] = 1
        end, start = self.taesd_encoder[-1], self.taesd_decoder[1]
        end.weight[:3].zero_()
        start.weight[:3].zero_()
        end.weight[:3, :3, 1, 1] = _OPPONENT
        end.bias[:3] = -_OPPONENT @ _MIDDLE
        start.weight[:3, :3, 1, 1] = torch.linalg.inv(_OPPONENT) / _SQUEEZED
        start.bias[:3] = _MIDDLE

    def encode(self, pictures: Tensor) -> Tensor:
        """Latents `batch 4 h/8 w/8` of pictures `batch 3 h w` in [0, 1]."""
        return self.taesd_encoder(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures, about in [0, 1], of latents."""
        return self.taesd_decoder(latents)
