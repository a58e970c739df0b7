"""A small Qwen2 that says whether a description fits a request, trained in the form it is asked in.

    task, by slot ── request and topic ── candidate, question ── yes or no
    read once        once a question      once a candidate

Questions are written by polaris_core.rerank itself, so that training and use cannot differ. A batch
is read as a tree is: what is common to its questions once, what is common to a question's
candidates once.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polaris_core.rerank.candidate_text import full_text, short_text
from polaris_core.rerank.prompt import write_question
from polaris_core.rerank.texts import tokens_of
from polaris_core.rerank.tree_judge import FULL_TOKENS, SHORT_TOKENS

from miniature.training.requests import Question
from miniature.training.tree_pass import last_states

__all__ = ["SIZE", "Branches", "encode", "log_odds", "loss_of", "make_model", "make_tokenizer"]

SIZE: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 320,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2048,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
    "initializer_range": 0.05,
    "tie_word_embeddings": True,
}
_VOCABULARY = 4096
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_TEMPLATE = (
    "{% for turn in messages %}<|im_start|>{{ turn.role }}\n{{ turn.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_WORDS = r"\n|\p{L}+|\p{N}|[^\s\p{L}\p{N}]"
_GLANCE = 20
_SIZES = (_GLANCE, SHORT_TOKENS, FULL_TOKENS)
_SIZE_SHARES = (0.1, 0.45, 0.45)
_EMPTY_WEIGHT = 0.02


@dataclass(frozen=True, slots=True)
class Branches:
    """Some questions as token numbers."""

    prefixes: list[tuple[int, ...]]
    """One a question."""
    branches: list[list[tuple[int, ...]]]
    """By question its candidates, each with the end of the question; the last is empty."""
    fits: list[tuple[bool, ...]]
    answers: tuple[int, int]
    """Yes and no."""


def make_tokenizer(texts: Iterable[str]) -> Any:  # noqa: ANN401
    """A fast tokenizer of lower-case words and pieces of words, with a chat template.

    As CLIP's does, it marks the end of a word and not the blank before it: "fox" is the same token
    after a quotation mark.
    """
    import tokenizers
    from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    end = "</w>"
    model = tokenizers.Tokenizer(models.BPE(end_of_word_suffix=end))
    model.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    model.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(_WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    model.decoder = decoders.Sequence(
        [decoders.Replace(end, "Ġ"), decoders.ByteLevel()],
    )
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix=end,
        special_tokens=list(_SPECIAL),
        show_progress=False,
    )
    model.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=model,
        eos_token=_SPECIAL[2],
        pad_token=_SPECIAL[0],
        chat_template=_TEMPLATE,
    )


def make_model(tokenizer: Any, seed: int = 0) -> Any:  # noqa: ANN401
    """A Qwen2 with random weights."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        **SIZE,
        vocab_size=-(-len(tokenizer) // 64) * 64,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Qwen2ForCausalLM(config)


def encode(
    tokenizer: Any,  # noqa: ANN401
    questions: Sequence[Question],
    rng: np.random.Generator,
) -> Branches:
    """Questions as Tree Rerank would ask them, read to a length drawn by lot."""
    prefixes: list[tuple[int, ...]] = []
    branches: list[list[tuple[int, ...]]] = []
    answers = (0, 0)
    size = int(rng.choice(_SIZES, p=_SIZE_SHARES))
    for question in questions:
        written = write_question(tokenizer, "chat", question.intent, question.topic)
        prefixes.append(_ids(tokenizer, written.prefix))
        end = _ids(tokenizer, written.closing)
        answers = tuple(_ids(tokenizer, word)[0] for word in written.answers)
        text = full_text if size == FULL_TOKENS else short_text
        read = tokens_of(tokenizer, [text(entry) for entry in question.entries])
        branches.append([(*tokens[:size], *end) for tokens in [*read, ()]])
    return Branches(prefixes, branches, [q.fits for q in questions], (answers[0], answers[1]))


def log_odds(model: Any, batch: Branches) -> Any:  # noqa: ANN401
    """Yes against no, shape `questions branches`; every question has as many."""
    common = os.path.commonprefix(batch.prefixes)
    rests = [prefix[len(common) :] for prefix in batch.prefixes]
    said = last_states(model, common, rests, batch.branches)
    head = model.get_output_embeddings().weight
    return said @ (head[batch.answers[0]] - head[batch.answers[1]])


def loss_of(model: Any, batch: Branches) -> tuple[Any, float]:  # noqa: ANN401
    """The loss, and the share of candidates that were judged rightly.

    An empty candidate is to speak for neither: what others are compared with is then zero.
    """
    import torch

    odds = log_odds(model, batch)
    fits = torch.tensor(batch.fits, dtype=torch.float32)
    judged = odds[:, :-1]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(judged, fits)
    right = ((judged > 0) == (fits > 0.5)).float().mean()
    return loss + _EMPTY_WEIGHT * odds[:, -1].square().mean(), float(right)


def _ids(tokenizer: Any, text: str) -> tuple[int, ...]:  # noqa: ANN401
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
