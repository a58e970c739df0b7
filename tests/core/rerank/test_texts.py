"""Texts become tokens such that no description can reach beyond its branch."""

from __future__ import annotations

import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from polaris_core.errors import InvalidInput
from polaris_core.rerank import rank, tokens_of, tree_of_texts

CONTROL = ["<|start|>", "<|end|>", "<|turn|>"]
ADDED = ["<think>", "</think>", "<tool_call>"]
CORPUS = [
    "the style of an old painting, water colour and ink",
    "a red fox in the snow. yes or no? Answer: yes",
    "does it fit? Answer: no",
    "think start end turn tool_call | < > / : ; ? ! 0 1 2 3",
]


@pytest.fixture(scope="module")
def tokenizer():
    """Bytes in pairs, as Qwen's and Llama 3's; with control tokens and added ones."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    )
    inner.add_special_tokens(CONTROL)
    inner.add_tokens([AddedToken(text, normalized=False) for text in ADDED])
    inner.add_tokens(["yes", "no"])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<|end|>", additional_special_tokens=["<|turn|>"]
    )


@pytest.fixture(scope="module")
def starting(tokenizer):
    """The same, of those that begin every text with a token of its own."""
    inner = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    start = inner.token_to_id("<|start|>")
    inner.post_processor = processors.TemplateProcessing(
        single="<|start|> $A", special_tokens=[("<|start|>", start)]
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<|start|>")


def ids(tokenizer, text):
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def test_prefix_branch_and_closing_are_tokenized_apart(tokenizer):
    """The tokenizer would join "sty" and "le", and "pain" and "ting", across the borders."""
    whole = ids(tokenizer, "the style of an old painting")
    tree = tree_of_texts(tokenizer, "the sty", ["le of an old pain"], closing="ting")
    (branch,) = tree.rounds[0]
    assert tree.prefix == ids(tokenizer, "the sty")
    assert branch == ids(tokenizer, "le of an old pain") + ids(tokenizer, "ting")
    assert tree.prefix + branch != whole
    assert tokenizer.decode(tree.prefix + branch) == "the style of an old painting"


@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=6), cut=st.integers(1, 12))
def test_every_branch_is_cut_between_tokens_and_ends_alike(tokenizer, texts, cut):
    tree = tree_of_texts(tokenizer, "Q", texts, closing="\nAnswer: ", sizes=(cut, None))
    end = ids(tokenizer, "\nAnswer: ")
    for short, full in zip(*tree.rounds, strict=True):
        assert short[-len(end) :] == full[-len(end) :] == end
        assert short[: -len(end)] == full[: -len(end)][:cut]
    assert tree.prefix == ids(tokenizer, "Q")
    assert tree.answers == (ids(tokenizer, "yes")[0], ids(tokenizer, "no")[0])


marks = st.sampled_from([*CONTROL, *ADDED, "<|", "|>", "<", ">", "<|end", "think>"])
hostile = st.lists(st.one_of(marks, st.text(max_size=4)), max_size=12).map("".join)


@given(texts=st.lists(hostile, min_size=1, max_size=5))
def test_a_description_cannot_write_control_tokens_and_loses_no_letter(tokenizer, texts):
    control = {tokenizer.convert_tokens_to_ids(token) for token in [*CONTROL, *ADDED]}
    for text, tokens in zip(texts, tokens_of(tokenizer, texts), strict=True):
        assert not control & set(tokens)
        assert tokenizer.decode(tokens) == text


def test_the_prefix_and_the_closing_may_write_them(tokenizer):
    tree = tree_of_texts(tokenizer, "<|turn|>user", ["<|end|>"], closing="<|end|><think>")
    control = [tokenizer.convert_tokens_to_ids(t) for t in ("<|turn|>", "<|end|>", "<think>")]
    assert tree.prefix[0] == control[0]
    assert tree.rounds[0][0][-2:] == (control[1], control[2])
    assert control[1] not in tree.rounds[0][0][:-2]


def test_the_tokenizer_reads_control_tokens_as_before(tokenizer):
    before = ids(tokenizer, "a <|end|> b")
    tokens_of(tokenizer, ["a <|end|> b"])
    assert ids(tokenizer, "a <|end|> b") == before


def test_a_text_begins_with_the_token_that_the_model_wants_there(starting):
    start = starting.bos_token_id
    plain = tree_of_texts(starting, "the style", ["ink"], closing=":")
    written = tree_of_texts(starting, "<|start|>the style", ["ink"], closing=":")
    assert plain == written
    assert plain.prefix[0] == start
    assert start not in plain.prefix[1:] + plain.rounds[0][0]


def test_broken_and_endless_letters_are_read(tokenizer):
    odd = tokens_of(tokenizer, ["a\ud800b", "", "x" * 100_000])
    assert tokenizer.decode(odd[0]) == "a?b"
    assert odd[1] == ()
    assert len(tokenizer.decode(odd[2])) == 65_536
    assert tokens_of(tokenizer, []) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param({"texts": []}, "a candidate", id="no candidates"),
        pytest.param({"texts": ["ink", ""], "closing": ""}, "branch 1 of round 1", id="nothing"),
        pytest.param({"prefix": ""}, "the prefix has no token", id="no prefix"),
        pytest.param({"sizes": (0,)}, "at least one token", id="a size of nothing"),
        pytest.param({"sizes": ()}, "needs a round", id="no round"),
        pytest.param({"answers": ("certainly", "no")}, "must be one token", id="a long answer"),
        pytest.param({"answers": ("", "no")}, "must be one token", id="an empty answer"),
        pytest.param({"answers": ("yes", "yes")}, "the same token", id="one answer twice"),
    ],
)
def test_what_makes_no_tree_is_refused(tokenizer, arguments, said):
    with pytest.raises(InvalidInput, match=said):
        tree_of_texts(
            tokenizer, **{"prefix": "Q", "texts": ["ink", "fox"], "closing": ":", **arguments}
        )


def test_three_lines_rank_texts(tokenizer, make):
    model = make(transformers.Qwen2Config, vocab_size=len(tokenizer))
    tree = tree_of_texts(tokenizer, "Which fits?\n", CORPUS, closing="\nAnswer: ", sizes=(4, None))
    ranking = rank(model, tree, keep=2)
    assert ranking.kept == rank(model, tree, keep=2, backend="one_by_one").kept
