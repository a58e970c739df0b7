"""The catalogue's database: its tables, its versions, and opening it without harm.

    entries    one row an entry; `searched` is the full-text index over some of its columns
    files      one row a model file that a scan has read: its signature, and its entry if it has one
    problems   what was wrong with files and folders at the last scan
    roots      the device each model folder was on, to tell an emptied folder from an unmounted one
    offers     what each imported catalogue says of a model, and the entry that shows it
    own        what was read from a file whose entry was completed by offers
    marks      by what offers (> 0) and files (entries, < 0) are told to be the same model
    imports    how far each imported catalogue was read; `refused` is what could not be
    changes    the last change of what each entry says, numbered in the order in which they came
    refined    what a refiner made of an entry: gone as soon as the entry says something else;
               `refinements` keeps all that was ever made, by the content it was made of
    meta       `store` (a name of this database of its own) and `generation` (counts changes)

A version is the number of steps of `_STEPS` that were taken; a new database takes them all.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from polaris_core.catalogue.refined_rows import REFINED_TABLES
from polaris_core.catalogue.rows import key_of, loaded, stem_key_of
from polaris_core.catalogue.tables import CHANGE_TABLES, FIRST_TABLES, OFFER_TABLES
from polaris_core.errors import StoreProblem

__all__ = ["SCHEMA_VERSION", "connect", "guarded"]

_APPLICATION_ID = 0x504F4C41
_MAGIC = b"SQLite format 3\0"
_WAIT_SECONDS = 30.0

_ours: set[tuple[int, int]] = set()
"""Device and number of the files that were opened before. They are not read by ourselves again: on
POSIX, closing a file drops the locks of all connections that this process has to it, and another
process would then take away the log beside it."""
_one_at_a_time = threading.RLock()


def _create(connection: sqlite3.Connection) -> None:
    for statement in FIRST_TABLES:
        connection.execute(statement)
    facts = [("store", uuid.uuid4().hex), ("generation", 0)]
    connection.executemany("INSERT INTO meta VALUES (?, ?)", facts)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")


def _add_name_keys(connection: sqlite3.Connection) -> None:
    """Names and stems as pins are compared with them."""

    def name_key(text: str) -> str:
        return key_of(loaded(text))

    def stem_key(text: str) -> str:
        return stem_key_of(loaded(text))

    for column, source, key in (("name_key", "name", name_key), ("stem_key", "file", stem_key)):
        connection.create_function("key", 1, key)
        connection.execute(f"ALTER TABLE entries ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
        connection.execute(f"UPDATE entries SET {column} = key({source})")
        connection.execute(f"CREATE INDEX entries_{column} ON entries ({column})")


def _add_page_index(connection: sqlite3.Connection) -> None:
    """What pages of entries are ordered by: the wide rows are not read for it."""
    connection.execute("CREATE INDEX entries_page ON entries (modified_ns, size_bytes)")


def _add_offers(connection: sqlite3.Connection) -> None:
    """Imported catalogues: entries that are not on disk, and what completes those that are."""
    for statement in OFFER_TABLES:
        connection.execute(statement)


def _add_changes(connection: sqlite3.Connection) -> None:
    """What an index has to read anew since it was built."""
    for statement in CHANGE_TABLES:
        connection.execute(statement)


def _add_refined(connection: sqlite3.Connection) -> None:
    """What refiners made of entries, beside what these say."""
    for statement in REFINED_TABLES:
        connection.execute(statement)


_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _create,
    _add_name_keys,
    _add_page_index,
    _add_offers,
    _add_changes,
    _add_refined,
)
SCHEMA_VERSION = len(_STEPS)


@contextmanager
def guarded(path: Path) -> Generator[None]:
    """Turn what SQLite raises about the database at `path` into `StoreProblem`."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> StoreProblem:
    return StoreProblem(
        f"the catalogue cannot be used ({error})",
        value=str(path),
        hint="check the disk and the folder's permissions; if the file is damaged, delete it "
        "and scan again",
    )


def connect(path: Path) -> sqlite3.Connection:
    """Open the database at `path`, made or brought up to date if need be.

    A file that is not ours, or of a newer version, is left as it is.

    Raises:
        StoreProblem: The file is not a catalogue, is of a newer version, or cannot be used.
    """
    with _one_at_a_time:
        connection = _connect(path)
        with suppress(OSError, ValueError):
            _ours.add(_identity(path))
        return connection


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_file(path)
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error
    with guarded(path):
        connection = sqlite3.connect(
            path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _bring_up_to_date(connection, path)
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -32768")
        except BaseException:
            connection.close()
            raise
        return connection


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _check_file(path: Path) -> None:
    try:
        if _identity(path) in _ours:
            return
        with path.open("rb") as file:
            start = file.read(100)
    except FileNotFoundError:
        return
    if not start:
        return  # made by somebody, and nothing in it
    if start.startswith(_MAGIC) and start[68:72] == _APPLICATION_ID.to_bytes(4, "big"):
        return
    raise StoreProblem(
        "this file is not a catalogue of Polaris",
        value=str(path),
        hint="name another place for the catalogue, or move the file away",
    )


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreProblem(
            f"the catalogue is of version {version}; this Polaris knows versions up to "
            f"{SCHEMA_VERSION}",
            value=str(path),
            hint="update Polaris, or name another place for the catalogue",
        )
    return version


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection, path) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another process may have done it while this one waited.
        for step in _STEPS[_version(connection, path) :]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers go on while another process writes; where the disk allows it."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            with closing(connection.execute("PRAGMA journal_mode = WAL")) as answer:
                answer.fetchone()
            return
        except sqlite3.OperationalError:
            # SQLite does not wait by itself for this lock.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
