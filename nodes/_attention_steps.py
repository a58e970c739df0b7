"""The first steps of an edit, with the cross-attention layers of the model being watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

SCHEDULE_STEPS = 10
"""The steps are the first ones of a schedule of so many: what goes where is decided early."""
_GUIDANCE = 7.5
_POSITIVE = 0
"""ComfyUI's number for the rows of a batch that are given the instruction; the others are not."""
_MOST_SCORES = 1 << 22
"""Numbers held at a time while probabilities are computed."""


class TokenMaps:
    """Averages, as they come, how much each place looks at some tokens.

    Attributes:
        maps: The average so far.
    """

    def __init__(self, positions: Sequence[int]) -> None:
        """Say which tokens are meant, by their positions in the encoded instruction."""
        from polaris_core.regions.attention_maps import MapSum

        self.maps = MapSum()
        self._positions = list(positions)

    def add(self, q: torch.Tensor, k: torch.Tensor, options: dict[str, Any]) -> None:
        """Take in one layer at one step.

        Args:
            q: Queries, `b n c`, heads side by side.
            k: Keys, `b m c`.
            options: What the host tells a patch about the layer.
        """
        height, width = options["activations_shape"][-2:]
        kinds = options["cond_or_uncond"]
        rows_of_kind = len(q) // len(kinds)
        for row in range(len(q)):
            if kinds[row // rows_of_kind] == _POSITIVE:
                seen = _probability(q[row], k[row], self._positions, options["n_heads"])
                self.maps.add(seen.reshape(height, width).cpu().numpy())


def watched(model: Any, seen: TokenMaps) -> Any:
    """A copy of `model`, with the same weights, whose cross-attention layers report to `seen`.

    What the layers compute stays as it is, whatever patches the model has.
    """
    copy = model.clone()
    replaced = copy.model_options["transformer_options"].get("patches_replace", {})
    others = replaced.get("attn2", {})
    unet = copy.get_model_object("diffusion_model")
    blocks = {("input", i) for i in range(len(unet.input_blocks))}
    blocks |= {("middle", 0)} | {("output", i) for i in range(len(unet.output_blocks))}
    for block in blocks | set(others):
        copy.set_model_attn2_replace(_watching(seen, others.get(block)), *block)
    return copy


def make_steps(
    model: Any,
    positive: list[Any],
    negative: list[Any],
    latent: torch.Tensor,
    *,
    steps: int,
    seed: int,
    after_step: Callable[[int], None],
) -> None:
    """Make the first steps of an edit, and throw the picture away.

    Args:
        model: MODEL.
        positive: CONDITIONING of the instruction and the picture.
        negative: CONDITIONING of the picture alone.
        latent: What the picture is encoded to, `1 c h w`.
        steps: 1 to `SCHEDULE_STEPS`.
        seed: For the noise, drawn as ComfyUI draws it.
        after_step: Told how many steps are made.
    """
    import comfy.sample
    import comfy.samplers
    import torch

    sampling = model.get_model_object("model_sampling")
    sigmas = comfy.samplers.calculate_sigmas(sampling, "normal", SCHEDULE_STEPS)[: steps + 1]
    # comfy.sample.prepare_noise would seed everybody else's random numbers, too.
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(latent.shape, generator=generator)
    comfy.sample.sample_custom(
        model,
        noise,
        _GUIDANCE,
        comfy.samplers.sampler_object("euler"),
        sigmas,
        positive,
        negative,
        torch.zeros_like(latent),
        callback=lambda step, *_: after_step(step + 1),
        disable_pbar=True,
        seed=seed,
    )


def _watching(seen: TokenMaps, other: Callable[..., Any] | None) -> Callable[..., Any]:
    """A patch that reports to `seen` and computes what `other`, or else the host, computes."""

    def attend(q: Any, k: Any, v: Any, options: dict[str, Any]) -> Any:
        from comfy.ldm.modules import attention

        seen.add(q, k, options)
        if other is not None:
            return other(q, k, v, options)
        return attention.optimized_attention(
            q,
            k,
            v,
            options["n_heads"],
            attn_precision=options["attn_precision"],
            transformer_options=options,
        )

    return attend


def _probability(
    q: torch.Tensor, k: torch.Tensor, positions: list[int], heads: int
) -> torch.Tensor:
    """The share of its attention that each place gives to `positions`, averaged over the heads.

    Args:
        q: `n c`.
        k: `m c`.
        positions: Some of the m.
        heads: They lie side by side in c.

    Returns:
        `n`, float32 whatever the model's precision, 0 to 1.
    """
    import torch

    per_head = q.shape[1] // heads
    keys = k.float().reshape(len(k), heads, per_head).permute(1, 2, 0) * per_head**-0.5
    seen: list[torch.Tensor] = []
    for some in q.split(max(1, _MOST_SCORES // (heads * len(k)))):
        queries = some.float().reshape(len(some), heads, per_head).transpose(0, 1)
        attention = torch.softmax(queries @ keys, dim=-1)
        seen.append(attention[..., positions].sum(-1).mean(0))
    return torch.cat(seen)
