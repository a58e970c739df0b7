"""Everything the page asks, with one host behind it; blocking, so called off the event loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from polaris_core.catalogue import fingerprints
from polaris_core.catalogue.entry import Entry, Kind, Maturity
from polaris_core.catalogue.scan import ScanReport
from polaris_core.catalogue.store import Store
from polaris_core.encoders.base import RGBImage
from polaris_core.errors import Busy, PolarisError
from polaris_core.page.browse import Browser, CardQuery
from polaris_core.page.cards import Json
from polaris_core.page.fetching import Fetching, FetchingHost
from polaris_core.page.freeze import freeze
from polaris_core.page.jobs import Job, Jobs
from polaris_core.page.loader import loader_of
from polaris_core.page.nodes import PolarisNodes
from polaris_core.page.pin_text import Action, edit_pins, states_of
from polaris_core.page.problems import told
from polaris_core.page.resolve import resolve
from polaris_core.page.search import SearchQuery, search_cards
from polaris_core.page.settings import Settings
from polaris_core.page.status import status_of_zoo
from polaris_core.page.thumbnail_cache import ThumbnailCache
from polaris_core.page.thumbnails import Thumbnail, thumbnail
from polaris_core.progress import Progress
from polaris_core.retrieval.identity import Hash
from polaris_core.retrieval.shortlist import SlotName
from polaris_core.retrieval.zoo import CATALOGUE, Zoo

__all__ = ["Page", "PageHost", "PinEdit"]

_PATIENCE_S = 20.0
"""A search that would first have to build its index for longer than this is refused."""


class PageHost(FetchingHost, Protocol):
    """What the page needs of the program it is a page of."""

    def zoo(self, text_encoder: str, image_encoder: str) -> Zoo:
        """The zoo for these encoders, one per process."""
        ...

    def opened_zoo(self, text_encoder: str, image_encoder: str) -> Zoo | None:
        """That zoo, if it has been opened already."""
        ...

    def listed(self, kind: Kind, path: str) -> str | None:
        """The name under which the host loads this very file; None if it does not."""
        ...


@dataclass(frozen=True, slots=True)
class PinEdit:
    """A click on a card."""

    action: Action
    entry: int
    slot: SlotName | None = None
    strength: float | None = None


class Page:
    """One for a process. Methods may be called from several threads."""

    def __init__(self, host: PageHost) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._browser: Browser | None = None
        self._trouble: dict[tuple[str, str], Json] = {}
        self._thumbnails = ThumbnailCache(host.home / "thumbnails")
        self.jobs = Jobs(lambda job: host.send("polaris.job", job.payload()))
        self.fetching = Fetching(host, self.jobs, lambda: self.store)

    @property
    def store(self) -> Store:
        """The catalogue, by a connection of the page's own.

        Raises:
            StoreProblem: It cannot be used.
        """
        with self._lock:
            if self._store is None:
                self._store = Store.open(self._host.home / CATALOGUE)
            return self._store

    def close(self) -> None:
        """Stop all jobs and close the catalogue."""
        self.jobs.close()
        with self._lock:
            if self._store is not None:
                self._store.close()

    def status(self, settings: Settings) -> Json:
        """What there is, and how far it is indexed; nothing is loaded for it."""
        job = self.jobs.of_zoo()
        text, image = settings.encoders
        return {
            **status_of_zoo(self.store, self._host.opened_zoo(text, image)),
            "folders": [
                {"kind": folder.kind.value, "path": str(folder.path)}
                for folder in self._host.folders()
            ],
            "encoders": {"text": text, "image": image, **self._trouble_with(settings)},
            "job": job and job.payload(),
        }

    def _trouble_with(self, settings: Settings) -> Json:
        trouble = self._trouble.get(settings.encoders)
        facts = trouble or {"error": "", "hint": ""}
        return {"ready": trouble is None, "problem": facts["error"], "hint": facts["hint"]}

    def cards(self, query: CardQuery) -> Json:
        """One page of cards."""
        store = self.store
        with self._lock:
            self._browser = self._browser or Browser(store)
        return self._browser.page(query)

    def entry(self, id: int) -> Entry:
        """An entry.

        Raises:
            UnknownModel: There is none of that id.
        """
        return self.store.entry(id)

    def loader(self, id: int) -> Json:
        """The host's node that loads an entry, and what stands in its inputs.

        Raises:
            UnknownModel: There is none of that id.
            Busy: The host cannot load it as it is.
        """
        return loader_of(self.store.entry(id), self._host.listed)

    def thumbnail(self, id: int, level: Maturity) -> Thumbnail:
        """The small picture of an entry.

        Raises:
            UnknownModel: There is none.
            BrokenPreview: It cannot be read.
        """
        folders = [str(folder.path) for folder in self._host.folders()]
        return thumbnail(self.store.entry(id), level, self._thumbnails, folders)

    def search(
        self, query: SearchQuery, settings: Settings, picture: RGBImage | None = None
    ) -> Json:
        """Cards of what is nearest to a text or a picture.

        Raises:
            Busy: The zoo is being scanned, or its index is not built yet.
            PolarisError: As the encoders do.
        """
        job = self.jobs.of_zoo()
        if job is not None:
            hint = "Search again when it has finished"
            raise Busy(f"the zoo is at work ({job.kind})", hint=hint)
        return search_cards(self._opened(settings), query, picture, _impatient())

    def scan(self, settings: Settings) -> Job:
        """Begin to scan the model folders and to index what is new.

        Raises:
            Busy: That is going on already.
        """

        def work(progress: Progress) -> Json:
            report = self._opened(settings).update(self._host.folders(), progress)
            if report.added or report.changed or report.removed:
                self._host.send("polaris.zoo", {"key": self.store.key()})
            return _told_of(report)

        return self.jobs.start("scan", work)

    def index(self, settings: Settings) -> Job:
        """Begin to index everything again.

        Raises:
            Busy: A scan or an indexing is going on.
        """

        def work(progress: Progress) -> Json:
            self._opened(settings).reindex(progress)
            return {**_told_of(ScanReport()), "summary": "indexed"}

        return self.jobs.start("index", work)

    def pins(self, text: str, entries: Sequence[int], edit: PinEdit | None) -> Json:
        """A text of pins after a click, and what it says of entries.

        Raises:
            InvalidInput: A line cannot be read, or the click makes no sense.
            UnknownModel: An entry is not there.
        """
        if edit is not None:
            text = edit_pins(
                text,
                self.store,
                self.store.entry(edit.entry),
                edit.action,
                slot=edit.slot,
                strength=edit.strength,
            )
        states = states_of(text, self.store, self.store.entries(list(dict.fromkeys(entries))))
        return {
            "text": text,
            "states": {
                str(id): {
                    "pinned": state.pinned,
                    "banned": state.banned,
                    "strength": state.strength,
                    "slot": state.slot and state.slot.value,
                    "frozen": state.frozen,
                }
                for id, state in states.items()
            },
        }

    def freeze(self, nodes: PolarisNodes) -> Job:
        """Begin to write every pick down for sharing.

        Raises:
            Busy: Too much is waiting already.
        """
        return self._with_files("freeze", lambda hashed: freeze(nodes, self.store, hashed))

    def resolve(self, nodes: PolarisNodes) -> Job:
        """Begin to look for every model that is named.

        Raises:
            Busy: Too much is waiting already.
        """
        return self._with_files("resolve", lambda hashed: resolve(nodes, self.store, hashed))

    def _with_files(self, kind: str, use: Callable[[Hash], Json]) -> Job:
        def work(progress: Progress) -> Json:
            def hashed(entry: Entry) -> Entry:
                progress(0, 0, entry.file)
                return fingerprints.hashed(self.store, entry, progress)

            return use(hashed)

        return self.jobs.start(kind, work)

    def _opened(self, settings: Settings) -> Zoo:
        """The zoo; what is wrong with its encoders is remembered for the status."""
        try:
            zoo = self._host.zoo(*settings.encoders)
        except PolarisError as error:
            self._trouble[settings.encoders] = told(error)
            raise
        self._trouble.pop(settings.encoders, None)
        return zoo


def _told_of(report: ScanReport) -> Json:
    return {
        "summary": report.summary(),
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "problems": len(report.problems),
    }


def _impatient() -> Progress:
    started = time.monotonic()

    def report(done: int, total: int, what: str, /) -> None:
        if time.monotonic() - started > _PATIENCE_S:
            raise Busy("the index is not built yet", hint="Index the zoo first, then search")

    return report
