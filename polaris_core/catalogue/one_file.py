"""Bring the catalogue up to date with a single file, without walking through its folder."""

from __future__ import annotations

import os

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.found import Found, Outcome, record
from polaris_core.catalogue.listing import ModelFolder
from polaris_core.catalogue.reading import read_entry
from polaris_core.catalogue.rows import stored
from polaris_core.catalogue.store import Store
from polaris_core.catalogue.upsert import Written, mark_changed, upsert

__all__ = ["read_into"]


def read_into(store: Store, folder: ModelFolder, file: str, *, instead_of: int = 0) -> Entry:
    """Read a model file with all that stands beside it into the catalogue.

    The next scan reads it once more, since only a walk through the folder tells its state.

    Args:
        store: The catalogue.
        folder: The model folder.
        file: Path relative to it, with `/`.
        instead_of: Id of an entry, so far without a file, that this is the file of: it keeps its
            id. 0 if there is none.

    Raises:
        BrokenHeader: The model file itself is broken.
        FileProblem: It cannot be read.
        StoreProblem: The catalogue cannot be used.
    """
    root = os.path.realpath(folder.path)
    reading = read_entry(root, file, expected=folder.kind)
    path = os.path.realpath(os.path.join(root, *file.split("/")))
    found = Found(path, root, file, "", (), folder.kind)
    with store.writing() as connection:
        if instead_of:
            _, written = upsert(connection, reading.entry, instead_of)
            if written is not Written.UNCHANGED:
                mark_changed(connection)
        record(connection, [Outcome(found, reading.entry, reading.problems)])
        row = connection.execute("SELECT id FROM files WHERE path = ?", (stored(path),)).fetchone()
    return store.entry(row[0])
