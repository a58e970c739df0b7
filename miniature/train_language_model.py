"""Train the language model that says whether a description fits a request.

    python -m miniature.train_language_model --state FOLDER [--steps 800] [--device auto|cpu|cuda]
        [--questions 5] [--workers 0]

Goes on where it stopped if the folder holds a state. Ends with `language_model.safetensors` and its
tokenizer among the models. On a GPU give it more questions, and workers that write them meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from miniature.training.language_model import (
    Branches,
    encode,
    loss_of,
    make_model,
    make_tokenizer,
)
from miniature.training.optim import Muon
from miniature.training.reader_words import COLOUR_WORDS, NOUNS, PLACES, STYLES
from miniature.training.requests import Vocabulary, draw_question
from miniature.training.steps import device_of, options_for, train
from polaris_core.miniature.store import save_compact
from polaris_core.rerank.candidate_text import full_text
from polaris_core.rerank.prompt import facts_of, task_of
from polaris_core.retrieval.shortlist import SlotName

MODELS = Path(__file__).parent / "models"
_RATE, _ADAM_RATE = 0.02, 1.5e-3
_QUESTIONS, _CANDIDATES = 5, 8
_INVENTED = 0.15
_TEXTS, _REPEATED = 600, 8
_TURNS = "system user assistant\nAnswer with one word: yes or no.\nThe description:\nDoes it fit?"


def words() -> Vocabulary:
    """What training speaks of."""
    return Vocabulary(NOUNS, STYLES, _INVENTED)


def texts(questions: int = _TEXTS, repeated: int = _REPEATED) -> Iterator[str]:
    """What the tokenizer learns its words from; every word that training speaks of often enough."""
    rng = np.random.default_rng(0)
    for _ in range(repeated):
        for noun in (*NOUNS, *STYLES, *COLOUR_WORDS, *PLACES):
            yield f"a {noun} {noun}s"
    known = Vocabulary(NOUNS, STYLES)
    for _ in range(questions):
        question = draw_question(rng, known, 4)
        yield f"{facts_of(question.intent, question.topic)}\n{task_of(question.topic)}\n{_TURNS}"
        for entry in question.entries:
            yield full_text(entry)


def fit(
    model: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
    steps: int,
    state: Path | None = None,
    *,
    questions: int = _QUESTIONS,
    workers: int = 0,
) -> list[float]:
    """Train the model in place; gives the losses.

    Args:
        model: On the device on which it is to be trained.
        tokenizer: Its own.
        steps: How many, in all runs together.
        state: A file to go on from.
        questions: In each step.
        workers: How many processes write questions ahead.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        pointer = torch.nn.Linear(model.config.hidden_size, 2)
    both = torch.nn.ModuleDict({"model": model, "pointer": pointer.to(device_of(model))})
    optimiser = Muon(
        both.named_parameters(),
        rate=_RATE,
        adam_rate=_ADAM_RATE,
        adam_names=("model.model.embed_tokens", "pointer", *_attention(model)),
    )

    def step(batch: Branches, done: float) -> tuple[Any, float]:
        return loss_of(model, pointer, batch)

    return train(
        both,
        step,
        steps,
        optimiser=optimiser,
        state=state,
        draw=partial(ask, tokenizer, words(), questions),
        workers=workers,
    )


def ask(
    tokenizer: Any,  # noqa: ANN401
    vocabulary: Vocabulary,
    questions: int,
    rng: np.random.Generator,
) -> Branches:
    """The questions of a step; all seek for the same slot and so share the task."""
    slots = tuple(SlotName) if rng.random() < 0.1 else (SlotName.STYLE, SlotName.OBJECT)
    slot = slots[int(rng.integers(len(slots)))]
    asked = [draw_question(rng, vocabulary, _CANDIDATES, slot) for _ in range(questions)]
    return encode(tokenizer, asked, rng)


def _attention(model: Any) -> list[str]:  # noqa: ANN401
    """Queries and keys: orthogonal steps would soon make them look at one token only."""
    layers = range(model.config.num_hidden_layers)
    return [f"model.model.layers.{i}.self_attn.{x}_proj" for i in layers for x in "qk"]


def store(model: Any, tokenizer: Any, training: str, models: Path = MODELS) -> None:  # noqa: ANN401
    """Write weights, tokenizer, and what else transformers wants to be told."""
    config = {**model.config.to_diff_dict(), "architectures": ["Qwen2ForCausalLM"]}
    stop = tokenizer.eos_token_id
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": tokenizer.eos_token,
        "pad_token": tokenizer.pad_token,
        "chat_template": tokenizer.chat_template,
        "clean_up_tokenization_spaces": False,
    }
    card = {
        "name": "miniature-language-model",
        "description": "Says whether a model's description fits a request.",
        "training": training,
        "files": {
            "config": config,
            "tokenizer_config": told,
            "generation_config": {"eos_token_id": stop, "pad_token_id": tokenizer.pad_token_id},
        },
    }
    weights = {
        name: tensor.cpu().numpy()
        for name, tensor in model.state_dict().items()
        if name != "lm_head.weight"  # the same as the table of tokens
    }
    save_compact(models / "language_model.safetensors", weights, card)
    told_words = json.loads(tokenizer.backend_tokenizer.to_str())
    (models / "language_model.tokenizer.json").write_text(
        json.dumps(told_words, ensure_ascii=False, separators=(",", ":")), "utf-8"
    )


def main() -> None:
    """Read the command line, train, store."""
    title = (__doc__ or "").splitlines()[0]
    options = options_for(title, steps=800, questions=_QUESTIONS, workers=0)
    tokenizer = make_tokenizer(texts())
    model = make_model(tokenizer).to(options.device)
    fit(
        model,
        tokenizer,
        options.steps,
        options.state / "language_model.pt",
        questions=options.questions,
        workers=options.workers,
    )
    training = f"{options.steps} steps of {options.questions} questions about {_CANDIDATES}, seed 0"
    store(model, tokenizer, training)


if __name__ == "__main__":
    main()
