from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from polaris_core.comfyui.client import ComfyClient
from polaris_core.errors import (
    Cancelled,
    InvalidInput,
    InvalidWorkflow,
    ServerProblem,
    ServerUnreachable,
    WorkflowFailed,
    WorkflowRejected,
)


def sent(comfy, path):
    return [body for _, seen, body in comfy.script.seen if seen == path]


def test_a_run_brings_the_pictures_texts_and_what_was_cached(comfy, workflow):
    result = ComfyClient(comfy.address).run(workflow, timeout_s=10)
    assert [(p.node_id, p.filename) for p in result.images] == [("9", "a.png")]
    assert [(p.node_id, p.filename) for p in result.previews] == [("10", "b.png")]
    assert result.images[0].content.endswith(b"a.png")
    assert result.texts == {"11": ("a plan",)}
    assert result.cached == {"1"}
    assert 0 < result.seconds < 5
    assert sent(comfy, "/prompt")[0]["prompt"] == workflow
    assert {"filename": "b.png", "subfolder": "s", "type": "temp"} in sent(comfy, "/view")


def test_progress_names_the_node_at_work_and_its_steps(comfy, workflow):
    comfy.script.seconds = 0.6
    told = []
    ComfyClient(comfy.address).run(workflow, lambda *what: told.append(what), timeout_s=10)
    assert (0, 2, "waiting in the queue") in told
    assert told[-1] == (1, 2, "SaveImage 1/2")


def test_progress_of_the_newer_kind_of_nodes_is_told_as_well(comfy, workflow):
    comfy.script.seconds = 0.6
    comfy.script.states = {
        "1": {"value": 5, "max": 5, "state": "finished"},
        "9": {"value": 3, "max": 8, "state": "running"},
        "8": {"value": 0, "max": 1, "state": "running"},
        "7": "nonsense",
        "6": {"state": "running"},
    }
    told = []
    ComfyClient(comfy.address).run(workflow, lambda *what: told.append(what), timeout_s=10)
    assert told[-1] == (1, 2, "SaveImage 3/8")


@pytest.mark.parametrize("fault", ["drop_socket", "silent_socket", "no_socket_again"])
def test_without_the_websocket_the_history_is_asked(comfy, workflow, fault):
    comfy.script.drop_socket = fault == "drop_socket"
    comfy.script.events = fault == "no_socket_again"
    comfy.script.seconds = 0.3
    assert ComfyClient(comfy.address).run(workflow, timeout_s=15).images


def test_a_node_that_fails_is_named_with_its_message(comfy, workflow):
    comfy.script.ends_with = "error"
    with pytest.raises(WorkflowFailed, match=r"KSampler \(node 4\) failed: the seed is odd"):
        ComfyClient(comfy.address).run(workflow, timeout_s=10)


def test_a_failure_is_also_read_from_the_history(comfy, workflow):
    comfy.script.ends_with, comfy.script.drop_socket = "error", True
    with pytest.raises(WorkflowFailed, match="the seed is odd"):
        ComfyClient(comfy.address).run(workflow, timeout_s=10)


def test_an_interruption_by_someone_else_is_a_failure(comfy, workflow):
    comfy.script.ends_with = "interrupted"
    with pytest.raises(WorkflowFailed, match="interrupted"):
        ComfyClient(comfy.address).run(workflow, timeout_s=10)


def test_a_workflow_that_the_server_forgot_ends_the_wait(comfy, workflow):
    comfy.script.ends_with, comfy.script.drop_socket = "forgotten", True
    with pytest.raises(WorkflowFailed, match="no longer knows"):
        ComfyClient(comfy.address).run(workflow, timeout_s=20)


def test_a_workflow_that_never_ends_is_interrupted_after_the_timeout(comfy, workflow):
    comfy.script.seconds = 3600
    begin = time.monotonic()
    with pytest.raises(WorkflowFailed, match=r"longer than 0\.5 s"):
        ComfyClient(comfy.address).run(workflow, timeout_s=0.5)
    assert time.monotonic() - begin < 3
    assert comfy.running == []
    assert sent(comfy, "/interrupt") == [{"prompt_id": sent(comfy, "/prompt")[0]["prompt_id"]}]


def test_cancelling_stops_it_within_a_second_and_nothing_else(comfy, workflow):
    comfy.script.seconds = 3600
    comfy.running.append("someone else's")
    begin = time.monotonic()

    def cancel(done, total, what):
        if time.monotonic() - begin > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        ComfyClient(comfy.address).run(workflow, cancel, timeout_s=60)
    assert time.monotonic() - begin < 1.4
    assert comfy.running == ["someone else's"]


def test_cancelling_does_not_wait_for_an_answer_that_does_not_come(workflow):
    with socket.create_server(("127.0.0.1", 0)) as silent_server:
        begin = time.monotonic()

        def cancel(done, total, what):
            raise Cancelled

        with pytest.raises(Cancelled):
            ComfyClient(f"127.0.0.1:{silent_server.getsockname()[1]}").run(workflow, cancel)
        assert time.monotonic() - begin < 2


def test_two_runs_at_once_do_not_disturb_each_other(comfy, workflow):
    comfy.script.seconds = 0.3
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(ComfyClient(comfy.address).run(workflow, timeout_s=10))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.prompt_id for result in results}) == 4


REFUSAL = (
    b'{"error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed"},'
    b'"node_errors": {"4": {"class_type": "KSampler", "errors": [{"type": "value_not_in_list",'
    b'"message": "Value not in list", "details": "sampler_name: \'x\' not in [...]",'
    b'"extra_info": {"input_name": "sampler_name"}}]}}}'
)


def test_a_refusal_names_node_and_input(comfy, workflow):
    comfy.script.answers["/prompt"] = (400, REFUSAL)
    with pytest.raises(WorkflowRejected, match=r"KSampler \(node 4\).*sampler_name"):
        ComfyClient(comfy.address).run(workflow, timeout_s=10)


def test_a_workflow_accepted_in_part_is_refused(comfy, workflow):
    accepted = REFUSAL.replace(b'{"error"', b'{"prompt_id": "p", "error"', 1)
    comfy.script.answers["/prompt"] = (200, accepted)
    with pytest.raises(WorkflowRejected, match="sampler_name"):
        ComfyClient(comfy.address).submit(workflow)
    assert {"delete": ["p"]} in sent(comfy, "/queue")


NO_JSON = {
    "500": (500, b"<html>Internal Server Error</html>"),
    "html": (200, b"<html>a router's login page</html>"),
    "half JSON": (200, b'{"prompt_id": "xxx'),
    "nothing": (200, b""),
    "deep JSON": (200, b"[" * 100_000),
    "bytes": (400, b"\xff\xfe"),
    "a redirect": (302, b""),
}
WRONG_JSON = {
    "a list": (200, b"[]"),
    "a number for a name": (200, b'{"prompt_id": 7, "name": 7}'),
    "an empty name": (200, b'{"prompt_id": "", "name": ""}'),
}


@pytest.mark.parametrize("answer", NO_JSON | WRONG_JSON)
def test_nonsense_from_the_server_is_a_server_problem(comfy, workflow, tmp_path, answer):
    client = ComfyClient(comfy.address)
    (tmp_path / "a.png").write_bytes(b"x")
    for path in ("/prompt", "/upload/image"):
        comfy.script.answers[path] = (NO_JSON | WRONG_JSON)[answer]
    with pytest.raises(ServerProblem):
        client.run(workflow, timeout_s=5)
    with pytest.raises(ServerProblem):
        client.upload_image(tmp_path / "a.png")


@pytest.mark.parametrize("answer", NO_JSON)
def test_a_route_that_does_not_answer_in_json_is_a_server_problem(comfy, answer):
    comfy.script.answers["/object_info"] = NO_JSON[answer]
    with pytest.raises(ServerProblem):
        ComfyClient(comfy.address).get_json("/object_info")


def test_an_empty_picture_is_a_server_problem(comfy, workflow):
    comfy.script.answers["/view"] = (200, b"")
    with pytest.raises(ServerProblem, match="empty picture"):
        ComfyClient(comfy.address).run(workflow, timeout_s=10)


def test_nobody_there_says_so_with_the_address_and_what_to_do(workflow):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ServerUnreachable, match=f"127.0.0.1:{port}") as caught:
        ComfyClient(f"127.0.0.1:{port}").run(workflow, timeout_s=5)
    assert "main.py" in caught.value.hint


POSIX_NAMES = pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")


@pytest.mark.parametrize(
    ("name", "sent_as"),
    [
        ("Füchse im Wald.png", "Füchse im Wald.png"),
        pytest.param(
            'a"\r\nX: y\\.png',
            "a___X: y_.png",
            marks=pytest.mark.skipif(os.name == "nt", reason="no such file names"),
        ),
        pytest.param(
            "\udcff.png",
            "_.png",
            marks=pytest.mark.skipif(os.name == "nt", reason="no such file names"),
        ),
    ],
)
def test_uploading_gives_the_name_on_the_server(comfy, tmp_path, name, sent_as):
    (tmp_path / name).write_bytes(b"picture")
    assert ComfyClient(comfy.address).upload_image(tmp_path / name) == sent_as


def test_a_picture_that_is_not_there_cannot_be_uploaded(comfy, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        ComfyClient(comfy.address).upload_image(tmp_path / "missing.png")


def test_nothing_is_sent_of_a_workflow_in_the_pages_form(comfy):
    with pytest.raises(InvalidWorkflow, match="page saves") as caught:
        ComfyClient(comfy.address).run({"nodes": [], "links": []})
    assert "Export (API)" in caught.value.hint
    assert comfy.script.seen == []


@pytest.mark.parametrize("way", ["run", "submit"])
def test_what_a_server_noted_when_it_ran_a_workflow_is_not_sent_again(comfy, workflow, way):
    """Taken from a saved picture, it would keep the server from looking into the folders."""
    noted = {id: {**node, "is_changed": ["then"]} for id, node in workflow.items()}
    getattr(ComfyClient(comfy.address), way)(noted)
    [body] = sent(comfy, "/prompt")
    assert body["prompt"] == workflow
    assert all(node["is_changed"] == ["then"] for node in noted.values())
