"""Check the page's modules: types by tsc, faults by eslint.

The two and what they need are installed once, outside the repository, in the user's cache folder,
under a name made from `package.json`. Only the standard library is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tools() -> Path | None:
    """The folder of `node_modules`, made if need be; None if npm is not here or fails."""
    package = ROOT / "package.json"
    npm = shutil.which("npm")
    if npm is None:
        print("the page's modules are checked with npm's tools: install Node.js", file=sys.stderr)
        return None
    digest = hashlib.sha256(package.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polaris-zoo"
    home = cache / f"page-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "page.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / ".ready").exists():
            print(f"installing the page's tools in {home} (about 100 MB)", file=sys.stderr)
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            shutil.copy(package, home)
            install = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund"]
            if subprocess.run([*install, "--loglevel=error"], cwd=home, check=False).returncode:
                return None
            (home / ".ready").touch()
    return home


def main() -> int:
    """Run both, and tell the worse of the two results."""
    home = tools()
    if home is None:
        return 1
    commands = home / "node_modules" / ".bin"
    # eslint looks for the packages its configuration names beside that file.
    rules = shutil.copy(ROOT / "eslint.config.js", home)
    types = subprocess.run([commands / "tsc", "-p", "tsconfig.json"], cwd=ROOT, check=False)
    lint = [commands / "eslint", "--config", rules, "--max-warnings", "0", "web"]
    faults = subprocess.run(lint, cwd=ROOT, check=False)
    return max(types.returncode, faults.returncode)


if __name__ == "__main__":
    sys.exit(main())
