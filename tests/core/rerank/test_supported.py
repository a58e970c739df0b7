from __future__ import annotations

import pytest
import torch
import transformers

from polaris_core.errors import InvalidInput
from polaris_core.rerank import Tree, rank

BLOOM = transformers.BloomConfig(
    vocab_size=97, hidden_size=32, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=2
)
TREE_BACKENDS = ["cascade", "flex", "batched"]


@pytest.mark.parametrize("backend", TREE_BACKENDS)
def test_a_window_that_slides_over_the_branches_is_refused_by_name(make, tree, backend):
    model = make(transformers.MistralConfig, sliding_window=30)
    with pytest.raises(InvalidInput, match=r"MistralConfig has a sliding.*_window: 30"):
        rank(model, tree, backend=backend)
    assert rank(model, tree, backend="one_by_one").kept


@pytest.mark.parametrize("backend", TREE_BACKENDS)
def test_a_window_that_everything_fits_into_is_none(make, tree, backend):
    for model in (
        make(transformers.MistralConfig, sliding_window=tree.longest),
        make(transformers.Gemma3TextConfig, sliding_window=tree.longest),
    ):
        alone = rank(model, tree, backend="one_by_one")
        assert rank(model, tree, backend=backend).scores == pytest.approx(alone.scores, abs=1e-5)


def test_a_window_that_is_switched_off_is_none(make, tree):
    model = make(transformers.Qwen2Config, sliding_window=8, use_sliding_window=False)
    assert rank(model, tree).kept
    with pytest.raises(InvalidInput, match="sliding_window: 8"):
        rank(
            make(
                transformers.Qwen2Config,
                sliding_window=8,
                use_sliding_window=True,
                max_window_layers=1,
            ),
            tree,
        )


def test_layers_of_another_kind_are_refused_by_name(tree, make_as):
    config = transformers.MambaConfig(vocab_size=97, hidden_size=32, num_hidden_layers=2)
    with pytest.raises(InvalidInput, match="MambaConfig has layers of other kinds"):
        rank(make_as(config), tree)


@pytest.mark.parametrize("backend", ["cascade", "flex"])
def test_attention_that_is_computed_otherwise_is_refused_and_read_in_batches(make, tree, backend):
    """Softcaps, sinks, biases and compressed caches: what is not known to be harmless."""
    model = make(transformers.Gemma2Config, sliding_window=4096)
    before = model.config._attn_implementation
    with pytest.raises(InvalidInput, match=r"softcap.*Gemma2Attention.*batched"):
        rank(model, tree, backend=backend)
    assert model.config._attn_implementation == before
    alone = rank(model, tree, backend="one_by_one").scores
    assert rank(model, tree, backend="batched").scores == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("backend", ["cascade", "flex"])
def test_attention_that_cannot_be_chosen_is_refused_where_it_is_named(tree, make_as, backend):
    with pytest.raises(InvalidInput, match="computes its attention in its own way: Bloom"):
        rank(make_as(BLOOM), tree, backend=backend)


@pytest.mark.parametrize("name", ["Bloom", "Gemma2"])
def test_left_to_itself_such_a_model_is_read_in_batches(make, tree, make_as, name):
    gemma = make(transformers.Gemma2Config, sliding_window=4096)
    model = make_as(BLOOM) if name == "Bloom" else gemma
    ranking = rank(model, tree, keep=4)
    alone = rank(model, tree, keep=4, backend="one_by_one")
    assert ranking.backend == "batched"
    assert ranking.scores == pytest.approx(alone.scores, abs=1e-5)
    assert ranking.kept == alone.kept


def test_a_cache_of_something_else_than_keys_is_refused(tree, make_as):
    config = transformers.DeepseekV3Config(
        vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, q_lora_rank=16, kv_lora_rank=16,
        qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=12, n_routed_experts=4,
        num_experts_per_tok=2, moe_intermediate_size=16, n_group=1, topk_group=1,
        first_k_dense_replace=1,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="its cache keeps something else"):
        rank(make_as(config), tree, backend="cascade")


@pytest.mark.parametrize("backend", [*TREE_BACKENDS, "one_by_one"])
def test_what_is_no_language_model_ready_to_compute_is_refused(make, model, tree, backend):
    with pytest.raises(InvalidInput, match="no model of transformers: Linear"):
        rank(torch.nn.Linear(2, 2), tree, backend=backend)
    with pytest.raises(InvalidInput, match="does not go on with a text: Qwen2Model"):
        rank(model.model, tree, backend=backend)
    with pytest.raises(InvalidInput, match="training mode"):
        rank(model.train(), tree, backend=backend)


def test_a_text_translator_is_refused(tree):
    config = transformers.T5Config(
        vocab_size=97, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2
    )
    with pytest.raises(InvalidInput, match="does not go on with a text"):
        rank(transformers.T5ForConditionalGeneration(config).eval(), tree)


@pytest.mark.parametrize("backend", [*TREE_BACKENDS, "one_by_one"])
def test_tokens_and_lengths_beyond_the_model_are_refused(make, model, backend):
    with pytest.raises(InvalidInput, match="beyond the model's vocabulary of 97: 97"):
        rank(model, Tree.of([1], [[[97]]], (5, 9)), backend=backend)
    with pytest.raises(InvalidInput, match="reads 512"):
        rank(model, Tree.of([1], [[[2] * 512]], (5, 9)), backend=backend)


def test_rotary_embeddings_that_stretch_are_read_up_to_where_they_do(make):
    """Beyond, the short and the long of it would not agree on what a position means."""
    rope = {
        "rope_type": "longrope",
        "rope_theta": 1e4,
        "short_factor": [1.0] * 4,
        "long_factor": [2.0] * 4,
    }
    model = make(transformers.Phi3Config, rope_parameters=rope, original_max_position_embeddings=64)
    fits = Tree.of(range(30), [[[7] * 34, [8]]], (5, 9))
    alone = rank(model, fits, backend="one_by_one").scores
    assert rank(model, fits).scores == pytest.approx(alone, abs=1e-5)
    with pytest.raises(InvalidInput, match="reads 64"):
        rank(model, Tree.of(range(30), [[[7] * 35, [8]]], (5, 9)))
