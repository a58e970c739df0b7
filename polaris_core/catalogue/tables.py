"""The catalogue's tables as SQL, as each version added them; `schema` says what they hold."""

from __future__ import annotations

__all__ = ["CHANGE_TABLES", "FIRST_TABLES", "OFFER_TABLES"]

FIRST_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    # AUTOINCREMENT: the id of an entry that was removed is never given to another.
    """CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        identity TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL, base_model TEXT NOT NULL, role TEXT NOT NULL,
        maturity INTEGER NOT NULL, unsafe INTEGER NOT NULL, on_disk INTEGER NOT NULL,
        root TEXT NOT NULL, file TEXT NOT NULL, source TEXT NOT NULL,
        sha256 TEXT NOT NULL, autov3 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
        name TEXT NOT NULL, words TEXT NOT NULL, tags TEXT NOT NULL,
        description TEXT NOT NULL, document TEXT NOT NULL)""",
    # Holds all that `Columns` needs: the wide table itself is not read for it.
    """CREATE INDEX entries_facets
        ON entries (kind, base_model, role, maturity, unsafe, on_disk)""",
    "CREATE INDEX entries_sha256 ON entries (sha256) WHERE sha256 != ''",
    "CREATE INDEX entries_autov3 ON entries (autov3) WHERE autov3 != ''",
    """CREATE VIRTUAL TABLE searched USING fts5 (
        name, file, words, tags, description, content='entries', content_rowid='id',
        tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN
        INSERT INTO searched (rowid, name, file, words, tags, description)
        VALUES (new.id, new.name, new.file, new.words, new.tags, new.description); END""",
    """CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN
        INSERT INTO searched (searched, rowid, name, file, words, tags, description)
        VALUES ('delete', old.id, old.name, old.file, old.words, old.tags, old.description); END""",
    """CREATE TRIGGER entries_changed AFTER UPDATE OF name, file, words, tags, description
        ON entries BEGIN
        INSERT INTO searched (searched, rowid, name, file, words, tags, description)
        VALUES ('delete', old.id, old.name, old.file, old.words, old.tags, old.description);
        INSERT INTO searched (rowid, name, file, words, tags, description)
        VALUES (new.id, new.name, new.file, new.words, new.tags, new.description); END""",
    # `path` has no links in it: the same file found by two ways has one row.
    """CREATE TABLE files (
        path TEXT PRIMARY KEY, root TEXT NOT NULL, file TEXT NOT NULL,
        signature TEXT NOT NULL, id INTEGER) WITHOUT ROWID""",
    """CREATE TABLE problems (
        root TEXT NOT NULL, owner TEXT NOT NULL, class TEXT NOT NULL, path TEXT NOT NULL,
        problem TEXT NOT NULL, value TEXT NOT NULL, hint TEXT NOT NULL)""",
    "CREATE INDEX problems_owner ON problems (owner, root)",
    "CREATE TABLE roots (root TEXT PRIMARY KEY, device TEXT NOT NULL) WITHOUT ROWID",
)


OFFER_TABLES = (
    "ALTER TABLE entries ADD COLUMN terms INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX entries_facets",
    """CREATE INDEX entries_facets
        ON entries (kind, base_model, role, maturity, terms, unsafe, on_disk)""",
    """CREATE TABLE offers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        origin TEXT NOT NULL, key TEXT NOT NULL, revision TEXT NOT NULL,
        entry INTEGER, document BLOB NOT NULL, UNIQUE (origin, key))""",
    "CREATE INDEX offers_revision ON offers (origin, revision) WHERE revision != ''",
    "CREATE INDEX offers_entry ON offers (entry)",
    "CREATE TABLE own (id INTEGER PRIMARY KEY, document BLOB NOT NULL)",
    # `place` follows from what the owner is, not from when it came: see `owners`.
    """CREATE TABLE marks (
        name TEXT NOT NULL, place INTEGER NOT NULL, owner INTEGER NOT NULL, told TEXT NOT NULL,
        PRIMARY KEY (name, place, owner)) WITHOUT ROWID""",
    "CREATE INDEX marks_owner ON marks (owner)",
    """CREATE TABLE imports (
        origin TEXT PRIMARY KEY, cursor TEXT NOT NULL, pages INTEGER NOT NULL,
        completed INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE refused (
        origin TEXT NOT NULL, key TEXT NOT NULL,
        problem TEXT NOT NULL, value TEXT NOT NULL, hint TEXT NOT NULL,
        PRIMARY KEY (origin, key)) WITHOUT ROWID""",
)


_SAID = ("kind", "name", "file", "words", "tags", "description", "document")
"""Columns that are indexed: a hash or a licence that becomes known is no change of them."""

CHANGE_TABLES = (
    # One row a kind and entry, also for one that is gone. AUTOINCREMENT: numbers only rise.
    """CREATE TABLE changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL, entry INTEGER NOT NULL, UNIQUE (kind, entry))""",
    "CREATE INDEX changes_number ON changes (kind, number)",
    "INSERT INTO changes (kind, entry) SELECT kind, id FROM entries ORDER BY id",
    """CREATE TRIGGER entry_came AFTER INSERT ON entries BEGIN
        INSERT INTO changes (kind, entry) VALUES (new.kind, new.id); END""",
    """CREATE TRIGGER entry_went AFTER DELETE ON entries BEGIN
        DELETE FROM changes WHERE kind = old.kind AND entry = old.id;
        INSERT INTO changes (kind, entry) VALUES (old.kind, old.id); END""",
    f"""CREATE TRIGGER entry_says_else AFTER UPDATE ON entries
        WHEN {" OR ".join(f"old.{name} IS NOT new.{name}" for name in _SAID)} BEGIN
        DELETE FROM changes WHERE kind IN (old.kind, new.kind) AND entry = new.id;
        INSERT INTO changes (kind, entry) VALUES (new.kind, new.id);
        INSERT INTO changes (kind, entry) SELECT old.kind, new.id WHERE old.kind != new.kind;
        END""",
)
