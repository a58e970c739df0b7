"""An order is read out of whatever a model writes, and it is always one of all candidates."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polaris_core.errors import UnreadableReply
from polaris_core.rerank.order_reader import read_order

NAMES = ("Aquarelle Dreams", "Red Fox", "Inkwell", "Red Fox Deluxe", "abc")

# reply, the numbers in the order in which it tells them, those that fit (None: not said)
READABLE = [
    ('{"order": [3, 1, 2], "fit": [3]}', "31245", "3"),
    ('{"order": [3, 1, 2, 4, 5], "fit": []}', "31245", ""),
    ('{"order": [], "fit": []}', "12345", ""),
    ('{"fit": [4, 2]}', "42135", "42"),
    ('{"order": [2, 3]}', "23145", None),
    ('{"order": ["3", "1"], "fit": ["3"]}', "31245", "3"),
    ('{"order": [3.0, 1.0], "fit": [3.0]}', "31245", "3"),
    ('{"order": "3 > 1 > 2", "fit": "3, 1"}', "31245", "31"),
    ('{"order": ["[3]", "#1"], "fit": 3}', "31245", "3"),
    ('{"order": [3, 3, 3, 1], "fit": [3, 3]}', "31245", "3"),
    ('{"order": [99, 3, -1, 0, 7, 1], "fit": [99, 3]}', "31245", "3"),
    ('{"order": [0, 2, 1], "fit": [0]}', "13245", "1"),
    ('{"order": [4, 0, 2, 1, 3], "fit": [4, 0]}', "51324", "51"),
    ('{"order": [5, 0, 2], "fit": [5]}', "52134", "5"),
    ('{"order": [null, true, 3, {}, []], "fit": [3]}', "31245", "3"),
    ('{"Order": [2], "FIT": [2]}', "21345", "2"),
    ('{"ranking": [2, 1], "relevant": [2]}', "21345", "2"),
    ('{"result": {"order": [2, 1], "fit": [2]}}', "21345", "2"),
    ('{"order": [3, 1], "fit": {"3": true, "1": false}}', "31245", "3"),
    ('{"order": [3, 1, 2,], "fit": [3],}', "31245", "3"),
    ("{'order': [3, 1, 2], 'fit': [3]}", "31245", "3"),
    ("{order: [3, 1, 2], fit: [3]}", "31245", "3"),
    ('```json\n{"order": [3, 1, 2], "fit": [3]}\n```', "31245", "3"),
    ('Sure! Here you are:\n{"order": [3, 1], "fit": [1]}\nHope it helps.', "31245", "1"),
    ('<think>1 is bad, {"order": [1]}</think>{"order": [3], "fit": [3]}', "31245", "3"),
    ('{"order": [3, 1, 2, 4, 5], "fit": [3', "31245", "3"),
    ('{"1": 0.2, "3": 0.9, "2": 0.5}', "32145", None),
    ('{"1": 3, "2": 1, "3": 2}', "23145", None),
    ('{"2": "the best", "1": "so so"}', "21345", None),
    ('[{"number": 3, "fit": true}, {"number": 1, "fit": false}]', "31245", "3"),
    ('{"order": [{"id": 3, "score": 9}, {"id": 1, "score": 4}]}', "31245", None),
    ('[{"candidate": "Candidate 4"}, {"candidate": 2}]', "42135", None),
    ("[3, 1, 2]", "31245", None),
    ("The order is [3, 1, 2].", "31245", None),
    ("Not [1, 2, 3] but\n[3, 1, 2]", "31245", None),
    ("[3]", "31245", None),
    ("[]", "12345", ""),
    ("3 > 1 > 2", "31245", None),
    ("3>1>2", "31245", None),
    ("[3] > [1] > [2]", "31245", None),
    ("[3] > [1] = [2]", "31245", None),
    ("Ranking: 3 > 1 > 2 > 4 > 5", "31245", None),
    ("Candidate 3 > Candidate 1 > Candidate 2", "31245", None),
    ("3 → 1 → 2", "31245", None),
    ("３ ＞ １ ＞ ２", "31245", None),
    ("3 >> 1 >> 2", "31245", None),
    ("**3** > **1** > **2**", "31245", None),
    ("2 < 1 < 3", "31245", None),
    ("Of 5 candidates:\n3 > 1 > 2\nbecause 3 speaks of foxes", "31245", None),
    ("3, 1, 2", "31245", None),
    ("3 1 2", "31245", None),
    ("3; 1; 2", "31245", None),
    ("3 - 1 - 2", "31245", None),
    ("(3), (1), (2)", "31245", None),
    ("3\n1\n2", "31245", None),
    ("1\n3\n2", "13245", None),
    ("3. Inkwell\n1. Aquarelle Dreams", "31245", None),
    ("- 3: good\n- 1: worse", "31245", None),
    ("1. Candidate 3\n2. Candidate 1\n3. Candidate 2", "31245", None),
    ("1. [3]\n2. [1]\n3. [2]", "31245", None),
    ("1. 3\n2. 1\n3. 2", "31245", None),
    ("1) #3 has it all\n2) #1", "31245", None),
    ("1. Red Fox Deluxe\n2. Inkwell\n3. Red Fox", "43215", None),
    ("1. **Red Fox** - a fox\n2. **Inkwell** - ink", "23145", None),
    ("1. good\n2. bad", "12345", None),
    ("Candidate 3 fits best, with 2 of 4 words. Candidate 1 is next.", "31245", None),
    ("I would choose #3, then #1.", "31245", None),
    ("The best is number 3.", "31245", None),
    ("Option 3", "31245", None),
    ("3", "31245", None),
    ("Best: 3", "31245", None),
    ("I think it is 3, as version 1.5 and 2x say.", "31245", None),
    ("Inkwell, then Aquarelle Dreams", "31245", None),
    ("None of them fits.", "12345", ""),
    ("No candidate fits the request", "12345", ""),
    ("Nothing fits.", "12345", ""),
]

UNREADABLE = [
    "",
    "   \n",
    "Sorry, I cannot help with that.",
    "yes",
    "<think>3 > 1 > 2",
    "99 > 98",
    '{"order": [99, 98], "fit": [97]}',
    '{"answer": "the first"}',
    "0",
    "1.5",
    "v2x",
    "<!doctype html><p>502</p>",
    "12345678901234567890",
]


@pytest.mark.parametrize(("reply", "order", "fits"), READABLE, ids=range(len(READABLE)))
def test_what_models_write_is_understood(reply, order, fits):
    found = read_order(reply, 5, NAMES)
    assert "".join(str(i + 1) for i in found.order) == order
    said = None if found.fits is None else {i + 1 for i in found.fits}
    assert said == (None if fits is None else set(map(int, fits)))


@pytest.mark.parametrize("reply", UNREADABLE)
def test_what_tells_no_order_is_refused_and_kept(reply):
    with pytest.raises(UnreadableReply, match="none of the numbers 1 to 5") as caught:
        read_order(reply, 5, NAMES)
    assert caught.value.reply == reply


pieces = st.sampled_from(
    [*"0123456789[]{}(),:>\n\"'#-. ", "order", "fit", " > ", "Candidate 2", "Red Fox", "]]", "[["]
)


@given(
    reply=st.one_of(st.lists(pieces, max_size=40).map("".join), st.text(max_size=80)),
    count=st.integers(1, 7),
)
@example(reply="[" * 3000 + "1", count=3)
@example(reply='{"order": [1e999, 2]}', count=3)
@example(reply='{"order": [NaN, Infinity, 2]}', count=3)
@example(reply='{"²": 1, "2": 2}', count=3)
@example(reply="² > ³", count=3)
@example(reply="٣ > ١", count=3)
def test_any_reply_gives_a_permutation_or_is_refused(reply, count):
    try:
        found = read_order(reply, count, NAMES[:count])
    except UnreadableReply:
        return
    assert sorted(found.order) == list(range(count))
    assert (found.fits or frozenset()) <= set(range(count))
    assert 0 <= found.told <= count


@given(order=st.permutations(range(1, 13)), fit=st.sets(st.integers(1, 12)))
def test_what_was_asked_for_is_read_exactly(order, fit):
    found = read_order(json.dumps({"order": order, "fit": sorted(fit)}), 12)
    assert [i + 1 for i in found.order] == list(order)
    assert {i + 1 for i in found.fits} == fit
    assert found.told == 12


@given(order=st.permutations(range(1, 9)), sign=st.sampled_from([" > ", ">", ", ", "\n", " → "]))
def test_a_bare_order_is_read_exactly(order, sign):
    found = read_order(sign.join(map(str, order)), 8)
    assert [i + 1 for i in found.order] == list(order)
    assert found.fits is None


@pytest.mark.parametrize(
    "reply",
    ["[" * 60_000, "1 > " * 20_000, "#" * 60_000, "1\n" * 30_000, '{"' * 30_000, "* " * 30_000],
    ids=lambda reply: repr(reply[:4]),
)
def test_a_reply_of_any_size_takes_bounded_time(reply):
    began = time.perf_counter()
    with contextlib.suppress(UnreadableReply):
        read_order(reply, 12, NAMES)
    assert time.perf_counter() - began < 5
