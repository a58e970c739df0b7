"""The process around a ComfyUI, tried with scripts that take its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polaris_core.comfyui.server import ComfyServer
from polaris_core.errors import Cancelled, ServerProblem

ROOT = Path(__file__).resolve().parent.parent.parent.parent
GOOD = """
import sys, json
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
print(json.dumps(sys.argv[1:]), flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.fixture
def comfyui(tmp_path):
    def write(main: str) -> Path:
        (tmp_path / "ComfyUI").mkdir()
        (tmp_path / "ComfyUI" / "main.py").write_text(main, "utf-8")
        return tmp_path / "ComfyUI"

    return write


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that nobody has waited for yet is not alive.
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def gone_soon(pid: int) -> bool:
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


def test_it_is_up_inside_and_gone_afterwards(comfyui, tmp_path):
    pack = tmp_path / "pack"
    pack.mkdir()
    server = ComfyServer(
        comfyui(GOOD), tmp_path / "base", custom_nodes={"polaris": pack}, extra_args=["--fast"]
    )
    with server:
        pid = server.pid
        assert alive(pid)
        assert server.client.address == server.address
        arguments = server.log_tail()
    assert not alive(pid)
    assert (server.base / "custom_nodes" / "polaris").resolve() == pack
    for expected in ("--base-directory", "--disable-auto-launch", "--disable-api-nodes", "--fast"):
        assert expected in arguments
    assert f"sqlite:///{server.base.as_posix()}/user/comfyui.db" in arguments


def test_it_is_gone_after_an_error_inside(comfyui, tmp_path):
    pids = []

    def fail_inside():
        with ComfyServer(comfyui(GOOD), tmp_path / "base") as server:
            pids.append(server.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert not alive(pids[0])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to ignore")
def test_one_that_does_not_listen_is_killed(comfyui, tmp_path, monkeypatch):
    monkeypatch.setattr("polaris_core.comfyui.server._TERMINATE_S", 0.3)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + GOOD
    with ComfyServer(comfyui(deaf), tmp_path / "base") as server:
        pid = server.pid
    assert not alive(pid)


@pytest.mark.skipif(os.name == "nt", reason="uses SIGKILL")
def test_it_ends_even_when_we_are_killed(comfyui, tmp_path):
    code = (
        "import pathlib, sys, time\n"
        "from polaris_core.comfyui.server import ComfyServer\n"
        "with ComfyServer(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])) as server:\n"
        "    print(server.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    arguments = [sys.executable, "-c", code, str(comfyui(GOOD)), str(tmp_path / "base")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert gone_soon(pid)


def test_one_that_dies_shows_the_end_of_its_log(comfyui, tmp_path):
    dying = "print('one of a thousand lines\\n' * 1000); raise ImportError('no torchaudio')"
    with (
        pytest.raises(ServerProblem, match="ImportError: no torchaudio") as caught,
        ComfyServer(comfyui(dying), tmp_path / "base"),
    ):
        pass
    assert len(str(caught.value)) < 3000
    assert "comfyui.log" in caught.value.hint


def test_one_that_never_answers_is_given_up(comfyui, tmp_path):
    server = ComfyServer(
        comfyui("import time; print('loading'); time.sleep(60)"),
        tmp_path / "base",
        start_timeout_s=0.6,
    )
    with pytest.raises(ServerProblem, match=r"(?s)did not answer.*loading"), server:
        pass
    assert server.pid == 0


def test_waiting_can_be_cancelled(comfyui, tmp_path):
    def cancel(done, total, what):
        raise Cancelled

    server = ComfyServer(comfyui("import time; time.sleep(60)"), tmp_path / "base", progress=cancel)
    with pytest.raises(Cancelled), server:
        pass
    assert server.pid == 0


def test_a_folder_without_comfyui_is_refused(tmp_path):
    with pytest.raises(ServerProblem, match="no ComfyUI"), ComfyServer(tmp_path, tmp_path / "b"):
        pass


def test_a_real_folder_in_place_of_the_link_is_left_alone(comfyui, tmp_path):
    mine = tmp_path / "base" / "custom_nodes" / "polaris"
    mine.mkdir(parents=True)
    (mine / "work.py").write_text("mine", "utf-8")
    server = ComfyServer(comfyui(GOOD), tmp_path / "base", custom_nodes={"polaris": tmp_path})
    with pytest.raises(ServerProblem, match="a folder lies"), server:
        pass
    assert (mine / "work.py").read_text("utf-8") == "mine"
