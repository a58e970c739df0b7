"""A small Qwen2 that says whether a description fits a request, trained in the form it is asked in.

    task, by slot ── request and topic ── candidate, question ── yes or no
    read once        once a question      once a candidate

Questions are written by polaris_core.rerank itself, so that training and use cannot differ. A batch
is read as a tree is: what is common to its questions once, what is common to a question's
candidates once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Any

import numpy as np

from miniature.training.requests import Question
from miniature.training.tree_pass import last_states
from polaris_core.rerank.candidate_text import full_text, short_text
from polaris_core.rerank.prompt import write_question
from polaris_core.rerank.texts import tokens_of
from polaris_core.rerank.tree_judge import FULL_TOKENS, SHORT_TOKENS

__all__ = ["SIZE", "Branches", "encode", "log_odds", "loss_of", "make_model", "make_tokenizer"]

SIZE: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 320,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2048,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
    "initializer_range": 0.06,
    "tie_word_embeddings": True,
}
_VOCABULARY = 4096
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_TEMPLATE = (
    "{% for turn in messages %}<|im_start|>{{ turn.role }}\n{{ turn.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_WORDS = r"\n|\p{L}+|\p{N}|[^\s\p{L}\p{N}]"
_ENDS = " ".join(chr(code) for code in (*range(33, 127), *range(0x4E00, 0x4E40)))
"""Words that end with every byte with which one may end, so that no letter is ever left out."""
_GLANCE = 20
_ALIKE = 1.2
_SIZES = (_GLANCE, SHORT_TOKENS, FULL_TOKENS)
_SIZE_SHARES = (0.1, 0.45, 0.45)
_EMPTY_WEIGHT = 0.02
_POINTER_WEIGHT, _RARE = 0.5, 5.0
_LAST_LINE = "\nSought"


@dataclass(frozen=True, slots=True)
class Branches:
    """Some questions as token numbers."""

    prefixes: list[tuple[int, ...]]
    """One a question."""
    branches: list[list[tuple[int, ...]]]
    """By question its candidates, each with the end of the question; the last is empty."""
    fits: list[tuple[bool, ...]]
    sought: list[list[tuple[bool, ...]]]
    """Of each token of a candidate, whether it is one of those of the phrase that is sought."""
    named: list[tuple[bool, ...]]
    """Of each token of a prefix, whether it names there what is sought."""
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
    model.train_from_iterator(chain([_ENDS], texts), trainer)
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
        model = Qwen2ForCausalLM(config)
        for layer in model.model.layers:
            _look_for_the_same(layer.self_attn, config.hidden_size)
    return model


def _look_for_the_same(attention: Any, width: int) -> None:  # noqa: ANN401
    """Let half of a layer's heads begin by attending to tokens that are like their own.

    A model that is to compare words finds that by itself only after long training. After Trockman
    and Kolter, Mimetic Initialization of Self-Attention Layers, 2023.
    """
    import torch

    half = attention.q_proj.weight.shape[0] // 2
    with torch.no_grad():
        alike = _ALIKE * torch.randn(half, width) / width**0.5
        attention.q_proj.weight[:half] = alike
        attention.k_proj.weight[:half] = alike


def encode(
    tokenizer: Any,  # noqa: ANN401
    questions: Sequence[Question],
    rng: np.random.Generator,
) -> Branches:
    """Questions as Tree Rerank would ask them, read to a length drawn by lot."""
    prefixes: list[tuple[int, ...]] = []
    branches: list[list[tuple[int, ...]]] = []
    sought: list[list[tuple[bool, ...]]] = []
    named: list[tuple[bool, ...]] = []
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
        phrase = set(_ids(tokenizer, question.topic.phrase))
        named.append(_named(prefixes[-1], phrase, _ids(tokenizer, _LAST_LINE)[-1]))
        sought.append([tuple(token in phrase for token in tokens[:size]) for tokens in read])
    fits = [question.fits for question in questions]
    return Branches(prefixes, branches, fits, sought, named, (answers[0], answers[1]))


def _named(prefix: Sequence[int], phrase: set[int], line: int) -> tuple[bool, ...]:
    """Which tokens of the last line, the one that begins so, are those of the phrase."""
    begin = max(i for i, token in enumerate(prefix) if token == line)
    return tuple(i > begin and token in phrase for i, token in enumerate(prefix))


def log_odds(model: Any, batch: Branches) -> tuple[Any, Any, Any]:  # noqa: ANN401
    """Yes against no, shape `questions branches`, and what was thought of tokens.

    Every question has as many branches. Of tokens, see `last_states`; those of questions without
    what is common to all.
    """
    common = _common(batch.prefixes)
    rests = [prefix[len(common) :] for prefix in batch.prefixes]
    said, before, early = last_states(model, common, rests, batch.branches)
    head = model.get_output_embeddings().weight
    return said @ (head[batch.answers[0]] - head[batch.answers[1]]), before, early


def _common(rows: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """What all begin with."""
    columns = zip(*rows, strict=False)
    return tuple(column[0] for column in takewhile(lambda each: len(set(each)) == 1, columns))


def loss_of(model: Any, pointer: Any, batch: Branches) -> tuple[Any, float]:  # noqa: ANN401
    """The loss, and the share of candidates that were judged rightly.

    An empty candidate is to speak for neither: what others are compared with is then zero. That
    tokens of a candidate are those that are sought is asked of every token, and before that which
    tokens of the question name it, since from yes and no alone a model learns only after very long
    to look for that.

    Args:
        model: The language model.
        pointer: A layer from hidden states to two numbers, thrown away after training.
        batch: Questions.
    """
    import torch

    odds, before, early = log_odds(model, batch)
    fits = torch.tensor(batch.fits, dtype=torch.float32, device=odds.device)
    judged = odds[:, :-1]
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    loss = entropy(judged, fits) + _EMPTY_WEIGHT * odds[:, -1].square().mean()
    right = ((judged > 0) == (fits > 0.5)).float().mean()
    skipped = len(_common(batch.prefixes))
    named = [[row[skipped:]] for row in batch.named]
    marks = ((named, early[:, None]), (batch.sought, before[:, :-1]))
    for i, (wanted, states) in enumerate(marks):
        found, weight = (t.to(odds.device) for t in _padded(wanted, states.shape[2]))
        wrong = entropy(pointer(states)[..., i], found, weight, reduction="sum")
        loss = loss + _POINTER_WEIGHT * wrong / weight.sum()
    return loss, float(right)


def _padded(sought: list[list[tuple[bool, ...]]], length: int) -> tuple[Any, Any]:
    """Which tokens are sought, and how much each counts: the few that are, as all others do."""
    import torch

    wanted = np.zeros((len(sought), len(sought[0]), length), np.float32)
    weight = np.zeros_like(wanted)
    for i, of_question in enumerate(sought):
        for j, marks in enumerate(of_question):
            wanted[i, j, : len(marks)] = marks
            weight[i, j, : len(marks)] = 1.0
    return torch.from_numpy(wanted), torch.from_numpy(weight * (1 + _RARE * wanted))


def _ids(tokenizer: Any, text: str) -> tuple[int, ...]:  # noqa: ANN401
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
