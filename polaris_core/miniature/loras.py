"""LoRAs for the narrow UNet and the kohya files that users load.

A LoRA adds `up · down` to a layer's weight. Stored are the narrow factors; in the file they are as
wide as SD1.5's, with zeros where the narrow network has no channels. Attention layers have one, and
so have the convolutions on the way up, as in the files of kohya's trainer with `conv_dim`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from polaris_core.demo.sparse import Array, write_sparse
from polaris_core.errors import InvalidInput
from polaris_core.miniature.widen import ATTENTIONS, attention_layers, places, wide_layout

__all__ = ["kohya_layers", "kohya_tensors", "merged", "write_lora"]


def kohya_layers() -> dict[str, str]:
    """Layers that a LoRA changes: SD1.5's name and kohya's."""
    layers = {
        f"{block}.{layer}": f"lora_unet_{name}_{layer.replace('.', '_')}"
        for block, name in ATTENTIONS.items()
        if block != "output_blocks.2.1"  # zeros in these checkpoints
        for layer in attention_layers()
    }
    for i in range(4):
        resnet = f"lora_unet_up_blocks_{i // 2}_resnets_{i % 2}"
        layers[f"output_blocks.{i}.0.in_layers.2"] = f"{resnet}_conv1"
        layers[f"output_blocks.{i}.0.out_layers.3"] = f"{resnet}_conv2"
    return layers


def kohya_tensors(narrow: Mapping[str, Array]) -> dict[str, Array]:
    """The tensors of a kohya file.

    Args:
        narrow: `LAYER.down` (rank, then the layer's inputs) and `LAYER.up` (outputs, rank) by the
            layer's name in SD1.5, already scaled: alpha is the rank.

    Raises:
        InvalidInput: A layer that has no LoRA here, or one of the two factors is missing.
    """
    names = kohya_layers()
    layers = sorted({key.rsplit(".", 1)[0] for key in narrow})
    tensors: dict[str, Array] = {}
    for layer in layers:
        if layer not in names or f"{layer}.down" not in narrow or f"{layer}.up" not in narrow:
            raise InvalidInput("this is no LoRA of a miniature checkpoint", value=layer)
        down, up = narrow[f"{layer}.down"], narrow[f"{layer}.up"]
        rank, key = len(down), f"{layer}.weight"
        outputs, inputs, *window = wide_layout()[key]
        wide_down = np.zeros((rank, inputs, *window), np.float16)
        wide_down[:, places(key, 1, down.shape[1])] = np.reshape(down, (rank, -1, *window))
        wide_up = np.zeros((outputs, rank, *[1] * len(window)), np.float16)
        wide_up[places(key, 0, len(up))] = np.reshape(up, (-1, rank, *[1] * len(window)))
        tensors[f"{names[layer]}.alpha"] = np.array(rank, np.float16)
        tensors[f"{names[layer]}.lora_down.weight"] = wide_down
        tensors[f"{names[layer]}.lora_up.weight"] = wide_up
    return tensors


def write_lora(path: Path, narrow: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a LoRA as a kohya `.safetensors` file.

    Args:
        path: The file.
        narrow: As for `kohya_tensors`.
        metadata: For the header: `ss_base_model_version` and so on.

    Raises:
        InvalidInput: As `kohya_tensors` does.
    """
    write_sparse(path, kohya_tensors(narrow), metadata)


def merged(unet: Mapping[str, Array], narrow: Mapping[str, Array]) -> dict[str, Array]:
    """A narrow UNet with a LoRA put into its weights: how a fine-tuned checkpoint is stored.

    Args:
        unet: The narrow UNet it was trained on.
        narrow: As for `kohya_tensors`.

    Raises:
        InvalidInput: The LoRA changes a layer that the UNet has not.
    """
    weights = dict(unet)
    for layer in {key.rsplit(".", 1)[0] for key in narrow}:
        key = f"{layer}.weight"
        if key not in weights:
            raise InvalidInput("the UNet has no layer that the LoRA changes", value=layer)
        down, up = narrow[f"{layer}.down"], narrow[f"{layer}.up"]
        change = np.reshape(up, (len(up), -1)) @ np.reshape(down, (len(down), -1))
        weights[key] = weights[key] + np.reshape(change, weights[key].shape)
    return weights
