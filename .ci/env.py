"""Make the project's virtual environment once and print its interpreter.

It stands outside the repository, in the user's cache folder, under a name made from everything that
decides its content, so every clone with the same requirement files shares it. Only the standard
library is used: this runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.comfyui.locate import find_comfyui  # noqa: E402  stdlib only, like this file


def main() -> int:
    """Make the environment if it is not there; print its interpreter."""
    requirements = [ROOT / "requirements-dev.txt"]
    comfyui = find_comfyui()
    if comfyui is not None:
        requirements.append(comfyui / "requirements.txt")
    digest = hashlib.sha256(sys.version.encode())
    for file in requirements:
        digest.update(file.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polaris-zoo"
    home = cache / f"env-{digest.hexdigest()[:12]}"
    python = home / "bin" / "python"
    ready = home / ".ready"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "env.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            print(f"making the environment in {home} (about 6 GB, some minutes)", file=sys.stderr)
            shutil.rmtree(home, ignore_errors=True)
            venv.create(home, with_pip=True)
            install = [str(python), "-m", "pip", "install", "--quiet"]
            for file in requirements:
                install += ["-r", str(file)]
            if subprocess.run(install, stdout=sys.stderr, check=False).returncode != 0:
                print(
                    "pip could not install the requirements; its message is above", file=sys.stderr
                )
                return 1
            ready.touch()
    print(python)
    return 0


if __name__ == "__main__":
    sys.exit(main())
