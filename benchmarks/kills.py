"""Kill imports, refining, embedding, indexing and downloads at 200 random moments each.

    python benchmarks/kills.py [--kills N] [--only import refine embed index download]

What is checked after each is in the tests, which do the same at a few moments: that whatever was
killed goes on, that nothing is lost, doubled or computed again, and that what stands in a model's
place is that model. It takes about an hour, most of it the starting of processes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = {
    "import": "tests/core/importing/test_kill.py",
    "refine": "tests/core/refining/test_kill.py",
    "embed": "tests/core/retrieval/test_kill.py::"
    "test_embedding_that_is_killed_computes_nothing_again",
    "index": "tests/core/retrieval/test_kill.py::"
    "test_indexing_that_is_killed_says_what_the_catalogue_says",
    "download": "tests/core/fetching/test_workers.py::"
    "test_a_worker_that_is_killed_at_any_moment_is_gone_on_from",
}


def main() -> int:
    """Kill, check and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", nargs="*", choices=[*TESTS], default=[*TESTS])
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    environment = {**os.environ, "POLARIS_KILLS": str(options.kills)}
    found: dict[str, bool] = {}
    for what in options.only:
        start = time.perf_counter()
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--timeout", "0", TESTS[what]]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        found[what] = done.returncode == 0
        verdict = "all is well" if found[what] else "NOT well"
        took = time.perf_counter() - start
        print(f"{what:10}{options.kills} kills: {verdict} ({took:.0f} s)", flush=True)
        if not found[what]:
            print(done.stdout[-4000:], file=sys.stderr)
    if options.json:
        print(json.dumps(found))
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
