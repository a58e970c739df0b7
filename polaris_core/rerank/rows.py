"""The rows of the head in which answers are read, and nothing else of it where it can be helped."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from polaris_core.rerank.backend import CausalModel

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["answer_logits", "cache_argument", "input_device", "log_odds_of"]


def answer_logits(model: CausalModel, places: Sequence[int], **inputs: object) -> Tensor:
    """Logits `batch places columns` at these places, rising, of every row of a batch."""
    import torch

    kept = torch.tensor(places, device=input_device(model))
    # a wrapper may hide whether its model can leave rows out; then they are left out here
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        return model(**inputs, logits_to_keep=kept).logits
    logits: Tensor = model(**inputs).logits
    return logits[:, kept.to(logits.device)]


def cache_argument(model: CausalModel) -> str:
    """What the model calls the keys and values it is given: `cache` since transformers 5.24."""
    # a wrapper may hide what its model takes, and its decoder does not
    known = [inspect.signature(m.forward).parameters for m in (model, model.get_decoder())]
    return "cache" if any("cache" in names for names in known) else "past_key_values"


def input_device(model: CausalModel) -> Any:  # noqa: ANN401
    """Where token ids must lie; a model spread over devices begins at its embedding."""
    weight = getattr(model.get_input_embeddings(), "weight", None)
    return model.device if weight is None or weight.is_meta else weight.device


def log_odds_of(logits: Tensor, columns: Sequence[int]) -> list[float]:
    """Yes against no, one per row of `logits`, shape `n columns`."""
    rows: list[list[float]] = logits[:, list(columns)].cpu().double().numpy().tolist()
    return [yes - no for yes, no in rows]
