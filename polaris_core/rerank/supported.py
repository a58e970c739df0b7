"""Which models a tree can be read with, told from their configuration before anything is computed.

A branch must reach the whole prefix from every layer, and nothing else may pass between tokens.
Windows that slide are fine as long as the longest branch fits into them with its prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from polaris_core.errors import InvalidInput, MissingDependency
from polaris_core.rerank.backend import CausalModel
from polaris_core.rerank.tree import Tree

__all__ = ["check_attention", "check_model", "text_config"]

_OTHERS = 'Choose a model with full attention in every layer, or backend="one_by_one"'
_OLDEST = [4, 56]
"""The first release whose caches and masks are as they are today."""

_READABLE = {"full_attention", "sliding_attention"}
_STRETCHED = {"dynamic", "longrope"}
"""Rotary embeddings that change for the whole text once it grows beyond what was trained."""


def text_config(model: CausalModel) -> Any:  # noqa: ANN401
    """The configuration of the part that reads text; a model that sees pictures has others too."""
    return model.config.get_text_config(decoder=True)


def check_model(model: CausalModel, tree: Tree) -> None:
    """See that this is a language model, ready to compute, whose vocabulary and length suffice.

    Raises:
        InvalidInput: It is not.
        MissingDependency: transformers is too old.
    """
    if not hasattr(model, "config") or not hasattr(model, "get_output_embeddings"):
        raise InvalidInput("this is no model of transformers", value=type(model).__name__)
    _check_transformers()
    config, name = text_config(model), type(model).__name__
    if model.get_output_embeddings() is None or getattr(config, "is_encoder_decoder", False):
        raise InvalidInput(
            "this model does not go on with a text",
            value=name,
            hint="Load it with AutoModelForCausalLM",
        )
    if model.training:
        raise InvalidInput(
            "the model is in training mode, so that its scores are random",
            value=name,
            hint="Call model.eval() first",
        )
    known = getattr(config, "vocab_size", None)
    if known is not None and tree.largest_id >= known:
        raise InvalidInput(
            f"a token id beyond the model's vocabulary of {known}",
            value=tree.largest_id,
            hint="Make the tree with this model's own tokenizer",
        )
    length = _longest_text(config)
    if length is not None and tree.longest > length:
        raise InvalidInput(
            f"the longest branch ends {tree.longest} tokens from the start, and {name} reads "
            f"{length}",
            hint="Shorten the texts",
        )


def check_attention(model: CausalModel, tree: Tree) -> None:
    """See that every layer lets a branch reach its whole prefix.

    Raises:
        InvalidInput: A layer does not, named by the setting that says so.
    """
    config = text_config(model)
    if not getattr(config, "is_causal", True) or getattr(config, "use_bidirectional_attention", 0):
        raise InvalidInput("this model is not causal: it reads backwards too", value=_who(config))
    kinds: list[str] = list(getattr(config, "layer_types", None) or ())
    foreign = sorted(set(kinds) - _READABLE)
    if foreign:
        raise InvalidInput(
            f"{_who(config)} has layers of other kinds than full attention",
            value=f"layer_types: {', '.join(foreign)}",
            hint=_OTHERS,
        )
    window = getattr(config, "sliding_window", None)
    slides = "sliding_attention" in kinds if kinds else getattr(config, "use_sliding_window", True)
    if slides and window is not None and window < tree.longest:
        raise InvalidInput(
            f"{_who(config)} has a sliding window, and prefix and longest branch are "
            f"{tree.longest} tokens",
            value=f"sliding_window: {window}",
            hint=f"Shorten the texts. {_OTHERS}",
        )


def _check_transformers() -> None:
    import transformers

    found = [int(number) for number in re.findall(r"\d+", transformers.__version__)[:2]]
    if found < _OLDEST:
        raise MissingDependency(
            f"transformers {_OLDEST[0]}.{_OLDEST[1]} or newer is needed",
            value=transformers.__version__,
            hint="Install it: pip install -U transformers",
        )


def _longest_text(config: Any) -> int | None:  # noqa: ANN401
    limits = [getattr(config, "max_position_embeddings", None)]
    for rope in _ropes(config):
        if (rope.get("rope_type") or rope.get("type")) in _STRETCHED:
            limits.append(rope.get("original_max_position_embeddings"))
            limits.append(getattr(config, "original_max_position_embeddings", None))
    known = [limit for limit in limits if isinstance(limit, int)]
    return min(known, default=None)


def _ropes(config: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    """Settings of the rotary embedding: one for all layers, or one for each kind of layer."""
    for name in ("rope_parameters", "rope_scaling"):
        found = getattr(config, name, None)
        if isinstance(found, Mapping):
            settings = cast("Mapping[str, Any]", found)
            yield settings
            yield from (s for s in settings.values() if isinstance(s, Mapping))


def _who(config: Any) -> str:  # noqa: ANN401
    return type(config).__name__
