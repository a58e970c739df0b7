"""The model comes back as it was, whatever happens."""

from __future__ import annotations

import pytest
import torch
import transformers

from polaris_core.errors import Cancelled
from polaris_core.rerank import rank

BACKENDS = ["cascade", "flex", "batched", "one_by_one"]


def state(model):
    """All that a visit could change."""
    modules = dict(model.named_modules())
    return {
        "attention": [c._attn_implementation for c in (model.config, model.model.config)],
        "modules": {name: id(module) for name, module in modules.items()},
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules.values()],
        "training": [m.training for m in modules.values()],
        "weights": {n: (id(p), p._version, p.requires_grad) for n, p in model.named_parameters()},
        "buffers": {name: id(buffer) for name, buffer in model.named_buffers()},
        "attributes": sorted(vars(model)),
        "gradients": torch.is_grad_enabled(),
    }


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_ranking_leaves_the_model_as_it_was(model, tree, backend, attention):
    model.set_attn_implementation(attention)
    before = state(model)
    text = torch.arange(12)[None]
    with torch.no_grad():
        said = model(text).logits
    rank(model, tree, backend=backend)
    assert state(model) == before
    with torch.no_grad():
        assert torch.equal(model(text).logits, said)


@pytest.mark.parametrize("backend", BACKENDS)
def test_so_does_one_that_was_cancelled(model, tree, backend):
    before = state(model)

    def cancel(done, _total, _what):
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        rank(model, tree, backend=backend, token_budget=30, progress=cancel)
    assert state(model) == before


@pytest.mark.parametrize("backend", BACKENDS)
def test_so_does_one_that_failed(model, tree, backend):
    calls = []

    def fail_late(_module, _args):
        calls.append(1)
        if len(calls) > 2:
            raise RuntimeError("no such kernel")

    hook = model.model.layers[0].mlp.register_forward_pre_hook(fail_late)
    before = state(model)
    with pytest.raises(RuntimeError, match="no such kernel"):
        rank(model, tree, backend=backend, token_budget=30)
    assert state(model) == before
    hook.remove()
    rank(model, tree, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_stay_as_they_were_for_the_caller(model, tree, backend):
    rank(model, tree, backend=backend)
    assert model(torch.arange(3)[None]).logits.requires_grad


class Elsewhere(torch.nn.Linear):
    """A head that computes in its own way, as quantised ones do."""

    def forward(self, hidden):
        assert hidden.shape[-2] <= 31, "only the rows of answers"
        return super().forward(hidden)


def test_a_head_of_another_kind_is_left_in_place(model, tree):
    expected = rank(model, tree).log_odds
    head = Elsewhere(32, 97, bias=False)
    head.weight = model.lm_head.weight
    model.set_output_embeddings(head)
    for backend in ("cascade", "batched"):
        assert rank(model, tree, backend=backend).log_odds == pytest.approx(expected, abs=1e-5)
        assert model.get_output_embeddings() is head


def test_a_head_with_a_bias_keeps_it(tree, make_as):
    config = transformers.PhiConfig(
        vocab_size=97,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        pad_token_id=0,
    )
    model = make_as(config)
    assert model.lm_head.bias is not None
    alone = rank(model, tree, backend="one_by_one").scores
    assert rank(model, tree).scores == pytest.approx(alone, abs=1e-5)


def test_a_model_that_sees_pictures_reads_texts_as_before(tree, make_as):
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}
    text = {
        "vocab_size": 97,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rope_parameters": rope,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    vision = {
        "depth": 1,
        "hidden_size": 32,
        "num_heads": 4,
        "intermediate_size": 32,
        "out_hidden_size": 32,
    }
    config = transformers.Qwen2_5_VLConfig(
        text_config=text, vision_config=vision, bos_token_id=1, eos_token_id=2
    )
    model = make_as(config, transformers.Qwen2_5_VLForConditionalGeneration)
    configs = (model.config, model.config.vision_config, model.config.text_config)
    attentions = [config._attn_implementation for config in configs]
    alone = rank(model, tree, backend="one_by_one").scores
    for backend in ("cascade", "flex", "batched"):
        assert rank(model, tree, backend=backend).scores == pytest.approx(alone, abs=1e-5)
    assert [config._attn_implementation for config in configs] == attentions
