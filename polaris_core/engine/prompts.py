"""Prompts as the UNet reads them, encoded as ComfyUI does for the same family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from polaris_core.encoders.checks import checked_text, required
from polaris_core.engine.layout import Layout
from polaris_core.engine.weighted_words import Piece, in_pieces, weighted_words

__all__ = ["Conditioning", "encode_prompt"]

_BEGIN, _END = 49406, 49407


@dataclass(frozen=True)
class Conditioning:
    """A prompt, encoded."""

    words: Any
    """`1 n context`; n is a multiple of 77."""
    whole: Any = None
    """`1 projection`: the prompt as one vector, for SDXL; else None."""


def encode_prompt(pipeline: Any, layout: Layout, prompt: str) -> Conditioning:  # noqa: ANN401
    """Encode a prompt, weights in parentheses included.

    Args:
        pipeline: A diffusers pipeline of the layout.
        layout: Which text encoders there are.
        prompt: Of any length; empty is a prompt too.
    """
    torch = required("torch", "torch")
    words = weighted_words(checked_text(prompt))
    last_layer = len(layout.texts) == 1
    read: list[Any] = []
    whole = None
    for text in layout.texts:
        tokenizer = getattr(pipeline, text.part.replace("text_encoder", "tokenizer"))

        def tokenize(stretch: str, tokenizer: Any = tokenizer) -> Sequence[int]:  # noqa: ANN401
            return tokenizer(stretch, verbose=False)["input_ids"][1:-1]

        pieces = in_pieces(words, tokenize, begin=_BEGIN, end=_END, pad=text.pad)
        states, whole = _encode(torch, getattr(pipeline, text.part), pieces, text.pad, last_layer)
        read.append(states)
    shortest = min(states.shape[1] for states in read)
    joined = torch.cat([states[:, :shortest] for states in read], dim=-1)
    return Conditioning(joined, None if last_layer else whole)


def _encode(
    torch: Any,  # noqa: ANN401
    encoder: Any,  # noqa: ANN401
    pieces: Sequence[Piece],
    pad: int,
    last_layer: bool,
) -> tuple[Any, Any]:
    """What an encoder makes of the pieces, joined, `1 n width`, and its vector of the first."""
    rows = [[token for token, _ in piece] for piece in pieces]
    weights = torch.tensor([[weight for _, weight in piece] for piece in pieces])
    weighted = bool((weights != 1).any())
    if weighted:  # weights lengthen the way from what an empty prompt says
        rows.append([_BEGIN, _END] + [pad] * (len(rows[0]) - 2))
    tokens = torch.tensor(rows, device=encoder.device)
    with torch.inference_mode():
        output = encoder(tokens, output_hidden_states=not last_layer)
    states = (output.last_hidden_state if last_layer else output.hidden_states[-2]).float()
    if weighted:
        empty, states = states[-1:], states[:-1]
        states = empty + (states - empty) * weights[..., None].to(states)
    whole = getattr(output, "text_embeds", None)
    return states.reshape(1, -1, states.shape[-1]), None if whole is None else whole[:1].float()
