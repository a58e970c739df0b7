"""The Instruction Parser and the Language Model nodes in a real ComfyUI."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from polaris_core.errors import WorkflowFailed

pytestmark = pytest.mark.comfy

ANSWER = {
    "instruction_type": "category_change",
    "subject": "Katze",
    "place": "",
    "anchor": "",
    "style_transformation": True,
    "style_words": "watercolor",
    "object_words": "fox",
    "generation_prompt": "a watercolor fox",
    "contour_compatible": True,
    "foreground": ["cat"],
    "topics": {"style": "watercolor", "objects": ["fox"]},
    "remaining": [],
    "explanation": "",
}


class Endpoint(ThreadingHTTPServer):
    """An OpenAI-compatible server on loopback that answers every question alike."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answer = json.dumps(ANSWER)
        self.status = 200
        self.asked: list[dict] = []
        self.keys: list[str | None] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.keys.append(self.headers["Authorization"])
        self.server.asked.append(json.loads(self.rfile.read(length)))
        message = {"role": "assistant", "content": self.server.answer}
        body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint():
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def graph(instruction: str, url: str = "", **inputs: object) -> dict:
    nodes: dict = {
        "3": {
            "class_type": "PolarisInstructionParser",
            "inputs": {"instruction": instruction, **inputs},
        },
        "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 2]}},
    }
    if url:
        nodes["2"] = {
            "class_type": "PolarisLanguageModel",
            "inputs": {"source": "server", "model": "m", "server": url, "download": False},
        }
        nodes["3"]["inputs"]["language_model"] = ["2", 0]
    return nodes


def intent_of(result) -> dict:
    return json.loads("".join(result.texts["4"]))


def test_a_sentence_in_another_language_is_read_by_the_servers_model(comfy_server, endpoint):
    result = comfy_server.client.run(graph("Ersetze die Katze durch einen Fuchs", endpoint.url))
    intent = intent_of(result)
    assert intent["instruction_type"] == "category_change"
    assert intent["subject"] == "Katze"
    assert intent["parser"] == "m"
    assert len(endpoint.asked) == 1
    assert "read by m" in "".join(result.texts["3"])


def test_a_picture_is_shown_to_the_model(comfy_server, endpoint):
    nodes = graph("Make it red", endpoint.url, image=["5", 0])
    nodes["5"] = {
        "class_type": "EmptyImage",
        "inputs": {"width": 64, "height": 48, "batch_size": 2, "color": 255},
    }
    comfy_server.client.run(nodes)
    assert "data:image/" in json.dumps(endpoint.asked[0]["messages"])


def test_where_the_model_answers_nonsense_the_grammar_speaks_and_says_why(comfy_server, endpoint):
    endpoint.answer = "I would rather not."
    result = comfy_server.client.run(graph("Replace the cat with a fox", endpoint.url))
    intent = intent_of(result)
    assert intent["parser"] == "grammar"
    assert intent["fallback_reason"]
    assert intent["object_words"] == "fox"
    assert "since the language model could not" in "".join(result.texts["3"])
    assert len(endpoint.asked) == 2  # once more, with what was wrong


def test_a_model_that_failed_is_asked_again_and_one_that_answered_is_not(comfy_server, endpoint):
    endpoint.status = 500
    nodes = graph("Replace the cat with a red fox", endpoint.url)
    assert intent_of(comfy_server.client.run(nodes))["parser"] == "grammar"
    endpoint.status = 200
    assert intent_of(comfy_server.client.run(nodes))["parser"] == "m"
    asked = len(endpoint.asked)
    assert "3" in comfy_server.client.run(nodes).cached
    assert len(endpoint.asked) == asked


def test_a_model_that_is_not_there_leaves_it_to_the_grammar(comfy_server):
    nodes = graph("Replace the cat with a fox", "http://127.0.0.1:9/v1")
    nodes["2"]["inputs"] |= {"source": "local", "model": "nothing-here"}
    intent = intent_of(comfy_server.client.run(nodes))
    assert intent["object_words"] == "fox"
    assert "nothing-here" in intent["fallback_reason"]


def test_a_key_that_is_written_down_later_is_used(comfy_server, endpoint):
    nodes = graph("Replace the cat with a blue fox", endpoint.url)
    endpoint.status = 401
    comfy_server.client.run(nodes)
    endpoint.status = 200
    file = comfy_server.base / "user" / "__polaris" / "language_model_keys.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({endpoint.url.removesuffix("/v1"): "secret-key"}))
    comfy_server.client.run(nodes)
    file.unlink()
    assert endpoint.keys[-1] == "Bearer secret-key"


def test_null_is_not_read_as_a_word(comfy_server):
    intent = intent_of(comfy_server.client.run(graph("Remove the car", subject=None)))
    assert intent["subject"] == "car"
    with pytest.raises(WorkflowFailed, match="empty"):
        comfy_server.client.run(graph("None"))


def test_the_workflow_stops_where_the_user_wants_no_grammar(comfy_server, endpoint):
    endpoint.status = 401
    with pytest.raises(WorkflowFailed, match="401"):
        comfy_server.client.run(graph("Add a hat", endpoint.url, if_model_fails="stop"))


def test_a_server_elsewhere_is_not_asked_because_a_workflow_says_so(comfy_server):
    with pytest.raises(WorkflowFailed, match="POLARIS_LLM_HOSTS"):
        comfy_server.client.run(graph("Add a hat", "https://models.example.com/v1"))


@pytest.mark.parametrize("name", ["../../secret", "/etc", "..", "C:\\models"])
def test_a_local_model_outside_the_model_folders_is_refused(comfy_server, name):
    nodes = graph("Add a hat", "http://127.0.0.1:9/v1")
    nodes["2"]["inputs"] |= {"source": "local", "model": name}
    with pytest.raises(WorkflowFailed, match="models/LLM"):
        comfy_server.client.run(nodes)


def test_every_field_can_be_set_by_an_input(comfy_server):
    values = {
        "instruction_type": "add",
        "subject": "red fox",
        "place": "on the left",
        "anchor": "next to the tent",
        "style_words": "watercolor",
        "object_words": "red fox",
        "generation_prompt": "a red fox by a tent",
        "foreground": "fox, tent",
        "style_transformation": "yes",
        "contour_compatible": "no",
    }
    topics = {"style_topic": "wet paint", "object_topics": "fox, tail"}
    intent = intent_of(comfy_server.client.run(graph("Remove the car", **values, **topics)))
    assert intent["topics"] == {"style": "wet paint", "objects": ["fox", "tail"]}
    assert intent["foreground"] == ["fox", "tent"]
    assert intent["style_transformation"] is True
    assert intent["contour_compatible"] is False
    texts = set(values) - {"foreground", "style_transformation", "contour_compatible"}
    assert {name: intent[name] for name in texts} == {name: values[name] for name in texts}
