"""Where the user's picture and key go, and that the key appears nowhere else."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import traceback

import pytest

from polaris_core.errors import LanguageModelProblem, LanguageServerProblem
from polaris_core.llm.base import Message, Question
from polaris_core.llm.server import ServerModel

QUESTION = Question((Message("user", "How many?"),))
KEY = "sk-proj-Zx9/Very+Secret_0123456789"

pytestmark = pytest.mark.timeout(20)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(chat, http, status):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(0.2)
        there = f"http://127.0.0.1:{stranger.getsockname()[1]}/v1/chat/completions"
        chat.turns = [http.answer(b"", status, f"Location: {there}")]
        fault = chat.problem(key=KEY)
        assert fault.value == there
        with pytest.raises(TimeoutError):
            stranger.accept()


def test_an_http_server_asked_in_tls_is_told():
    # The server sees no HTTP at all; it is a bare one.
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer_plainly():
            connection, _ = plain.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer_plainly)
        thread.start()
        url = f"https://127.0.0.1:{plain.getsockname()[1]}/v1"
        with pytest.raises(LanguageServerProblem, match="over TLS") as caught:
            ServerModel(url, "tiny").reply(QUESTION)
        thread.join()
    assert "http" in caught.value.hint


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run(
            [*made, "-keyout", key, "-out", certificate], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    received = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as wrapped:
                    received.append(wrapped.recv(1000))
            except OSError:
                pass

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/v1"
        with pytest.raises(LanguageServerProblem, match="certificate") as caught:
            ServerModel(url, "tiny", key=KEY).reply(QUESTION)
        thread.join()
    assert "SSL_CERT_FILE" in caught.value.hint
    assert not any(received)


def test_the_loopback_is_asked_without_the_proxy_of_the_environment(chat, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://user:pass@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert chat.ask() == "hello"


def test_other_hosts_are_asked_through_the_proxy_of_the_environment(chat, http, monkeypatch):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", f"http://user:secret-pass@127.0.0.1:{chat.port}")
    asked = ServerModel("http://llm.example.com/v1", "tiny", retries=0)
    with pytest.raises(LanguageServerProblem) as caught:
        asked.reply(QUESTION)
    assert chat.seen[0].path == "http://llm.example.com/v1/chat/completions"
    assert_hidden(caught.value, "secret-pass")


def everything_in(error: BaseException | None) -> str:
    """All that anybody may print of an error, of what caused it, and of what they hold."""
    texts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        texts += [str(error), repr(error), repr(error.args), repr(vars(error))]
        texts += traceback.format_exception(error)
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def assert_hidden(error: BaseException, secret: str) -> None:
    assert secret not in everything_in(error)


async def flood(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(KEY.encode() * 2000)
        await writer.drain()


def echo_of_the_key(http):
    said = f"Incorrect API key provided: {KEY}."
    escaped = KEY.replace("/", "\\/").encode()
    long = b"x" * 140 + KEY.encode()
    return [
        http.answer({"error": {"message": said}}, 401),
        http.answer({"error": {"message": said}}, 404),
        http.answer({"error": {"message": said}}, 500),
        http.answer({"error": {"message": said}}),
        http.answer(b'{"error": "' + escaped + b'"}', 400),
        http.answer(KEY.encode(), kind=KEY),
        http.answer(long, 400),
        http.answer(b"", 302, f"Location: http://other/?key={KEY}"),
        http.answer(b"", 200, f"Content-Encoding: {KEY}"),
        http.answer(b"", 429, f"Retry-After: {KEY}"),
        http.answer({"choices": [{"message": {"refusal": said}}]}),
        http.answer({"choices": [{"message": {"content": said}, "finish_reason": "length"}]}),
        http.answer({"choices": [], KEY: 1}),
        http.cut(b"HTTP/1.1 " + KEY.encode() + b"\r\n\r\n"),
        http.cut(b"HTTP/1.1 200 OK\r\n" + KEY.encode() + b"\r\n\r\n"),
        http.cut(b""),
        flood,
    ]


@pytest.mark.parametrize("case", range(17))
def test_a_key_never_appears_in_an_error(chat, http, case, caplog, capfd):
    turns = echo_of_the_key(http)
    assert len(turns) == 17
    chat.turns = [turns[case]]
    chat.models = http.answer({"data": [{"id": KEY}]})
    asked = ServerModel(chat.url, "tiny", key=KEY, timeout_s=2, retries=1, backoff_s=0.01)
    with pytest.raises(LanguageModelProblem) as caught:
        asked.reply(QUESTION)
    assert chat.chats[0].headers["authorization"] == f"Bearer {KEY}"
    for secret in (KEY, KEY[:20]):
        assert_hidden(caught.value, secret)
        assert secret not in repr(asked) + str(asked) + caplog.text + "".join(capfd.readouterr())


def test_a_key_that_the_model_repeats_is_taken_out_of_the_reply(chat, http):
    chat.turns = [http.good(f"your key is {KEY}")]
    assert chat.ask(key=KEY) == "your key is [key]"


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254"])
def test_a_name_that_leads_to_a_metadata_service_is_not_asked(monkeypatch, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 80, 0, 0)[: 4 if ":" in address else 2])]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(LanguageServerProblem, match="never asked"):
        ServerModel("http://innocent:80/v1", "tiny").reply(QUESTION)
