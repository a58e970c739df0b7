"""Widths of layers and depths of stacks, read from the shapes of a header.

An adapter names the layer it changes and holds low-rank factors of it; the factors' outer sizes
are those of the layer. This module knows how each parametrisation stores them, so that the
detector can ask about layers and need not care whether it sees a checkpoint or an adapter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["depth", "input_widths", "output_widths"]

Shapes = Mapping[str, tuple[int, ...]]

_PARAMETER = re.compile(
    r"(?:\.(?:lora_|hada_|lokr_|oft_|lora\.|(?:weight|bias|alpha|dora_scale|diff|diff_b)\Z)"
    r"|_lora\.).*\Z"
)
_INPUT = (
    ".lora_down.weight",
    ".lora_A.weight",
    ".lora_A.default.weight",
    ".lora.down.weight",
    ".lora_linear_layer.down.weight",
    "_lora.down.weight",
    ".hada_w1_b",
    ".diff",
    ".weight",
)
_OUTPUT = (
    ".lora_up.weight",
    ".lora_B.weight",
    ".lora_B.default.weight",
    ".lora.up.weight",
    ".lora_linear_layer.up.weight",
    "_lora.up.weight",
    ".hada_w1_a",
    ".diff",
    ".weight",
)
_LAYERS_TRIED = 64


def _layers(keys: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Layers whose name has `pattern` in it; `keys` are a header's keys, one a line."""
    tried: set[str] = set()
    for found in pattern.finditer(keys):
        begin = keys.rfind("\n", 0, found.start()) + 1
        end = keys.find("\n", found.end())
        layer = _PARAMETER.sub("", keys[begin : end if end >= 0 else len(keys)])
        if layer not in tried:
            tried.add(layer)
            yield layer
        if len(tried) == _LAYERS_TRIED:
            return


def input_widths(shapes: Shapes, keys: str, pattern: re.Pattern[str]) -> Iterator[int]:
    """Input widths of the layers whose name matches, as far as the shapes tell them."""
    for layer in _layers(keys, pattern):
        if width := _plain(shapes, layer, _INPUT, 1) or _kronecker(shapes, layer, 1, "_b"):
            yield width


def output_widths(shapes: Shapes, keys: str, pattern: re.Pattern[str]) -> Iterator[int]:
    """Output widths of the layers whose name matches, as far as the shapes tell them."""
    for layer in _layers(keys, pattern):
        if width := _plain(shapes, layer, _OUTPUT, 0) or _kronecker(shapes, layer, 0, "_a"):
            yield width


def _plain(shapes: Shapes, layer: str, parameters: tuple[str, ...], axis: int) -> int:
    for parameter in parameters:
        shape = shapes.get(layer + parameter)
        if shape is not None and len(shape) >= 2:
            return shape[axis]
    return 0


def _kronecker(shapes: Shapes, layer: str, axis: int, factor: str) -> int:
    """LoKr: the layer is the Kronecker product of `w1` and `w2`, each of which may be factored."""
    width = 1
    for part in (".lokr_w1", ".lokr_w2"):
        shape = shapes.get(layer + part) or shapes.get(layer + part + factor)
        if shape is None or len(shape) < 2:
            return 0
        width *= shape[axis]
    return width


def depth(keys: str, pattern: re.Pattern[str]) -> int:
    """One more than the largest number that `pattern` captures in the keys; 0 if none."""
    return max((int(number) + 1 for number in pattern.findall(keys)), default=0)
