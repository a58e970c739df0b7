"""The zoo: catalogue and indices together, brought up to date and asked as one."""

from __future__ import annotations

import hashlib
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import combinations
from pathlib import Path
from types import TracebackType

import numpy as np

from polaris_core.catalogue.changes import last_change
from polaris_core.catalogue.columns import Columns
from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.rows import loaded
from polaris_core.catalogue.scan import ModelFolder, ScanReport, scan
from polaris_core.catalogue.store import Store
from polaris_core.encoders.base import Embeddings, Encoders, TextEncoder
from polaris_core.errors import IndexProblem
from polaris_core.index.base import Ids
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.filters import in_folders
from polaris_core.retrieval.kind_index import KindIndex, forget, load_kind
from polaris_core.retrieval.look_names import LookNames

__all__ = ["CATALOGUE", "RETRIEVED", "Zoo", "ZooState", "facts_of"]

CATALOGUE = "catalogue.sqlite"
"""The catalogue's file in a zoo's folder."""

RETRIEVED = (Kind.CHECKPOINT, Kind.LORA)
"""The kinds that are searched."""

_ATTEMPTS = 120
_PAUSE_S = 0.5
"""Between attempts while another process writes: a minute in all."""

_UNRELATED = (
    "a red fox in the snow",
    "accounting software",
    "medieval castle",
    "strawberry cake",
    "anime girl with twin tails",
    "steam locomotive",
    "oil painting",
    "basketball player",
    "microscope slide",
    "wedding dress",
    "spaceship interior",
    "tax law",
)
"""Phrases of which none is about what another is about."""

_LEAST_LOOKS, _MOST_LOOKS = 8, 200
"""Previews that are compared with each other."""


@dataclass(frozen=True, eq=False)
class ZooState:
    """What is searched, as the catalogue stood at one moment."""

    key: str
    kinds: dict[Kind, KindIndex]
    facts: dict[Kind, Columns]
    """What filters ask of the entries of each kind, in the order of its ids."""

    @property
    def lost(self) -> bool:
        """Whether a database has lost what it served."""
        return any(index.lost for index in self.kinds.values())

    @cached_property
    def usual_look(self) -> float | None:
        """How much two pictures look alike by chance: the median cosine of pairs of previews.

        So it follows the image encoder, whose cosines may lie around 0.2 or around 0.6. None if
        there are too few previews to tell.
        """
        looks = [_looks(index) for index in self.kinds.values() if index.picture is not None]
        vectors: Embeddings = np.concatenate(looks) if looks else np.zeros((0, 1), np.float32)
        if len(vectors) < _LEAST_LOOKS:
            return None
        pairs = np.triu_indices(len(vectors), 1)
        return float(np.median(np.inner(vectors, vectors)[pairs]))


class Zoo:
    """A catalogue with its indices; may be asked from several threads.

    Several zoos with other encoders may share one folder, and other processes may use it too.
    """

    def __init__(self, home: Path, store: Store, encoders: Encoders) -> None:
        self.home = home
        self.store = store
        self.encoders = encoders
        self._lock = threading.RLock()
        self._state: ZooState | None = None
        self._indices: dict[Kind, tuple[int, KindIndex]] = {}
        self._floor: float | None = None
        self.looks = LookNames(encoders.image)
        self._in_folders: tuple[tuple[str, tuple[str, ...]], Ids] | None = None

    @classmethod
    def open(cls, home: Path, encoders: Encoders) -> Zoo:
        """Open the zoo in the folder `home`, made if there is none; nothing is embedded yet.

        Raises:
            StoreProblem: The catalogue cannot be used.
        """
        return cls(home, Store.open(home / CATALOGUE), encoders)

    def close(self) -> None:
        """Close the catalogue; the zoo cannot be asked afterwards."""
        self.store.close()

    def __enter__(self) -> Zoo:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def key(self) -> str:
        """Changes with every entry and with the encoders: what was found under one key stays true.

        Raises:
            StoreProblem: The catalogue cannot be used.
        """
        image = self.encoders.image
        facts = (self.store.key(), self.encoders.text.name, image.name if image else "")
        return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:32]

    def update(self, folders: Sequence[ModelFolder], progress: Progress = silent) -> ScanReport:
        """Scan model folders, then embed and index what is new.

        Raises:
            PolarisError: As the scan, the encoders and the indices do. Broken files are no error:
                the report lists them.
        """
        report = scan(self.store, folders, progress)
        self.state(progress)
        return report

    def reindex(self, progress: Progress = silent) -> None:
        """Embed and index everything again.

        Raises:
            PolarisError: As the encoders and the indices do.
        """
        with self._lock:
            self.forget()
            self.state(progress)

    def forget(self) -> None:
        """Remove all that was embedded and indexed; the next search builds it again."""
        with self._lock:
            self._state = None
            self._indices = {}
            forget(self.home, self.encoders)

    def state(self, progress: Progress = silent) -> ZooState:
        """The indices for the catalogue as it is now; what is missing is built first.

        Raises:
            PolarisError: As the encoders and the indices do.
        """
        with self._lock:
            for attempt in range(_ATTEMPTS):
                key = self.store.key()
                if self._state is not None and self._state.key == key and not self._state.lost:
                    return self._state
                if attempt:
                    time.sleep(_PAUSE_S)
                self._state = self._loaded(key, progress) or self._state
            raise IndexProblem(
                "the catalogue changes faster than it can be indexed",
                hint="Wait until the scan of the other process has finished",
            )

    def loaded(self) -> ZooState | None:
        """What was searched last, perhaps long ago; None if nothing was. Nobody waits for it."""
        return self._state

    def ids_in_folders(self, folders: tuple[str, ...]) -> Ids:
        """Entries whose files lie in these subfolders of their model folders, rising.

        Raises:
            StoreProblem: The catalogue cannot be used.
        """
        key = (self.store.key(), folders)
        if self._in_folders is None or self._in_folders[0] != key:
            with self.store.reading() as connection:
                rows = connection.execute("SELECT id, file FROM entries WHERE on_disk ORDER BY id")
                found = [id for id, file in rows if in_folders(loaded(file), folders)]
            self._in_folders = key, np.array(found, np.int64)
        return self._in_folders[1]

    def unrelated_cosine(self) -> float:
        """The cosine below which a phrase and an entry have nothing to do with each other.

        What the text encoder gives for phrases that are unrelated on purpose: their mean cosine and
        three standard deviations more. So it follows the encoder, whose cosines may lie
        around 0.1 or around 0.7.
        """
        if self._floor is None:
            self._floor = _unrelated_cosine(self.encoders.text)
        return self._floor

    def _loaded(self, key: str, progress: Progress) -> ZooState | None:
        """The state under this key; None if the catalogue changed while it was read."""
        kinds: dict[Kind, KindIndex] = {}
        for kind in RETRIEVED:
            last = last_change(self.store, kind)
            known, index = self._indices.get(kind, (-1, None))
            if index is None or known != last or index.lost:
                index = load_kind(self.home, self.store, kind, last, self.encoders, progress)
            self._indices[kind] = last, index
            kinds[kind] = index
        columns = self.store.columns()
        facts = {kind: facts_of(columns, kind) for kind in RETRIEVED}
        same = all(np.array_equal(facts[kind].ids, kinds[kind].ids) for kind in RETRIEVED)
        return ZooState(key, kinds, facts) if same else None


def _looks(index: KindIndex) -> Embeddings:
    """Vectors of previews, evenly out of all."""
    assert index.picture is not None
    ids = index.picture.ids
    vectors = index.picture.vectors_of(ids[:: max(1, len(ids) // _MOST_LOOKS)])
    return vectors[vectors.any(1)]


def _unrelated_cosine(encoder: TextEncoder) -> float:
    vectors: Embeddings = encoder.encode_texts(_UNRELATED)
    cosines: list[float] = [float(a @ b) for a, b in combinations(vectors, 2)]
    return statistics.fmean(cosines) + 3.0 * statistics.pstdev(cosines)


def facts_of(columns: Columns, kind: Kind) -> Columns:
    """The columns of the entries of one kind alone."""
    chosen = columns.is_kind(kind)
    return Columns(*(getattr(columns, field.name)[chosen] for field in fields(columns)))
