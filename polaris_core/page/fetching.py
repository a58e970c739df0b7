"""What the page asks of fetching: a model, what a file is, and hashes in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.gentle import hash_gently, hash_state
from polaris_core.catalogue.scan import ModelFolder
from polaris_core.catalogue.store import Store
from polaris_core.fetching.complete import complete
from polaris_core.fetching.entries import fetch_entry, offer_of
from polaris_core.fetching.settings import read_settings
from polaris_core.page.cards import Json
from polaris_core.page.jobs import Job, Jobs
from polaris_core.progress import Progress

__all__ = ["Fetching", "FetchingHost"]


class FetchingHost(Protocol):
    """What this needs of the program; part of `PageHost`."""

    @property
    def home(self) -> Path:
        """The zoo's private folder."""
        ...

    def folders(self) -> Sequence[ModelFolder]:
        """The model folders that exist."""
        ...

    def is_busy(self) -> bool:
        """Whether it works for its user now."""
        ...

    def send(self, event: str, facts: Json) -> None:
        """Tell all open pages; from any thread."""
        ...


class Fetching:
    """One for a page. A click is the user's word: only the rules for hosts are asked besides.

    Args:
        host: The program that the page belongs to.
        jobs: Does the work.
        store: Gives the catalogue.
    """

    def __init__(self, host: FetchingHost, jobs: Jobs, store: Callable[[], Store]) -> None:
        self._host = host
        self._jobs = jobs
        self._store = store

    def state(self) -> Json:
        """What is allowed, and how many files have a hash.

        Raises:
            InvalidInput: The settings are malformed.
            StoreProblem: The catalogue cannot be used.
        """
        hashes = hash_state(self._store())
        return {
            "settings": read_settings(self._host.home).payload(),
            "hashes": {
                "hashed": hashes.hashed,
                "missing": hashes.missing,
                "missing_bytes": hashes.missing_bytes,
            },
        }

    def fetch(self, id: int) -> Job:
        """Begin to fetch the file of an entry.

        Raises:
            UnknownModel: There is no such entry.
            NotOffered: Its file cannot be had.
            InvalidInput: The settings are malformed.
            Busy: Too much is waiting already.
        """
        entry = self._store().entry(id)
        if not entry.on_disk:
            offer_of(entry)
        settings = read_settings(self._host.home)

        def work(progress: Progress) -> Json:
            after = fetch_entry(
                self._store(), entry, self._host.folders(), settings, progress=progress
            )
            return self._told(after)

        return self._jobs.start("fetch", work)

    def complete(self, id: int) -> Job:
        """Begin to ask a site by hash what a file is.

        Raises:
            UnknownModel: There is no such entry.
            InvalidInput: The settings are malformed.
            Busy: Too much is waiting already.
        """
        entry = self._store().entry(id)
        settings = read_settings(self._host.home)

        def work(progress: Progress) -> Json:
            folders = self._host.folders()
            return self._told(complete(self._store(), entry, folders, settings, progress=progress))

        return self._jobs.start("complete", work)

    def hash(self) -> Job:
        """Begin to hash all files that have no hash, at low priority, and not while runs wait.

        Raises:
            Busy: That is going on already.
        """

        def work(progress: Progress) -> Json:
            report = hash_gently(self._store(), progress, is_busy=self._host.is_busy)
            return {"hashed": report.hashed, "problems": len(report.problems)}

        return self._jobs.start("hash", work)

    def _told(self, entry: Entry) -> Json:
        self._host.send("polaris.zoo", {"key": self._store().key()})
        return {"entry": entry.id, "name": entry.name, "file": entry.file}
