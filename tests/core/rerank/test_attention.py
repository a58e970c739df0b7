"""The attention of a pack against one dense softmax with a mask."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.rerank import cascade
from polaris_core.rerank.cascade import CascadeAttention
from polaris_core.rerank.flex import FlexAttention


def two_levels(lengths, prefix, device):
    return CascadeAttention(lengths, prefix, device)


def public(lengths, prefix, device):
    return CascadeAttention(lengths, prefix, device, public_only=True)


def dense(query, keys, values, lengths, prefix, scale):
    """The softmax over what each token may see, written out."""
    branch = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    own = (branch[:, None] == branch) & torch.ones(len(branch), len(branch)).tril().bool()
    seen = torch.cat([torch.ones(len(branch), prefix).bool(), own], 1)
    groups = query.shape[1] // keys.shape[1]
    keys, values = keys.repeat_interleave(groups, 1), values.repeat_interleave(groups, 1)
    scores = (query @ keys.transpose(2, 3) * scale).masked_fill(~seen, -torch.inf)
    return (scores.softmax(-1) @ values).transpose(1, 2)


def check(attention, lengths, prefix, heads=(4, 2), size=8, value_size=8, spread=1.0):
    made = torch.Generator().manual_seed(sum(lengths) + prefix)

    def random(n, heads, size):
        # as models hand them over: tokens first in memory
        return spread * torch.randn(1, n, heads, size, generator=made).transpose(1, 2)

    tokens, total = sum(lengths), prefix + sum(lengths)
    query = random(tokens, heads[0], size)
    keys, values = random(total, heads[1], size), random(total, heads[1], value_size)
    before, own = (keys[:, :, :prefix], values[:, :, :prefix]), (keys, values)
    key, value = (x[:, :, prefix:] for x in own)
    attend = attention(lengths, prefix, torch.device("cpu"))
    out = attend(query, key, value, before, 0.3)
    expected = dense(query, keys, values, lengths, prefix, 0.3)
    torch.testing.assert_close(out, expected, atol=2e-6 * spread, rtol=2e-5)


falling = st.lists(st.integers(1, 90), min_size=1, max_size=12).map(lambda n: sorted(n)[::-1])


@pytest.mark.parametrize("attention", [two_levels, public, FlexAttention])
def test_it_equals_one_dense_softmax(attention):
    @settings(max_examples=8 if attention is FlexAttention else 40)
    @given(falling, st.integers(1, 300), st.sampled_from([(4, 4), (4, 2), (6, 1)]))
    def law(lengths, prefix, heads):
        check(attention, lengths, prefix, heads)

    law()


@pytest.mark.parametrize("attention", [two_levels, public, FlexAttention])
@pytest.mark.parametrize(
    "lengths",
    [
        pytest.param([1], id="one token"),
        pytest.param([1] * 200, id="many branches of one token"),
        pytest.param([128, 128, 128], id="whole blocks"),
        pytest.param([400, 129, 128, 127, 1], id="across blocks"),
    ],
)
def test_it_does_so_at_the_borders_of_blocks(attention, lengths):
    for prefix in (1, 127, 128, 129):
        check(attention, lengths, prefix)


@pytest.mark.parametrize("attention", [two_levels, public])
def test_large_scores_do_not_overflow(attention):
    check(attention, [30, 20, 20, 5], 40, spread=30.0)


@pytest.mark.parametrize("attention", [two_levels, public, FlexAttention])
def test_values_may_be_of_another_size_than_keys(attention):
    check(attention, [9, 9, 4], 11, value_size=16)


def test_without_the_undocumented_operator_the_public_way_is_taken(monkeypatch):
    calls = []
    joined = CascadeAttention._joined
    monkeypatch.setattr(CascadeAttention, "_joined", lambda *args: calls.append(1) or joined(*args))
    check(two_levels, [9, 9, 4], 11)
    assert not calls
    for other in ("_no_such_operator", "relu", "_scaled_dot_product_efficient_attention"):
        calls.clear()
        monkeypatch.setattr(cascade, "_OPERATOR", other)
        check(two_levels, [9, 9, 4], 11)
        assert calls
