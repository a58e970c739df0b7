"""A private ComfyUI, started for a demonstration or a test and ended with it."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from polaris_core.comfyui.client import ComfyClient
from polaris_core.errors import ServerProblem
from polaris_core.progress import Progress, silent

__all__ = ["ComfyServer"]

_FOLDERS = ("custom_nodes", "input", "models", "output", "temp", "user")
_LOG_TAIL_LINES = 25
_TERMINATE_S = 10.0

# Runs main.py, and ends with us even if we are killed: our end of its standard input then closes.
_KEEPER = """
import os, runpy, sys, threading
def watch():
    while os.read(0, 4096):
        pass
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""
_ASK_FOR_GPU = (
    "import sys, torch; "
    "sys.exit(not (torch.cuda.is_available() or torch.backends.mps.is_available()))"
)


class ComfyServer:
    """A headless ComfyUI with its own models, nodes and outputs, on a free port of this machine.

    Use it as a context manager: it is up inside, and gone afterwards, whatever happened.

    Attributes:
        base: Its folder: `models`, `custom_nodes`, `input`, `output`, `user` lie there.
        log_path: What it printed.
        address: `http://127.0.0.1:PORT`; empty until it is started.
    """

    def __init__(
        self,
        comfyui: Path,
        base: Path,
        *,
        python: str = sys.executable,
        custom_nodes: Mapping[str, Path] | None = None,
        extra_args: Sequence[str] = (),
        start_timeout_s: float = 180.0,
        progress: Progress = silent,
    ) -> None:
        """Say what is to be started; nothing runs before `with`.

        Args:
            comfyui: The checkout that holds `main.py`; it is not changed.
            base: Folder for everything the server reads and writes; made if it is not there.
            python: Interpreter in which ComfyUI's requirements are installed.
            custom_nodes: Packs to link into `base/custom_nodes`, by the name they get there.
            extra_args: Further arguments for `main.py`.
            start_timeout_s: How long it may take until it answers.
            progress: Told while waiting.
        """
        self.base = base.resolve()
        self.log_path = self.base / "comfyui.log"
        self.address = ""
        self._comfyui = comfyui.resolve()
        self._python = python
        self._custom_nodes = dict(custom_nodes or {})
        self._extra_args = tuple(extra_args)
        self._start_timeout_s = start_timeout_s
        self._progress = progress
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> ComfyClient:
        """A client of this server."""
        return ComfyClient(self.address)

    @property
    def pid(self) -> int:
        """The number of its process; 0 while it does not run."""
        return self._process.pid if self._process is not None else 0

    def __enter__(self) -> ComfyServer:
        """Start it and wait until it answers.

        Raises:
            ServerProblem: It ends or stays silent; the end of its log is in the message.
            Cancelled: `progress` said so.
        """
        if not (self._comfyui / "main.py").is_file():
            raise ServerProblem("no ComfyUI lies here", value=str(self._comfyui))
        for folder in _FOLDERS:
            (self.base / folder).mkdir(parents=True, exist_ok=True)
        for name, pack in self._custom_nodes.items():
            _link(self.base / "custom_nodes" / name, pack.resolve())
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._process = self._start(port)
        try:
            self._wait(port)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        self.stop()

    def stop(self) -> None:
        """End the process we started, kindly first; no other process is touched."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_TERMINATE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()

    def log_tail(self) -> str:
        """The last lines of the log."""
        try:
            lines = self.log_path.read_text("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-_LOG_TAIL_LINES:])

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        arguments = [
            *("--listen", "127.0.0.1", "--port", str(port), "--base-directory", str(self.base)),
            *("--database-url", f"sqlite:///{(self.base / 'user' / 'comfyui.db').as_posix()}"),
            *("--disable-auto-launch", "--disable-api-nodes"),
            *([] if _has_gpu(self._python) else ["--cpu"]),
            *self._extra_args,
        ]
        environment = dict(os.environ)
        # Threads of several processes on few cores slow each other down manyfold.
        environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
        environment["PYTHONUNBUFFERED"] = "1"
        environment["PYTHONIOENCODING"] = "utf-8"
        try:
            with self.log_path.open("wb") as log:
                return subprocess.Popen(
                    [self._python, "-c", _KEEPER, str(self._comfyui / "main.py"), *arguments],
                    cwd=self._comfyui,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                )
        except OSError as error:
            raise ServerProblem("ComfyUI could not be started", value=str(error)) from error

    def _wait(self, port: int) -> None:
        assert self._process is not None
        begin = time.monotonic()
        while not _answers(port):
            waited_s = time.monotonic() - begin
            if self._process.poll() is not None:
                raise ServerProblem(
                    f"ComfyUI ended while starting:\n{self.log_tail()}",
                    hint=f"Its whole log is {self.log_path}",
                )
            if waited_s > self._start_timeout_s:
                raise ServerProblem(
                    f"ComfyUI did not answer within {waited_s:.0f} s:\n{self.log_tail()}",
                    hint=f"Its whole log is {self.log_path}",
                )
            self._progress(0, 0, f"ComfyUI is starting, {waited_s:.0f} s")
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/system_stats")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _has_gpu(python: str) -> bool:
    """Whether torch in that interpreter sees a GPU; asked only where the machine may have one."""
    signs = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")
    if (
        sys.platform == "linux"
        and not any(map(os.path.exists, signs))
        and not shutil.which("nvidia-smi")
    ):
        return False
    try:
        return subprocess.run([python, "-c", _ASK_FOR_GPU], timeout=120).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        raise ServerProblem(
            "a folder lies where the pack is to be linked", value=str(link), hint="Move it away"
        )
    with contextlib.suppress(FileExistsError):
        try:
            link.symlink_to(target, target_is_directory=True)
        except (OSError, NotImplementedError) as error:
            raise ServerProblem(
                "the pack cannot be linked into the server's folder",
                value=str(error),
                hint="On Windows links need the developer mode",
            ) from error
