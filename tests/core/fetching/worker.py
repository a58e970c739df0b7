"""A process of its own that fetches one file: ORIGIN FOLDER SHA256 SIZE [SHA256 OF NOTHING]."""

from __future__ import annotations

import sys
from pathlib import Path

from polaris_core.fetching.addresses import Rules
from polaris_core.fetching.fetch import fetch
from polaris_core.fetching.site import Limits

origin, folder, sha256, size = sys.argv[1:]
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
