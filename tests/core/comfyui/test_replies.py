from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.comfyui.replies import (
    as_mapping,
    failure,
    is_queued,
    read_history,
    read_prompt_id,
    rejection,
)
from polaris_core.errors import ServerProblem, WorkflowFailed, WorkflowRejected

NAMES = st.sampled_from(
    [
        *("p", "error", "node_errors", "errors", "extra_info", "input_name", "message", "details"),
        *("status", "messages", "outputs", "images", "filename", "subfolder", "type", "text"),
        *("queue_running", "execution_error", "execution_cached", "nodes", "prompt_id"),
    ]
)
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)


@given(ANYTHING)
def test_whatever_a_server_answers_only_our_errors_come_out(answer):
    for read in (read_prompt_id, lambda value: read_history(value, "p")):
        try:
            read(answer)
        except ServerProblem:
            continue
    assert isinstance(rejection(answer), WorkflowRejected)
    assert isinstance(failure(as_mapping(answer)), WorkflowFailed)
    assert is_queued(answer, "p", "queue_running") in (True, False)


@given(st.dictionaries(st.sampled_from("p"), st.dictionaries(NAMES, ANYTHING), min_size=1))
def test_a_history_entry_of_any_form_is_an_outcome_or_our_error(history):
    try:
        outcome = read_history(history, "p")
    except ServerProblem:
        return
    assert outcome is None or all(isinstance(ref.filename, str) for ref in outcome.pictures)


def test_a_workflow_that_is_not_in_the_history_has_not_ended():
    assert read_history({}, "p") is None


def test_pictures_come_in_the_order_of_their_nodes():
    image = {"filename": "a.png", "subfolder": "", "type": "output"}
    history = {"p": {"outputs": {node: {"images": [image]} for node in ("10", "9", "2")}}}
    outcome = read_history(history, "p")
    assert [ref.node_id for ref in outcome.pictures] == ["2", "9", "10"]


@pytest.mark.parametrize(
    ("queue", "queued"),
    [
        ({"queue_running": [[0, "p", {}]]}, True),
        ({"queue_running": [[0, "q", {}]], "queue_pending": [[0, "p"]]}, False),
        ({"queue_running": ["p"]}, False),
    ],
)
def test_a_job_is_found_in_the_lists_asked_for(queue, queued):
    assert is_queued(queue, "p", "queue_running") is queued
