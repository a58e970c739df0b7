"""Vectors in a collection of Milvus, under keys that say what they are of.

A key is made from what an entry says, so a vector that is found under a key is the right one,
whoever put it there: rows are added, never changed. The collection's usual name is an alias; the
name behind it is new each time a collection is made. Whoever remembers that name notices when the
collection was dropped and made again, instead of searching one that lacks his rows.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.checks import required
from polaris_core.errors import IndexMismatch, IndexProblem, IndexUnreachable
from polaris_core.index.base import Ids, Vectors
from polaris_core.index.service import TOKEN_VARIABLE, Service

__all__ = ["MOST_HITS", "Collection", "open_collection"]

MOST_HITS = 16_384
"""Milvus gives no more in one search."""

_KEYS_AT_ONCE = 4096
_ROWS_AT_ONCE = 2048
_TIMEOUT_S = 30.0
_NOT_LOADED = 101
"""What Milvus answers after a restart, until it is told to load the collection."""
_NO_COLLECTION = 100

_FEW_HITS = 64
"""A graph is walked with so many candidates at the least."""

_lock = threading.Lock()
_clients: dict[Service, Any] = {}


@dataclass(frozen=True)
class Collection:
    """One collection, open; all methods raise `IndexProblem` as `rows` does."""

    service: Service
    name: str
    """The one behind the alias."""
    dim: int

    def rows(self) -> int:
        """How many rows it has, those of other catalogues and of former entries among them.

        Raises:
            IndexUnreachable: The database does not answer.
            IndexProblem: The collection is gone, or the database refuses.
        """
        stats = self._ask("get_collection_stats")
        return int(stats["row_count"])

    def present(self, keys: Ids) -> npt.NDArray[np.bool_]:
        """Which of these keys have a vector."""
        found = {int(row["key"]) for row in self._rows_of(keys, ["key"], at_once=True)}
        return np.array([key in found for key in keys.tolist()], np.bool_)

    def add(self, keys: Ids, vectors: Vectors) -> None:
        """Put vectors, shape `n dim`, under keys that have none."""
        for at in range(0, len(keys), _ROWS_AT_ONCE):
            piece = slice(at, at + _ROWS_AT_ONCE)
            pairs = zip(keys[piece].tolist(), vectors[piece], strict=True)
            self._ask("upsert", [{"key": key, "vector": vector} for key, vector in pairs])

    def settle(self) -> None:
        """Have what was added written down and indexed."""
        self._ask("flush")

    def nearest(
        self, query: Vectors, count: int, among: Ids | None = None, *, at_once: bool
    ) -> tuple[Ids, Vectors]:
        """Keys and inner products of up to `count` rows, best first, in single precision.

        Args:
            query: Shape `dim`.
            count: Up to `MOST_HITS`.
            among: Only these keys; None for all.
            at_once: Whether what was added in the last seconds must be seen, which takes longer.
        """
        graph = {"ef": max(_FEW_HITS, 2 * count)} if self.service.fast else {}
        [hits] = self._ask(
            "search",
            [query],
            limit=count,
            filter="" if among is None else _among(among),
            search_params={"metric_type": "IP", "params": graph},
            consistency_level=_level(at_once),
        )
        keys = np.array([hit.id for hit in hits], np.int64)
        return keys, np.array([hit.distance for hit in hits], np.float32)

    def vectors_of(self, keys: Ids) -> Vectors:
        """The vectors of these keys, each only once, shape `n dim`; all of them must be there."""
        found = self._vectors_by_key(keys, at_once=False)
        if len(found) < len(keys):  # what was added just now is only seen by waiting for it
            missing = [key for key in keys.tolist() if key not in found]
            found |= self._vectors_by_key(np.array(missing, np.int64), at_once=True)
        if len(found) < len(keys):
            raise IndexProblem(
                "rows were taken out of the database that serves the index",
                value=f"{len(keys) - len(found)} of {len(keys)} in {self.name}",
                hint=f"Drop the collection {self.name}; it is filled again",
            )
        rows = np.empty((len(keys), self.dim), np.float32)
        for place, key in enumerate(keys.tolist()):
            rows[place] = found[key]
        return rows

    def _vectors_by_key(self, keys: Ids, *, at_once: bool) -> dict[int, Any]:
        rows = self._rows_of(keys, ["key", "vector"], at_once=at_once)
        return {int(row["key"]): row["vector"] for row in rows}

    def _rows_of(self, keys: Ids, fields: list[str], *, at_once: bool) -> Iterator[dict[str, Any]]:
        for at in range(0, len(keys), _KEYS_AT_ONCE):
            among, level = _among(keys[at : at + _KEYS_AT_ONCE]), _level(at_once)
            yield from self._ask(
                "query", filter=among, output_fields=fields, consistency_level=level
            )

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Call a method of the client; over a new connection if the old one has broken."""
        options["timeout"] = _TIMEOUT_S
        client = _client(self.service)
        try:
            with _guarded(self.service):
                return getattr(client, method)(self.name, *arguments, **options)
        except IndexUnreachable:
            _forget(self.service, client)
        with _guarded(self.service):
            client = _client(self.service)
            client.load_collection(self.name, timeout=_TIMEOUT_S)
            return getattr(client, method)(self.name, *arguments, **options)


def open_collection(service: Service, alias: str, dim: int, name: str = "") -> Collection:
    """Open the collection of this alias, making it if there is none.

    Args:
        service: Where it is.
        alias: Letters, digits and underscores.
        dim: Length of a vector.
        name: The name behind the alias when it was opened last; then no other one will do.

    Raises:
        MissingDependency: pymilvus, or for a file milvus-lite, is not installed.
        IndexUnreachable: The database does not answer.
        IndexProblem: The collection named is not there any more, the file is in use by another
            process, or the database refuses.
    """
    with _guarded(service):
        client = _client(service)
        current = _behind(client, alias)
        if name and current != name:
            raise IndexProblem("the collection was made anew by somebody", value=name)
        current = current or _made(client, service, alias, dim)
        _check_dim(client, current, dim)
        client.load_collection(current, timeout=_TIMEOUT_S)
    return Collection(service, current, dim)


def _client(service: Service) -> Any:  # noqa: ANN401
    milvus = required("pymilvus", "'polaris-zoo[milvus]'")
    if service.is_file:
        required("milvus_lite", "'polaris-zoo[milvus]'")
    # It logs every error with its stack; we raise them.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)
    with _lock:
        if service not in _clients:
            _clients[service] = milvus.MilvusClient(
                uri=service.address,
                token=service.token,
                timeout=_TIMEOUT_S,
                dedicated=True,
                grpc_options={"grpc.enable_http_proxy": 0},
            )
        return _clients[service]


def _forget(service: Service, client: Any) -> None:  # noqa: ANN401
    """Close a connection that has broken, so that the next one to ask makes a new one."""
    with _lock:
        if _clients.get(service) is client:
            del _clients[service]
    with contextlib.suppress(Exception):
        client.close()


def _behind(client: Any, alias: str) -> str:  # noqa: ANN401
    """The name of the collection that has this alias; empty if there is none."""
    if not client.has_collection(alias, timeout=_TIMEOUT_S):
        return ""
    return str(client.describe_alias(alias, timeout=_TIMEOUT_S)["collection_name"])


def _made(client: Any, service: Service, alias: str, dim: int) -> str:  # noqa: ANN401
    """Make an empty collection; if somebody else was quicker, it is his."""
    name = f"{alias}_{uuid4().hex[:12]}"
    data_type = required("pymilvus", "'polaris-zoo[milvus]'").DataType
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", data_type.INT64, is_primary=True)
    schema.add_field("vector", data_type.FLOAT_VECTOR, dim=dim)
    index = client.prepare_index_params()
    graph = {"M": 24, "efConstruction": 200}
    kind, parameters = ("HNSW", graph) if service.fast else ("FLAT", {})
    index.add_index("vector", index_type=kind, metric_type="IP", params=parameters)
    client.create_collection(name, schema=schema, index_params=index, timeout=_TIMEOUT_S)
    try:
        client.create_alias(name, alias, timeout=_TIMEOUT_S)
    except Exception:
        if other := _behind(client, alias):
            client.drop_collection(name, timeout=_TIMEOUT_S)
            return other
        client.alter_alias(name, alias, timeout=_TIMEOUT_S)  # its collection was dropped
    return name


def _check_dim(client: Any, name: str, dim: int) -> None:  # noqa: ANN401
    fields = client.describe_collection(name, timeout=_TIMEOUT_S)["fields"]
    found = [field["params"].get("dim") for field in fields if field["name"] == "vector"]
    if [int(length) for length in found if length is not None] != [dim]:
        raise IndexMismatch(
            "a collection of the database holds other vectors than it should",
            value=f"{name}: {found} values instead of {dim}",
            hint="Drop it; it is filled again",
        )


@contextlib.contextmanager
def _guarded(service: Service) -> Generator[None, None, None]:
    """Turn what the client raises into our errors."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("pymilvus", "grpc"):
            raise
        raise _problem(service, error) from error


def _problem(service: Service, error: Exception) -> IndexProblem:
    text = str(error)
    if service.is_file and "local milvus" in text.lower():
        return IndexProblem(
            "the database file cannot be opened, most likely because another process has it open",
            value=service.address,
            hint="Several processes need a server: milvus-lite server --host 127.0.0.1 "
            "--data-dir FILE, and its address instead of the file's",
        )
    if any(mark in text for mark in ("UNAUTHENTICATED", "auth check failure", "PermissionDenied")):
        return IndexProblem(
            "the database that serves the index does not accept the token",
            value=service.address,
            hint=f"Set the environment variable {TOKEN_VARIABLE}",
        )
    if getattr(error, "code", None) == _NO_COLLECTION:
        hint = "Search again: it is filled again"
        return IndexProblem("the collection of the index was dropped", value=text, hint=hint)
    if getattr(error, "code", None) == _NOT_LOADED:
        return IndexUnreachable("the database has not loaded the collection", value=text)
    if "UNIMPLEMENTED" in text:
        hint = "Write the address of Milvus itself; its usual port is 19530"
        return IndexUnreachable("what answers is no Milvus", value=service.address, hint=hint)
    marks = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "Fail connecting", "timeout", "closed channel")
    if any(mark in text for mark in marks):
        return IndexUnreachable(
            "the database that serves the index does not answer",
            value=service.address,
            hint="Start it, or see to the address in POLARIS_INDEX or index.json; without one the "
            "index is made of files",
        )
    said = getattr(error, "message", text)
    return IndexProblem("the database that serves the index refuses", value=said)


def _level(at_once: bool) -> str:
    return "Strong" if at_once else "Bounded"


def _among(keys: Ids) -> str:
    return f"key in {keys.tolist()}"
