"""The usual ways to let a language model read candidates, over the tokens of a tree.

All take the last round of the tree, and ask with its prefix and its two answers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import torch

from polaris_core.rerank import Tokens, Tree

__all__ = ["BATCH", "STEPS", "Listwise", "cross_encoder", "pointwise", "recipe"]

BATCH = 16
"""Candidates that cross-encoders read side by side."""
STEPS = 8
"""Tokens of a ranking that are really written; the others take as long."""


def pointwise(model: Any, tree: Tree) -> list[float]:  # noqa: ANN401
    """Log-odds by sorted batches, padded on the left, the last row of the head alone."""
    full = tree.rounds[-1]
    order = sorted(range(len(full)), key=lambda i: -len(full[i]))
    odds = [0.0] * len(full)
    for at in range(0, len(order), BATCH):
        batch = order[at : at + BATCH]
        inputs = _padded(model, [tree.prefix + full[i] for i in batch])
        logits = model(**inputs, use_cache=False, logits_to_keep=1).logits[:, -1].float()
        both = logits[:, list(tree.answers)].tolist()
        for i, (yes, no) in zip(batch, both, strict=True):
            odds[i] = yes - no
    return odds


def recipe(model: Any, tree: Tree) -> list[float]:  # noqa: ANN401
    """As the page of Qwen3-Reranker shows it: padded on the left, every row of the head.

    The page reads all pairs in one batch, which no memory holds here; these are as they come, by
    sixteen.
    """
    scores: list[float] = []
    full = tree.rounds[-1]
    for at in range(0, len(full), BATCH):
        inputs = _padded(model, [tree.prefix + branch for branch in full[at : at + BATCH]])
        last = model(**inputs).logits[:, -1, :].float()
        no_and_yes = last[:, [tree.answers[1], tree.answers[0]]]
        scores += torch.log_softmax(no_and_yes, dim=1)[:, 1].exp().tolist()
    return scores


def cross_encoder(model: Any, tree: Tree) -> Callable[[], list[float]]:  # noqa: ANN401
    """Scores by the CrossEncoder of sentence-transformers, over the same weights.

    A token is written as a word, so that the tokenizer gives back the tokens of the tree.

    Raises:
        ModuleNotFoundError: sentence-transformers is not installed.
    """
    from sentence_transformers import CrossEncoder
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    def word(token: int) -> str:
        return {tree.answers[0]: "yes", tree.answers[1]: "no"}.get(token, f"w{token}")

    def words(tokens: Tokens) -> str:
        return " ".join(map(word, tokens))

    inner = Tokenizer(
        models.WordLevel({word(i): i for i in range(model.config.vocab_size)}, unk_token="w0")
    )
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="w0", unk_token="w0", padding_side="left"
    )
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        encoder = CrossEncoder(
            folder,
            device=str(model.device),
            local_files_only=True,
            model_kwargs={"dtype": model.dtype},
        )
    # by the kind of the model it has made itself a tokenizer of Qwen2's, which knows no such words
    encoder[0].processor = tokenizer
    pairs = [(words(tree.prefix), words(branch)) for branch in tree.rounds[-1]]

    def score() -> list[float]:
        return encoder.predict(pairs, batch_size=BATCH, show_progress_bar=False).tolist()

    return score


class Listwise:
    """One prompt with everything in it; its ranking may then be written out."""

    def __init__(self, model: Any, tree: Tree) -> None:  # noqa: ANN401
        ids = [*tree.prefix, *(token for branch in tree.rounds[-1] for token in branch)]
        self._model, self._ids = model, torch.tensor([ids], device=model.device)
        self._said: Any = None
        # one token for a digit and one for a comma: "12,7,103,…"
        self.ranking_tokens = sum(len(str(i)) + 1 for i in range(1, tree.candidates + 1))

    def read(self) -> None:
        """Up to the first token of the answer."""
        self._said = None
        self._said = self._model(input_ids=self._ids, use_cache=True, logits_to_keep=1)

    def write(self) -> None:
        """The next `STEPS` tokens of the answer."""
        for _ in range(STEPS):
            name = next(name for name in ("cache", "past_key_values") if name in self._said)
            ids = self._said.logits[:, -1:].argmax(-1)
            self._said = self._model(
                input_ids=ids, use_cache=True, logits_to_keep=1, **{name: self._said[name]}
            )


def _padded(model: Any, texts: list[Tokens]) -> dict[str, torch.Tensor]:  # noqa: ANN401
    longest = max(map(len, texts))
    ids = [(0,) * (longest - len(text)) + text for text in texts]
    mask = [[0] * (longest - len(text)) + [1] * len(text) for text in texts]
    seen = torch.tensor(mask, device=model.device)
    return {
        "input_ids": torch.tensor(ids, device=model.device),
        "attention_mask": seen,
        "position_ids": (seen.cumsum(1) - 1).clamp(min=0),
    }
