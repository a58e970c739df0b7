"""The prefix, read once: its keys and values in every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polaris_core.errors import InvalidInput
from polaris_core.rerank.backend import CausalModel
from polaris_core.rerank.rows import answer_logits, cache_argument, input_device
from polaris_core.rerank.tree import Tokens

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Prefix", "read_prefix"]


class Prefix:
    """Keys and values of the prefix, in a cache of transformers that nothing is added to."""

    def __init__(self, model: CausalModel, length: int) -> None:
        """Make room for a prefix of this length."""
        self._config, self._length = model.config, length
        self._cache = self._empty()

    @property
    def cache(self) -> Any:  # noqa: ANN401
        """What the model fills."""
        return self._cache

    @property
    def length(self) -> int:
        """Tokens of the prefix."""
        return self._length

    @property
    def layers(self) -> int:
        """How many there are."""
        return len(self._cache.layers)

    def layer(self, at: int) -> tuple[Tensor, Tensor]:
        """Keys and values, each `1 key_heads length size`."""
        layer = self._cache.layers[at]
        return layer.keys, layer.values

    def copies(self, count: int) -> Any:  # noqa: ANN401
        """A cache of its own for so many branches side by side."""
        cache = self._empty()
        for at in range(self.layers):
            keys, values = self.layer(at)
            cache.update(keys.expand(count, -1, -1, -1), values.expand(count, -1, -1, -1), at)
        return cache

    def _empty(self) -> Any:  # noqa: ANN401
        from transformers import DynamicCache

        return DynamicCache(config=self._config)


def read_prefix(model: CausalModel, tokens: Tokens) -> Prefix:
    """Let the model read the prefix, with its own attention.

    Raises:
        InvalidInput: It does not keep keys and values of the whole prefix for each layer.
    """
    import torch

    prefix = Prefix(model, len(tokens))
    device = input_device(model)
    answer_logits(
        model,
        [len(tokens) - 1],
        input_ids=torch.tensor([tokens], device=device),
        position_ids=torch.arange(len(tokens), device=device)[None],
        use_cache=True,
        **{cache_argument(model): prefix.cache},
    )
    for layer in prefix.cache.layers:
        keys = getattr(layer, "keys", None)
        if keys is None or keys.ndim != 4 or keys.shape[-2] != len(tokens):
            raise InvalidInput(
                "this model does not keep the whole prefix in every layer",
                value=type(model).__name__,
                hint='Choose another model, or backend="one_by_one"',
            )
    return prefix
