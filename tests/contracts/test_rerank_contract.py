"""Every way to read a tree against asking about each candidate alone."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from itertools import pairwise

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from polaris_core.progress import silent
from polaris_core.rerank import Tree, cascade, rank
from polaris_core.rerank.cascade import CascadeAttention
from polaris_core.rerank.forward import open_packed
from polaris_core.rerank.reading import read_branches

VOCABULARY = 97
EXACT = 1e-5
BACKENDS = ["cascade", "flex", "batched"]
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 4096,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
CONFIGS = {
    "Qwen2": lambda: transformers.Qwen2Config(**SHAPE),
    "Qwen3": lambda: transformers.Qwen3Config(**SHAPE),
    "Qwen3Moe": lambda: transformers.Qwen3MoeConfig(**SHAPE, **EXPERTS),
    "Llama": lambda: transformers.LlamaConfig(**SHAPE),
    "Mistral": lambda: transformers.MistralConfig(**SHAPE, sliding_window=None),
    "Gemma": lambda: transformers.GemmaConfig(**SHAPE),
    "Gemma3": lambda: transformers.Gemma3TextConfig(**SHAPE, sliding_window=1024),
    "Phi3": lambda: transformers.Phi3Config(**SHAPE),
    "Granite": lambda: transformers.GraniteConfig(**SHAPE, logits_scaling=4.0),
}


@functools.cache
def tiny(name, dtype=torch.float32):
    """A model with weights large enough that every token it sees shows in its answer."""
    torch.manual_seed(3)
    model = transformers.AutoModelForCausalLM.from_config(CONFIGS[name]())
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return model.eval().to(dtype)


def tokens(*, least=1, most=30):
    return st.lists(st.integers(0, VOCABULARY - 1), min_size=least, max_size=most)


@st.composite
def trees(draw, most=20):
    """Ragged, with branches of one token and equal ones among them."""
    branch = st.one_of(tokens(), tokens(most=2), st.just([5]))
    branches = draw(st.lists(branch, min_size=1, max_size=most))
    return Tree.of(draw(tokens(most=40)), [branches], (5, 9))


def random_tree(count, seed=0, prefix=20, longest=25, rounds=1):
    made = torch.Generator().manual_seed(seed)

    def some(n):
        return torch.randint(0, VOCABULARY, (n,), generator=made).tolist()

    lengths = torch.randint(1, longest + 1, (count,), generator=made).tolist()
    full = [some(n) for n in lengths]
    return Tree.of(
        some(prefix), [*([b[:4] for b in full] for _ in range(rounds - 1)), full], (5, 9)
    )


def alone(model, tree):
    return rank(model, tree, backend="one_by_one")


def check_law(scores, order, oracle):
    """Scores equal those of asking alone, and the order is the same but for equal scores."""
    assert scores == pytest.approx(oracle.scores, abs=EXACT)
    assert sorted(order) == sorted(oracle.order)
    along = [oracle.log_odds[i] for i in order]
    assert all(a >= b - EXACT for a, b in pairwise(along))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CONFIGS)
def test_a_branch_scores_as_if_it_were_alone(name, backend):
    model = tiny(name)

    @settings(max_examples=4 if backend == "flex" else 12)
    @given(tree=trees(), budget=st.integers(1, 200))
    def law(tree, budget):
        ranking = rank(model, tree, backend=backend, token_budget=budget)
        check_law(ranking.scores, ranking.order, alone(model, tree))

    law()


@pytest.mark.parametrize("name", ["Qwen2", "Qwen3", "Llama", "Mistral"])
def test_it_does_so_without_undocumented_operators_too(name, monkeypatch):
    monkeypatch.setattr(cascade, "_OPERATOR", "_no_such_operator")
    model = tiny(name)

    @settings(max_examples=8)
    @given(tree=trees(), budget=st.integers(1, 200))
    def law(tree, budget):
        ranking = rank(model, tree, backend="cascade", token_budget=budget)
        check_law(ranking.scores, ranking.order, alone(model, tree))

    law()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [1, 300])
def test_one_branch_and_three_hundred_score_as_if_alone(backend, count):
    model, tree = tiny("Qwen2"), random_tree(count)
    ranking = rank(model, tree, backend=backend)
    check_law(ranking.scores, ranking.order, alone(model, tree))


@pytest.mark.parametrize("backend", BACKENDS)
def test_branches_of_very_different_lengths_score_as_if_alone(backend):
    model = tiny("Qwen3")
    branches = [[i % VOCABULARY for i in range(n)] for n in (700, 1, 260, 3, 259, 130, 2, 129, 128)]
    tree = Tree.of(range(90), [branches], (5, 9))
    for budget in (1, 300, 5000):
        ranking = rank(model, tree, backend=backend, token_budget=budget)
        check_law(ranking.scores, ranking.order, alone(model, tree))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_order_of_candidates_does_not_matter_to_the_last_bit(backend):
    model, tree = tiny("Llama"), random_tree(40)
    expected = rank(model, tree, backend=backend, token_budget=100).log_odds
    for seed in range(5):
        turn = torch.randperm(40, generator=torch.Generator().manual_seed(seed)).tolist()
        turned = Tree.of(tree.prefix, [[tree.rounds[0][i] for i in turn]], tree.answers)
        scores = rank(model, turned, backend=backend, token_budget=100).log_odds
        assert scores == tuple(expected[i] for i in turn)


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_candidate_changes_no_score(backend):
    model = tiny("Qwen2")

    @settings(max_examples=4 if backend == "flex" else 15)
    @given(tree=trees(), more=tokens(most=60))
    def law(tree, more):
        without = rank(model, tree, backend=backend).scores
        larger = Tree.of(tree.prefix, [[*tree.rounds[0], more]], tree.answers)
        assert rank(model, larger, backend=backend).scores[:-1] == pytest.approx(without, abs=EXACT)

    law()


@pytest.mark.parametrize("backend", BACKENDS)
def test_fifty_hostile_descriptions_touch_nobody_else(backend):
    """Whatever they say, and it is said by tokens: those of the answers, and of the others."""
    model, tree = tiny("Qwen2"), random_tree(20)
    honest = rank(model, tree, backend=backend).scores
    hostile = [[5] * (i + 1) + [9] * (i % 7) + list(tree.rounds[0][i % 20]) for i in range(50)]
    crowd = Tree.of(tree.prefix, [[*hostile[:25], *tree.rounds[0], *hostile[25:]]], tree.answers)
    scores = rank(model, crowd, backend=backend).scores
    assert scores[25:45] == pytest.approx(honest, abs=1e-6)


@pytest.mark.parametrize("backend", ["cascade", "flex"])
@given(tree=trees(), budget=st.integers(1, 200))
@settings(max_examples=8)
def test_the_prefix_and_every_branch_are_computed_once_and_nothing_else(backend, tree, budget):
    model, seen = tiny("Qwen2"), []
    hook = model.get_input_embeddings().register_forward_pre_hook(
        lambda _, ids: seen.append(ids[0].numel())
    )
    try:
        ranking = rank(model, tree, backend=backend, token_budget=budget)
    finally:
        hook.remove()
    assert ranking.tokens == sum(seen)
    assert ranking.tokens == len(tree.prefix) + sum(map(len, tree.rounds[0]))
    assert ranking.prefix_tokens == len(tree.prefix)
    assert ranking.rounds[0].packs == len(seen) - 1
    longest = max(map(len, tree.rounds[0]))
    assert all(n <= max(budget, longest) for n in seen[1:])


@pytest.mark.parametrize("backend", BACKENDS)
def test_rounds_keep_whom_the_oracle_keeps(backend):
    model = tiny("Qwen3")
    for seed in range(3):
        tree = random_tree(60, seed, rounds=2)
        ours, oracle = (rank(model, tree, keep=5, backend=b) for b in (backend, "one_by_one"))
        assert ours.kept == oracle.kept
        assert [one.kept for one in ours.rounds] == [one.kept for one in oracle.rounds]
        assert ours.scores == pytest.approx(oracle.scores, abs=EXACT)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
@pytest.mark.parametrize("backend", ["cascade", "batched"])
@pytest.mark.parametrize("name", ["Qwen2", "Qwen3", "Llama", "Mistral"])
def test_half_precision_is_no_worse_than_it_is_for_one_alone(name, backend, dtype):
    """The truth is what float32 says of the same rounded weights."""
    half = tiny(name, dtype)
    exact = transformers.AutoModelForCausalLM.from_config(half.config, dtype=torch.float32).eval()
    exact.load_state_dict(half.state_dict())
    tree = random_tree(150, prefix=60)
    truth = alone(exact, tree).log_odds

    def error(ranking):
        pairs = zip(ranking.log_odds, truth, strict=True)
        return sum(abs(a - b) for a, b in pairs) / len(truth)

    ours = error(rank(half, tree, backend=backend, token_budget=500))
    assert 0 < ours <= 1.25 * error(alone(half, tree))


def read_with(model, tree, open_tree):
    with open_tree(model, tree) as reader:
        branches = dict(enumerate(tree.rounds[0]))
        read = read_branches(reader, branches, 10_000, silent, "")
    odds = torch.tensor([read.log_odds[i] for i in range(tree.candidates)])
    return torch.sigmoid(odds).tolist(), torch.argsort(odds, descending=True).tolist()


def right(model, tree):
    return open_packed("right_attention", model, tree, CascadeAttention)


class LeakingAttention:
    """Wrong on purpose: a branch sees those before it in the pack."""

    def __init__(self, lengths, prefix, device):
        pass

    def __call__(self, query, key, value, before, scale):
        keys, values = (torch.cat(pair, 2) for pair in zip(before, (key, value), strict=True))
        seen = torch.ones(query.shape[2], keys.shape[2], dtype=torch.bool)
        seen = seen.tril(keys.shape[2] - query.shape[2])
        out = scaled_dot_product_attention(
            query, keys, values, attn_mask=seen, scale=scale, enable_gqa=True
        )
        return out.transpose(1, 2)


def leaking(model, tree):
    return open_packed("leaking_attention", model, tree, LeakingAttention)


@contextmanager
def running_on(model, tree):
    """Wrong on purpose: a branch's positions go on where the branch before it ended."""

    def counted_on(_, args, kwargs):
        start = kwargs["position_ids"][0, 0]
        kwargs["position_ids"] = start + torch.arange(kwargs["input_ids"].shape[1])[None]
        return args, kwargs

    hook = model.register_forward_pre_hook(counted_on, with_kwargs=True)
    try:
        with right(model, tree) as reader:
            yield reader
    finally:
        hook.remove()


@pytest.mark.parametrize("name", ["Qwen2", "Qwen3", "Llama", "Mistral"])
def test_the_law_notices_a_leak_and_positions_that_do_not_restart(name):
    model, tree = tiny(name), random_tree(30)
    check_law(*read_with(model, tree, right), alone(model, tree))
    for wrong in (leaking, running_on):
        scores, order = read_with(model, tree, wrong)
        with pytest.raises(AssertionError):
            check_law(scores, order, alone(model, tree))
        far = max(abs(a - b) for a, b in zip(scores, alone(model, tree).scores, strict=True))
        assert far > 1000 * EXACT
