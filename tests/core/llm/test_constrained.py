"""Whatever tokens are chosen among those let through, the reply is valid under its schema."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, normalizers
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast

from polaris_core.demo.tiny_language_models import make_text_model
from polaris_core.errors import InvalidInput, LanguageModelProblem
from polaris_core.instructions.schema import INTENT_SCHEMA
from polaris_core.llm.constrained import Guide, completed, vocabulary
from polaris_core.llm.loading import load_parts

STOP = 2


def obeys(schema: Any, value: Any) -> bool:
    """The JSON schema keywords that are used here, read straight from their definitions."""
    if "enum" in schema:
        return value in schema["enum"] and type(value) in {type(v) for v in schema["enum"]}
    match schema["type"]:
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "integer":
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and schema["minimum"] <= value <= schema["maximum"]
        case "string":
            return isinstance(value, str) and len(value) <= schema["maxLength"]
        case "array":
            return (
                isinstance(value, list)
                and len(value) <= schema["maxItems"]
                and all(obeys(schema["items"], item) for item in value)
            )
        case "object":
            return (
                isinstance(value, dict)
                and set(schema["required"]) <= set(value) <= set(schema["properties"])
                and all(obeys(schema["properties"][name], value[name]) for name in value)
            )
    raise AssertionError(schema)


def objects(fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def build(properties: dict[str, Any], needed: int) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties)[:needed],
            "additionalProperties": False,
        }

    names = st.text("abcde", min_size=1, max_size=3)
    return st.builds(build, st.dictionaries(names, fields, max_size=4), st.integers(0, 4))


leaves = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.lists(st.text('abc é"{}', min_size=1, max_size=4), min_size=1, max_size=4, unique=True).map(
        lambda words: {"enum": words}
    ),
    st.tuples(st.integers(-200, 200), st.integers(0, 300)).map(
        lambda t: {"type": "integer", "minimum": t[0], "maximum": t[0] + t[1]}
    ),
    st.integers(0, 12).map(lambda n: {"type": "string", "maxLength": n}),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        objects(inner),
        st.builds(
            lambda s, n: {"type": "array", "items": s, "maxItems": n}, inner, st.integers(0, 3)
        ),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """A vocabulary that is nine tokens larger than the tokenizer's, as a padded model's is."""
    folder = tmp_path_factory.mktemp("model")
    make_text_model(folder)
    parts = load_parts(folder, device="cpu")
    return vocabulary(parts.tokenizer, parts.model.config.vocab_size, [0, STOP])


@pytest.fixture(scope="module")
def sentence_pieces():
    """A vocabulary of the other great family: blanks are letters, rare characters are bytes."""
    single = [f"<0x{byte:02X}>" for byte in range(256)]
    special = ["<unk>", "<s>", "</s>"]
    learnt = ["▁", "▁a", *"abcdefghijklmnopqrstuvwxyz_0123456789", '"', '":', '","', "{", "}", "["]
    words = {word: i for i, word in enumerate(special + single + learnt)}
    pieces = Tokenizer(BPE(words, [("▁", "a")], byte_fallback=True, unk_token="<unk>"))
    pieces.add_special_tokens(special)
    blanks = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    pieces.normalizer = normalizers.Sequence(blanks)
    pieces.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback()])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=pieces, eos_token="</s>")
    return vocabulary(tokenizer, len(tokenizer), [STOP])


def ramble(guide: Guide, width: int, most: int, seed: int) -> int:
    """Choose tokens by lot until the reply ends or `most` are written; how many there were."""
    drawn = random.Random(seed)
    for count in range(most):
        allowed = np.flatnonzero(guide.allowed(width))
        token = int(drawn.choice(allowed))
        if token in (0, STOP) or guide.finished:
            return count
        guide.write(token)
    return most


@given(schemas, st.integers(0, 60), st.integers(0, 2**32))
def test_any_tokens_let_through_make_a_valid_reply_wherever_they_are_cut_off(
    tokens, schema, most, seed
):
    guide = Guide(schema, tokens)
    ramble(guide, tokens.vocab_size, most, seed)
    assert obeys(schema, json.loads(guide.text()))


@given(st.integers(0, 2000), st.integers(0, 2**32))
@settings(max_examples=20)
def test_an_intent_written_by_lot_is_valid(tokens, most, seed):
    guide = Guide(INTENT_SCHEMA, tokens)
    written = ramble(guide, tokens.vocab_size, most, seed)
    assert written < 1400  # no model can ramble longer than the schema's bounds allow
    intent = json.loads(guide.text())
    assert list(intent) == INTENT_SCHEMA["required"]


@given(schemas, st.integers(0, 60), st.integers(0, 2**32))
def test_it_makes_no_difference_what_kind_of_tokenizer_it_is(sentence_pieces, schema, most, seed):
    guide = Guide(schema, sentence_pieces)
    ramble(guide, sentence_pieces.vocab_size, most, seed)
    assert obeys(schema, json.loads(guide.text()))


@given(schemas, st.data())
def test_a_valid_reply_that_is_cut_off_anywhere_is_completed_and_keeps_its_beginning(schema, data):
    whole = completed(schema, "")
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    again = completed(schema, cut)
    assert again.startswith(cut)
    assert obeys(schema, json.loads(again))


TEXTS = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"enum": ["x y", 7]}}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("begun", "ended"),
    [
        pytest.param("", '{"a":"","b":[]}', id="nothing yet"),
        pytest.param('{"', '{"a":"","b":[]}', id="in a key"),
        pytest.param('{"a":"cat }', '{"a":"cat }","b":[]}', id="in a string with a brace"),
        pytest.param('{"a":"say \\"', '{"a":"say \\"","b":[]}', id="after an escaped quote"),
        pytest.param('{"a":"say \\', '{"a":"say \\"","b":[]}', id="in an escape"),
        pytest.param('{"a":"","b":["x', '{"a":"","b":["x y"]}', id="in one of few words"),
        pytest.param('{"a":"","b":[7,', '{"a":"","b":[7,"x y"]}', id="after a comma"),
        pytest.param('{"a":"","b":[]}', '{"a":"","b":[]}', id="whole"),
    ],
)
def test_a_cut_off_reply_gets_a_short_end(begun, ended):
    assert completed(TEXTS, begun) == ended


def test_a_character_of_which_half_is_written_is_left_out(tokens):
    guide = Guide({"type": "string", "maxLength": 5}, tokens)
    for byte in (b'"', b"a", "é".encode()[:1]):
        token = next(i for i in range(tokens.vocab_size) if tokens.decode_bytes([i]) == byte)
        guide.write(token)
    assert guide.text() == '"a"'


def test_a_reply_may_end_only_when_it_is_whole(tokens):
    guide = Guide({"enum": ["yes"]}, tokens)
    assert not guide.allowed(tokens.vocab_size)[STOP]
    for token in tokens.tokenize_str('"yes"'):
        guide.write(token)
    assert guide.allowed(tokens.vocab_size)[STOP]
    assert guide.allowed(tokens.vocab_size).sum() == 2  # either of the two that end it
    assert guide.finished


def test_no_blank_may_stand_between_tokens(tokens):
    guide = Guide(TEXTS, tokens)
    guide.write(tokens.tokenize_str("{")[0])
    assert not guide.allowed(tokens.vocab_size)[tokens.tokenize_str(" ")[0]]


def test_control_tokens_are_never_let_through_into_a_string(tokens):
    width = tokens.vocab_size
    guide = Guide({"type": "string"}, tokens)
    guide.write(tokens.tokenize_str('"')[0])
    assert not guide.allowed(width)[:7].any()
    assert not guide.allowed(width)[-9:].any()  # numbers that the model scores and nothing means


def test_a_token_that_may_not_come_is_refused(tokens):
    with pytest.raises(LanguageModelProblem, match="left its schema"):
        Guide(TEXTS, tokens).write(STOP)


def test_a_model_without_any_token_that_may_come_is_told(tokens):
    with pytest.raises(LanguageModelProblem, match="no token"):
        Guide(TEXTS, tokens).allowed(width=5)


@pytest.mark.parametrize(
    "schema", [{"not": {"type": "string"}}, {"type": "frob"}, {"type": "string", "format": "?"}]
)
def test_a_schema_that_cannot_be_enforced_is_refused(schema):
    with pytest.raises(InvalidInput, match="cannot be enforced"):
        completed(schema, "")


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "string", "pattern": "^a*b$"}, id="letters without end"),
        pytest.param(
            {"type": "array", "items": {"type": "null"}, "minItems": 100_000}, id="a long list"
        ),
        pytest.param(
            {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
            id="an object in itself",
        ),
    ],
)
def test_a_schema_without_a_short_reply_is_given_up(schema):
    with pytest.raises(LanguageModelProblem):
        completed(schema, "")


def test_text_that_begins_no_valid_reply_is_refused():
    with pytest.raises(LanguageModelProblem, match="left its schema"):
        completed(TEXTS, "Certainly! {")
