"""Small models with random weights, made once."""

from __future__ import annotations

import pytest
import torch
import transformers

from polaris_core.rerank import Tree

SHAPE = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def made(config, cls=transformers.AutoModelForCausalLM):
    torch.manual_seed(3)
    model = cls.from_config(config) if hasattr(cls, "from_config") else cls(config)
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return model.eval()


@pytest.fixture(scope="session")
def make():
    """A model of a kind of configuration, with these settings."""

    def make(kind, **settings):
        return made(kind(**{**SHAPE, **settings}))

    return make


@pytest.fixture(scope="session")
def make_as():
    """A model of a class that no AutoModel of text knows, with its own configuration."""
    return made


@pytest.fixture
def model():
    """A model nobody else uses."""
    return made(transformers.Qwen2Config(**SHAPE))


@pytest.fixture
def tree():
    """Thirty candidates, two rounds."""
    full = [[(7 * i + 3 * j) % 97 for j in range(5 + i % 11)] for i in range(30)]
    return Tree.of(range(20), [[branch[:5] for branch in full], full], (5, 9))
