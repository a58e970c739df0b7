"""What `nodes/_attention.py` is compared with: ComfyUI's own node and sampler, and plain hooks.

Imported by `attention_run.py`, inside ComfyUI.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import comfy.sample
import comfy.samplers
import comfy.sd
import numpy as np
import torch
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from comfy_extras.nodes_ip2p import InstructPixToPixConditioning

INSTRUCTION = "add a red balloon next to the cat"
WORDS = "a red balloon"
COLUMNS = [3, 4]
"""Where "red" and "balloon" stand after the begin of the text, "add" and "a"."""
STEPS = 2
SEED = 7


def with_two_grids(parts: SimpleNamespace, dtype: torch.dtype) -> SimpleNamespace:
    """The same with a UNet of two levels and a middle, of random numbers."""
    unet = UNetModel(
        image_size=32,
        in_channels=8,
        out_channels=4,
        model_channels=320,
        num_res_blocks=[1, 1],
        channel_mult=[1, 2],
        num_heads=8,
        use_spatial_transformer=True,
        transformer_depth=[1, 1],
        transformer_depth_output=[1, 1, 1, 1],
        transformer_depth_middle=1,
        context_dim=768,
        legacy=False,
        dtype=torch.float32,
    )
    generator = torch.Generator().manual_seed(11)
    tensors = {}
    for name, tensor in unet.state_dict().items():
        if tensor.ndim > 1:
            random = torch.randn(tensor.shape, generator=generator) / tensor[0].numel() ** 0.5
        else:
            random = torch.full_like(tensor, float(name.endswith("weight")))  # a normalisation
        tensors[f"model.diffusion_model.{name}"] = random
    model = comfy.sd.load_diffusion_model_state_dict(tensors, model_options={"dtype": dtype})
    return SimpleNamespace(model=model, clip=parts.clip, vae=parts.vae)


def edit(
    parts: SimpleNamespace,
    image: torch.Tensor,
    *,
    instruction: str = INSTRUCTION,
    model: Any = None,
) -> torch.Tensor:
    """The latent after the first steps of the edit, through ComfyUI's own node and sampler."""
    model = model or parts.model
    texts = [
        parts.clip.encode_from_tokens_scheduled(parts.clip.tokenize(text))
        for text in (instruction, "")
    ]
    output = InstructPixToPixConditioning.execute(*texts, image, parts.vae)
    positive, negative, latent = output.args
    noise = comfy.sample.prepare_noise(latent["samples"], SEED)
    sampling = model.get_model_object("model_sampling")
    sigmas = comfy.samplers.calculate_sigmas(sampling, "normal", 10)[: STEPS + 1]
    euler = comfy.samplers.sampler_object("euler")
    with torch.no_grad():
        return comfy.sample.sample_custom(
            model, noise, 7.5, euler, sigmas, positive, negative, latent["samples"],
            disable_pbar=True, seed=SEED,
        )  # fmt: skip


class ByHand:
    """Attention of the layers of a UNet during an edit, from plain hooks on them.

    In double precision, from all of the probabilities, for the rows with the instruction (0) and
    for those without (1).
    """

    def __init__(
        self,
        parts: SimpleNamespace,
        image: torch.Tensor,
        instruction: str = INSTRUCTION,
        columns: list[int] = COLUMNS,
    ) -> None:
        self.layers: set[str] = set()
        self._size = (image.shape[1], image.shape[2])
        self._columns = columns
        self._kinds: list[int] = []
        self._queries: dict[str, torch.Tensor] = {}
        self._sums: dict[tuple[int, int], torch.Tensor] = {}
        unet = parts.model.model.diffusion_model
        hooks = [unet.register_forward_pre_hook(self._begin, with_kwargs=True)]
        for name, module in unet.named_modules():
            if name.endswith("attn2"):
                hooks.append(module.to_q.register_forward_hook(self._query(name)))
                hooks.append(module.to_k.register_forward_hook(self._key(name, module.heads)))
        edit(parts, image, instruction=instruction)
        for hook in hooks:
            hook.remove()

    def map(self, kind: int) -> np.ndarray:
        """All layers at the size of the finest, averaged, then in the picture's size, 0-1."""
        height, width = (edge // 8 for edge in self._size)
        total = torch.zeros((height, width), dtype=torch.float64)
        for (of_kind, places), values in self._sums.items():
            if of_kind == kind:
                coarser = round((height * width / places) ** 0.5)
                grid = values.reshape(height // coarser, width // coarser)
                total += _resized(grid, (height, width))
        result = _resized(total, self._size)
        return ((result - result.min()) / (result.max() - result.min())).numpy()

    def _begin(self, _module: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        self._kinds = kwargs["transformer_options"]["cond_or_uncond"]

    def _query(self, name: str) -> Callable[..., None]:
        def hook(_module: Any, _args: Any, queries: torch.Tensor) -> None:
            self._queries[name] = queries

        return hook

    def _key(self, name: str, heads: int) -> Callable[..., None]:
        def hook(_module: Any, _args: Any, keys: torch.Tensor) -> None:
            self.layers.add(name)
            rows = zip(self._kinds, self._queries.pop(name), keys, strict=True)
            for kind, *row in rows:
                q, k = (values.double().unflatten(-1, (heads, -1)).movedim(1, 0) for values in row)
                scores = q @ k.transpose(1, 2) / q.shape[-1] ** 0.5
                share = torch.exp(scores - scores.logsumexp(-1, keepdim=True)).mean(0)
                place = share[:, self._columns].sum(1)
                key = (kind, len(place))
                self._sums[key] = self._sums.get(key, 0) + place

        return hook


def _resized(values: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return torch.nn.functional.interpolate(values[None, None], size, mode="bilinear")[0, 0]


def state(model: Any) -> str:
    """Everything of a MODEL that a hook could have changed."""
    modules = list(model.model.diffusion_model.modules())
    digest = hashlib.sha256()
    for name, tensor in sorted(model.model.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return repr(
        [
            digest.hexdigest(),
            model.model_options,
            sorted(model.patches),
            model.patches_uuid,
            model.object_patches,
            model.wrappers,
            model.callbacks,
            model.injections,
            sorted(model.backup),
            [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules],
            [sorted(vars(m)) for m in modules],
        ]
    )
