"""A process of its own that fetches one file: ORIGIN FOLDER SHA256 SIZE [STEP].

With STEP it kills itself right before that one of the changes it makes to the folder's files.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from pathlib import Path

from polaris_core.fetching.addresses import Rules
from polaris_core.fetching.fetch import fetch
from polaris_core.fetching.site import Limits

faulthandler.dump_traceback_later(45, exit=True)  # one that hangs says where
origin, folder, sha256, size, *step = sys.argv[1:]
left = int(step[0]) if step else -1


def watch(event: str, arguments: tuple) -> None:
    """Count what opens, renames, links, cuts or removes something in the folder."""
    global left
    if event in ("open", "os.link", "os.rename", "os.remove", "os.truncate") and any(
        str(argument).startswith(folder) for argument in arguments
    ):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


if step:
    sys.addaudithook(watch)
done = fetch(
    f"{origin}/files/model.safetensors",
    Path(folder),
    "model.safetensors",
    sha256=sha256,
    size_bytes=int(size),
    rules=Rules.of((), [origin]),
    limits=Limits(connect_s=10, stall_s=10, backoff_s=0.01, spare_bytes=0),
    progress=lambda done, total, what: print(done, what, flush=True),
)
print("was here" if done.was_here else "fetched")
