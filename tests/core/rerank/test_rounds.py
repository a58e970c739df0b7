from __future__ import annotations

import math

import pytest
import torch

from polaris_core.errors import Cancelled, InvalidInput, LanguageModelProblem
from polaris_core.rerank import Tree, rank


def test_a_ranking_tells_how_it_came_about(model, tree):
    ranking = rank(model, tree, keep=4, share=0.5)
    first, second = ranking.rounds
    assert len(first.kept) == 15
    assert set(first.kept) | set(first.dropped) == set(range(30))
    assert set(second.kept) | set(second.dropped) == set(first.kept)
    assert ranking.kept == second.kept == ranking.order[:4]
    assert ranking.order == second.kept + second.dropped + first.dropped
    assert ranking.dropped == ranking.order[4:]
    assert ranking.tokens == ranking.prefix_tokens + first.tokens + second.tokens
    assert ranking.prefix_tokens == 20
    assert 0 < first.seconds + second.seconds <= ranking.seconds
    assert (ranking.backend, ranking.token_budget) == ("cascade", 1024)
    odds = [ranking.log_odds[i] for i in second.kept + second.dropped]
    assert odds == sorted(odds, reverse=True)
    expected = [1 / (1 + math.exp(-x)) for x in ranking.log_odds]
    assert ranking.scores == pytest.approx(expected)


def test_the_score_is_the_probability_of_yes_against_no(model):
    tree = Tree.of([1, 2, 3], [[[4, 5]]], (6, 7))
    with torch.no_grad():
        logits = model(torch.tensor([[1, 2, 3, 4, 5]])).logits[0, -1]
    expected = torch.softmax(logits[[6, 7]], 0)[0].item()
    assert rank(model, tree).scores[0] == pytest.approx(expected, abs=1e-6)
    swapped = Tree(tree.prefix, tree.rounds, (7, 6))
    assert rank(model, swapped).scores[0] == pytest.approx(1 - expected, abs=1e-6)


def test_who_was_read_in_full_is_scored_by_the_full_text(model, tree):
    ranking = rank(model, tree, keep=3)
    full = rank(model, Tree(tree.prefix, tree.rounds[1:], tree.answers))
    short = rank(model, Tree(tree.prefix, tree.rounds[:1], tree.answers))
    for i in ranking.rounds[0].kept:
        assert ranking.log_odds[i] == pytest.approx(full.log_odds[i], abs=1e-5)
    for i in ranking.rounds[0].dropped:
        assert ranking.log_odds[i] == pytest.approx(short.log_odds[i], abs=1e-5)


def test_a_text_that_was_read_whole_is_not_read_again(model):
    short = [[i] * 3 for i in range(10, 20)]
    longer = [branch if i % 2 else [*branch, 4] for i, branch in enumerate(short)]
    tree = Tree.of([1], [short, longer], (5, 9))
    ranking = rank(model, tree, share=1)
    assert [one.tokens for one in ranking.rounds] == [30, 20]
    assert rank(model, Tree.of([1], [short, short], (5, 9))).rounds[1].tokens == 0


def test_equal_candidates_stand_in_their_given_order(model):
    tree = Tree.of([1, 2], [[[3, 4]] * 6], (5, 9))
    ranking = rank(model, tree, keep=2)
    assert ranking.scores == pytest.approx([ranking.scores[0]] * 6, abs=1e-6)
    if len(set(ranking.log_odds)) == 1:
        assert ranking.order == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("candidates", "keep", "share", "left"),
    [
        pytest.param(30, 5, 0.25, 8, id="a quarter, rounded up"),
        pytest.param(30, 12, 0.25, 12, id="not fewer than are wanted"),
        pytest.param(30, None, 0.1, 3, id="a tenth of thirty is three"),
        pytest.param(30, 40, 0.25, 30, id="more wanted than there are"),
        pytest.param(1, None, 0.01, 1, id="somebody is always left"),
    ],
)
def test_so_many_go_on(model, tree, candidates, keep, share, left):
    some = Tree(tree.prefix, tuple(one[:candidates] for one in tree.rounds), tree.answers)
    ranking = rank(model, some, keep=keep, share=share)
    assert len(ranking.rounds[0].kept) == left
    assert len(ranking.kept) == min(left, keep or left)
    assert sorted(ranking.order) == list(range(candidates))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"keep": 0}, id="nobody kept"),
        pytest.param({"share": 0.0}, id="nobody goes on"),
        pytest.param({"share": 1.5}, id="more than all go on"),
        pytest.param({"share": math.nan}, id="a share that is no number"),
        pytest.param({"token_budget": 0}, id="empty packs"),
        pytest.param({"backend": "best"}, id="an unknown backend"),
    ],
)
def test_arguments_out_of_range_are_refused(model, tree, wrong):
    with pytest.raises(InvalidInput):
        rank(model, tree, **wrong)


def test_progress_is_told_before_every_pack_and_at_the_end(model, tree):
    told = []
    ranking = rank(model, tree, keep=5, token_budget=40, progress=lambda *step: told.append(step))
    for at, one in enumerate(ranking.rounds, start=1):
        steps = [s for s in told if s[2] == f"reading candidates, round {at} of 2"]
        assert len(steps) == one.packs + 1 > 3
        assert [done for done, _, _ in steps] == sorted({done for done, _, _ in steps})
        assert steps[0][0] == 0
        assert steps[-1][:2] == (one.tokens, one.tokens)


def test_a_cancel_stops_between_packs(model, tree):
    calls = []

    def cancel(done, _total, _what):
        calls.append(done)
        if done > 60:
            raise Cancelled

    with pytest.raises(Cancelled):
        rank(model, tree, token_budget=30, progress=cancel)
    assert calls[-1] <= 90


def allow(model, tokens):
    """Let the model's memory end beyond so many tokens at a time."""

    def check(_, args, kwargs):
        ids = kwargs.get("input_ids", args[0] if args else None)
        if ids.numel() > tokens:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    return model.register_forward_pre_hook(check, with_kwargs=True)


@pytest.mark.parametrize("backend", ["cascade", "flex", "batched"])
def test_where_memory_runs_out_smaller_packs_are_read(model, tree, backend):
    expected = rank(model, tree, backend=backend).log_odds
    allow(model, 40)
    ranking = rank(model, tree, backend=backend)
    assert ranking.log_odds == pytest.approx(expected, abs=1e-5)
    assert 10 <= ranking.token_budget <= 40
    assert all(one.packs > 1 for one in ranking.rounds)


def test_too_little_memory_for_one_branch_is_said(model, tree):
    allow(model, 20)
    long = Tree.of([1, 2], [[[3] * 25, [4]]], (5, 9))
    with pytest.raises(LanguageModelProblem, match="too little memory to read a branch of 25"):
        rank(model, long)
    with pytest.raises(LanguageModelProblem, match="an instruction of 21 tokens"):
        rank(model, Tree.of(range(21), [[[3]]], (5, 9)))


def test_the_memory_of_a_cpu_runs_out_in_other_words(model, tree):
    def refuse(_, args, kwargs):
        if kwargs["input_ids"].numel() > 50:
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: "
                "can't allocate memory: you tried to allocate 8 bytes."
            )

    model.register_forward_pre_hook(refuse, with_kwargs=True)
    assert rank(model, tree).token_budget <= 50


def test_other_errors_of_the_model_pass_through(model, tree):
    def break_down(_module, _args):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    model.model.layers[1].register_forward_pre_hook(break_down)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        rank(model, tree)


@pytest.mark.parametrize("backend", ["cascade", "batched", "one_by_one"])
def test_an_answer_that_is_no_number_is_no_score(model, tree, backend):
    with torch.no_grad():
        model.model.norm.weight[3] = math.nan
    with pytest.raises(LanguageModelProblem, match="not a number"):
        rank(model, tree, backend=backend)
