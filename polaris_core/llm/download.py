"""Fetch a repository from the Hugging Face hub into its cache on this machine."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from polaris_core.errors import MissingWeights
from polaris_core.llm.packages import required
from polaris_core.progress import Progress

__all__ = ["fetch"]

_EVERY_S = 0.2
_PATTERNS = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]


def fetch(name: str, progress: Progress) -> Path:
    """Fetch what a language model consists of; nothing that is pickled.

    Args:
        name: OWNER/NAME.
        progress: Told bytes, in the caller's thread, five times a second. If it raises, the
            download ends with the next piece of it that arrives; what came is kept.

    Returns:
        The folder in the hub's cache.

    Raises:
        MissingDependency: huggingface_hub is not installed.
        MissingWeights: It could not be fetched.
    """
    hub = required("huggingface_hub", "huggingface_hub")
    count = _Count()
    bar = count.bar(required("huggingface_hub.utils", "huggingface_hub").tqdm)
    pool = ThreadPoolExecutor(1, "polaris-download")
    try:
        work: Future[str] = pool.submit(
            hub.snapshot_download, name, allow_patterns=_PATTERNS, tqdm_class=bar
        )
        while not wait([work], _EVERY_S).done:
            progress(count.done, count.total, f"fetching {name}")
    finally:
        count.stopped.set()
        pool.shutdown(wait=False)
    try:
        return Path(work.result())
    except Exception as error:  # of the hub, of HTTP, of the disk
        raise MissingWeights(
            f"the language model {name} could not be fetched",
            value=f"{type(error).__name__}: {error}",
            hint="Look at its page on the hub: is the name right, and are its terms accepted?",
        ) from error


class _Count:
    """The bytes that the hub's progress bars tell of."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.done = 0
        self.total = 0

    def bar(self, base: Any) -> Any:  # noqa: ANN401
        """A bar that draws nothing, and through which a download is stopped."""

        def start(bar: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401
            bar.counts, bar.seen = options.get("unit") == "B", 0
            base.__init__(bar, *args, **{**options, "disable": True})

        def update(bar: Any, n: float | None = 1) -> None:  # noqa: ANN401
            if self.stopped.is_set():
                raise InterruptedError("the user stopped the download")
            bar.seen += n or 0
            if bar.counts:
                self.done, self.total = int(bar.seen), int(bar.total or 0)

        return type("Bar", (base,), {"__init__": start, "update": update})
