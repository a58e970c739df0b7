"""A model file written down so that it is found on another machine: by hash, then name and size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.hashes import autov3_of, valid_sha256
from polaris_core.errors import InvalidInput

__all__ = ["FileIdentity", "Hash", "Match", "Resolver", "find_file", "identity_of"]

_LARGEST_SIZE = 2**63 - 1
_MOST_HASHED = 16
"""LoRAs of one rank are of one size: of more files than this none is hashed on a guess."""


class Resolver(Protocol):
    """What knows the entries of a zoo; the catalogue's store is one."""

    def resolve(self, text: str, /, *, kind: Kind | None = None) -> Sequence[Entry]:
        """The entries that a name, file, sha256, AutoV2 or AutoV3 means; none if unknown."""
        ...

    def of_size(self, size_bytes: int, /, *, kind: Kind) -> Sequence[Entry]:
        """The files of this very size whose hash is unknown."""
        ...


Hash = Callable[[Entry], Entry]
"""Gives an entry with its SHA-256, computing it if need be."""


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What a file is known by, besides the path it has on one machine."""

    name: str = ""
    """Its title."""
    sha256: str = ""
    """64 lower-case hex digits; empty if it has not been computed."""
    autov3: str = ""
    size_bytes: int = 0
    """0 if unknown."""
    source: str = ""
    """Where it can be had; empty if unknown."""

    def __str__(self) -> str:
        facts = {name: value for name, value in self._facts() if value}
        return json.dumps(facts)

    def _facts(self) -> Iterator[tuple[str, str | int]]:
        yield "name", self.name
        yield "sha256", self.sha256
        yield "autov3", self.autov3
        yield "size_bytes", self.size_bytes
        yield "source", self.source

    def known_of(self) -> str:
        """All that is known of it, for people."""
        facts = [
            self.name,
            f"sha256 {self.sha256}" if self.sha256 else "",
            f"AutoV3 {self.autov3}" if self.autov3 else "",
            f"{self.size_bytes} bytes" if self.size_bytes else "",
        ]
        return ", ".join(filter(None, facts))

    @staticmethod
    def parse(text: str) -> FileIdentity:
        """Read what `str` wrote.

        Raises:
            InvalidInput: Anything else.
        """
        try:
            facts: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput("a file's identity is not JSON", value=text) from error
        return _checked(facts, text)


def _checked(value: object, text: str) -> FileIdentity:
    known = {"name": str, "sha256": str, "autov3": str, "size_bytes": int, "source": str}
    facts = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    if not facts or any(type(fact) is not known.get(name) for name, fact in facts.items()):
        raise InvalidInput(
            "a file's identity holds something unknown",
            value=text,
            hint=f"Known are {', '.join(known)}",
        )
    identity = FileIdentity(**facts)
    if identity.sha256 and valid_sha256(identity.sha256) != identity.sha256:
        raise InvalidInput("not a SHA-256 in lower-case hex digits", value=identity.sha256)
    if identity.autov3 and autov3_of(identity.autov3) != identity.autov3:
        raise InvalidInput("not an AutoV3 in lower-case hex digits", value=identity.autov3)
    if not 0 <= identity.size_bytes <= _LARGEST_SIZE:
        raise InvalidInput("not the size of a file", value=identity.size_bytes)
    return identity


def identity_of(entry: Entry) -> FileIdentity:
    """What an entry's file is known by elsewhere."""
    return FileIdentity(
        entry.name, entry.sha256, entry.autov3, max(0, entry.size_bytes), entry.source
    )


@dataclass(frozen=True, slots=True)
class Match:
    """A file that was found, and what it was known by."""

    entry: Entry
    by: str
    """"sha256", "autov3", "name and size" or "name"."""


def find_file(
    identity: FileIdentity,
    file: str,
    store: Resolver,
    *,
    kind: Kind,
    hashed: Hash = lambda entry: entry,
) -> Match | None:
    """Find a file by sha256, then AutoV3, then path and size, then title and size.

    Where its hash is known, a renamed file whose hash nobody knows yet is found by its size. A
    size or hash that is known on both sides must agree: another file of the same name is not taken
    for it. Pickled files and entries without a file are not found.

    Args:
        identity: What it is known by.
        file: Its path elsewhere, relative to its model folder.
        store: Knows the entries.
        kind: What it must be.
        hashed: Tells the SHA-256 of a file that the zoo does not know yet; asked only of files
            of the right size.

    Raises:
        PolarisError: As `hashed` does.
    """
    for near in _near(identity, file, store, kind):
        if identity.sha256:
            size = identity.size_bytes
            near = [hashed(e) if size in (0, e.size_bytes) else e for e in near]
        found = [Match(e, by) for e in near if (by := _known_by(identity, e))]
        if found:
            return min(found, key=lambda m: (m.entry.file != file, m.entry.file, m.entry.id))
    return None


def _near(
    identity: FileIdentity, file: str, store: Resolver, kind: Kind
) -> Iterator[Sequence[Entry]]:
    for text in (identity.sha256, identity.autov3, file, identity.name):
        if text:
            yield [e for e in store.resolve(text, kind=kind) if e.on_disk and not e.unsafe]
    if identity.sha256 and identity.size_bytes:
        renamed = store.of_size(identity.size_bytes, kind=kind)
        yield renamed if len(renamed) <= _MOST_HASHED else ()


def _known_by(identity: FileIdentity, entry: Entry) -> str:
    """By what an entry of the right name is the same file; empty if it is another."""
    for by, mine, theirs in (
        ("sha256", identity.sha256, entry.sha256),
        ("autov3", identity.autov3, entry.autov3),
    ):
        if mine and theirs:
            return by if mine == theirs else ""
    if not identity.size_bytes:
        return "name"
    return "name and size" if identity.size_bytes == entry.size_bytes else ""
