"""Entries as rows of the catalogue's table, and back; also the keys by which people find them."""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Any

from polaris_core.catalogue.companions import stem_of
from polaris_core.catalogue.entry import (
    AdapterType,
    BaseModel,
    Entry,
    Kind,
    Maturity,
    Preview,
    Role,
    Terms,
)
from polaris_core.catalogue.hashes import valid_sha256
from polaris_core.errors import InvalidInput, StoreProblem

__all__ = [
    "COLUMNS",
    "Row",
    "entry_of",
    "identity_of",
    "key_of",
    "loaded",
    "packed",
    "row_of",
    "stem_key_of",
    "stored",
    "unpacked",
]

Row = tuple[Any, ...]
"""The values of `COLUMNS`."""

COLUMNS = (
    *("identity", "kind", "base_model", "role", "maturity", "unsafe", "on_disk"),
    *("root", "file", "source", "sha256", "autov3", "size_bytes", "modified_ns"),
    *("name", "words", "tags", "description", "document", "name_key", "stem_key", "terms"),
)
"""Columns of the table `entries` besides `id`, in the order of a row."""

# Looked up several hundred times a search, which calling the class is too slow for.
_KINDS = {kind.value: kind for kind in Kind}
_BASE_MODELS = {base.value: base for base in BaseModel}
_ROLES = {role.value: role for role in Role}
_MATURITIES = {int(level): level for level in Maturity}

_ESCAPED = "\x1a"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_INTEGERS = range(-(2**63), 2**63)
_ANSWERS = (None, True, False)
_EMPTY: dict[str, Any] = dict.fromkeys(
    ("maturity", "unsafe", "on_disk", "size_bytes", "modified_ns", "terms"), 0
)
"""What is left out of a packed entry, where it is no empty text."""


def stored(text: str) -> str:
    """A text as SQLite can hold it: names that are not Unicode are escaped, reversibly."""
    if text.isascii() and not text.startswith(_ESCAPED):
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _ESCAPED + json.dumps(text)
    return _ESCAPED + json.dumps(text) if text.startswith(_ESCAPED) else text


def loaded(text: str) -> str:
    """The text that `stored` was given."""
    return json.loads(text[1:]) if text.startswith(_ESCAPED) else text


def key_of(text: str) -> str:
    """What two names have in common that people take for the same: no case, one way to write é."""
    if text.isascii():
        return text.lower()
    return stored(unicodedata.normalize("NFC", text).casefold())


def stem_key_of(file: str) -> str:
    """The key of a path's last part, without folders (either slash) and a model's suffix."""
    return key_of(stem_of(file.replace("\\", "/").rpartition("/")[2]))


def identity_of(entry: Entry) -> str:
    """What makes an entry the same when it is added again; unique in the catalogue."""
    if entry.file:
        return f"file:{entry.root.rstrip('/')}/{entry.file}"
    for scheme, value in (
        ("sha256", entry.sha256),
        ("source", entry.source),
        ("autov3", entry.autov3),
    ):
        if value:
            return f"{scheme}:{value}"
    return f"name:{entry.kind.value}:{entry.name}"


def _json(value: object) -> str:
    return stored(_ENCODER.encode(value))


def row_of(entry: Entry) -> Row:
    """The row of an entry, without its id.

    Raises:
        InvalidInput: It has no name, a number is out of range, or `sha256` is no SHA-256.
    """
    if not entry.name:
        raise InvalidInput("an entry needs a name", value=entry.file)
    if entry.size_bytes not in _INTEGERS or entry.modified_ns not in _INTEGERS:
        raise InvalidInput("a file's size or time is out of range", value=entry.name)
    if entry.sha256 and valid_sha256(entry.sha256) != entry.sha256:
        raise InvalidInput("not a SHA-256 in lower-case hex digits", value=entry.sha256)
    return (
        stored(identity_of(entry)),
        entry.kind.value,
        entry.base_model.value,
        entry.role.value,
        int(entry.maturity),
        int(entry.unsafe),
        int(entry.on_disk),
        stored(entry.root),
        stored(entry.file),
        stored(entry.source),
        entry.sha256,
        stored(entry.autov3),
        entry.size_bytes,
        entry.modified_ns,
        stored(entry.name),
        _json(entry.trigger_words),
        _json(entry.tags),
        stored(entry.description),
        _document(entry),
        key_of(entry.name),
        stem_key_of(entry.file),
        _terms_code(entry),
    )


def packed(entry: Entry) -> bytes:
    """The entry without its id in few bytes; the same entry gives the same bytes.

    Raises:
        InvalidInput: As `row_of`.
    """
    filled = {name: value for name, value in zip(COLUMNS, row_of(entry), strict=True) if value}
    return zlib.compress(_ENCODER.encode(filled).encode(), 1)


def unpacked(content: bytes) -> Entry:
    """The entry that `packed` was given.

    Raises:
        StoreProblem: It holds what this version of Polaris does not know.
    """
    filled: dict[str, Any] = json.loads(zlib.decompress(content))
    return entry_of(0, [filled.get(name, _EMPTY.get(name, "")) for name in COLUMNS])


def _terms_code(entry: Entry) -> int:
    """Two bits each for three answers (unknown, yes, no), then one for a real person."""
    terms = entry.terms
    answers = (terms.commercial, terms.credit, terms.derivatives)
    code = sum(_ANSWERS.index(answer) << 2 * place for place, answer in enumerate(answers))
    return code | entry.real_person << 6


def _document(entry: Entry) -> str:
    """Everything that has no column of its own, as far as it is known."""
    parts: dict[str, object] = {
        "adapter_type": entry.adapter_type and entry.adapter_type.value,
        "strength": entry.strength,
        "training_tags": entry.training_tags,
        "negative": entry.negative,
        "example_prompts": entry.example_prompts,
        "previews": [(p.path, p.url, int(p.maturity), p.prompt) for p in entry.previews],
        "licence": entry.licence,
        "creator": entry.creator,
        "download": entry.download,
        "origins": entry.origins,
        "extra": entry.extra,
    }
    return _json({name: part for name, part in parts.items() if part or part == 0})


def entry_of(id: int, row: Sequence[Any]) -> Entry:
    """The entry of a row.

    Raises:
        StoreProblem: The row holds what this version of Polaris does not know.
    """
    try:
        return _entry_of(id, row)
    except (ValueError, LookupError, TypeError) as error:
        raise StoreProblem(
            f"entry {id} of the catalogue cannot be read ({error})",
            hint="delete the catalogue's file and scan again",
        ) from error


def _entry_of(id: int, row: Sequence[Any]) -> Entry:
    (_, kind, base_model, role, maturity, unsafe, _, root, file, source, sha256, autov3) = row[:12]
    size_bytes, modified_ns, name, words, tags, description, document = row[12:19]
    terms: int = row[21]
    rest: dict[str, Any] = json.loads(loaded(document))
    adapter_type = rest.get("adapter_type")
    return Entry(
        name=loaded(name),
        kind=_KINDS[kind],
        base_model=_BASE_MODELS[base_model],
        role=_ROLES[role],
        id=id,
        adapter_type=AdapterType(adapter_type) if adapter_type else None,
        trigger_words=tuple(json.loads(loaded(words))),
        strength=rest.get("strength"),
        tags=tuple(json.loads(loaded(tags))),
        training_tags=tuple(rest.get("training_tags", ())),
        description=loaded(description),
        negative=rest.get("negative", ""),
        example_prompts=tuple(rest.get("example_prompts", ())),
        previews=tuple(
            Preview(path, url, _MATURITIES[level], prompt)
            for path, url, level, prompt in rest.get("previews", ())
        ),
        maturity=_MATURITIES[maturity],
        licence=rest.get("licence", ""),
        terms=Terms(*(_ANSWERS[terms >> 2 * place & 3] for place in range(3))),
        real_person=bool(terms >> 6 & 1),
        creator=rest.get("creator", ""),
        source=loaded(source),
        download=rest.get("download", ""),
        origins=tuple(rest.get("origins", ())),
        root=loaded(root),
        file=loaded(file),
        size_bytes=size_bytes,
        modified_ns=modified_ns,
        sha256=sha256,
        autov3=loaded(autov3),
        unsafe=bool(unsafe),
        extra=rest.get("extra", {}),
    )
