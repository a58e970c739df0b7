"""`polaris fetch`, `complete` and `hash`."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.gentle import hash_gently, hash_state
from polaris_core.catalogue.listing import ModelFolder
from polaris_core.catalogue.store import Store
from polaris_core.cli.output import print_json, printable, terminal_progress
from polaris_core.cli.zoo_commands import folders_of
from polaris_core.errors import Cancelled, InvalidInput, PolarisError
from polaris_core.fetching.addresses import parse_address
from polaris_core.fetching.complete import complete
from polaris_core.fetching.entries import FILE_NAME, fetch_entry
from polaris_core.fetching.find import entry_meant, is_address
from polaris_core.fetching.place import check_name, name_for
from polaris_core.fetching.settings import read_settings
from polaris_core.retrieval.zoo import CATALOGUE

__all__ = ["run_complete", "run_fetch", "run_hash"]

_PAUSE_S = 0.5
"""Between questions to a site."""


def run_fetch(options: argparse.Namespace) -> int:
    """Fetch one model."""
    settings = read_settings(options.zoo)
    folders = folders_of(options)
    with Store.open(options.zoo / CATALOGUE) as store:
        entry = _told(options) if options.sha256 else _known(store, options)
        if options.name and not entry.on_disk:
            entry = replace(entry, extra={**entry.extra, FILE_NAME: check_name(options.name)})
        was_here = entry.on_disk
        entry = fetch_entry(store, entry, folders, settings, progress=terminal_progress())
    path = Path(entry.root, *entry.file.split("/"))
    if options.json:
        facts = {"id": entry.id, "name": entry.name, "path": str(path), "sha256": entry.sha256}
        print_json({**facts, "size_bytes": entry.size_bytes, "was_here": was_here})
    else:
        print(f"{printable(entry.name)}: {printable(path)}{' was here' if was_here else ''}")
    return 0


def _known(store: Store, options: argparse.Namespace) -> Entry:
    return entry_meant(store, options.model, Kind(options.kind) if options.kind else None)


def _told(options: argparse.Namespace) -> Entry:
    """An entry of a file that the zoo does not know, from what the command line tells of it."""
    if not is_address(options.model):
        hint = "Give the file's address, like https://…/FILE.safetensors"
        raise InvalidInput("--sha256 goes with an address", value=options.model, hint=hint)
    if options.kind is None:
        hint = "Say --kind checkpoint or --kind lora"
        raise InvalidInput("what kind of model is it?", value=options.model, hint=hint)
    address = parse_address(options.model)
    name = options.name or name_for("", address, options.sha256)
    return Entry(
        name=Path(name).stem,
        kind=Kind(options.kind),
        source=address.url,
        size_bytes=options.size,
        sha256=options.sha256.strip().lower(),
        download=address.url,
        extra={FILE_NAME: name},
    )


def run_complete(options: argparse.Namespace) -> int:
    """Ask by hash what files are."""
    if bool(options.models) == options.all:
        raise InvalidInput("name models, or say --all", value=" ".join(options.models))
    settings = read_settings(options.zoo)
    done: list[Entry] = []
    problems: list[str] = []
    with _opened(options.zoo) as store:
        entries = (
            [e for e in store.all() if e.on_disk and not e.unsafe and not e.source]
            if options.all
            else [entry_meant(store, model) for model in options.models]
        )
        for number, entry in enumerate(entries):
            time.sleep(_PAUSE_S if number else 0)
            folder = ModelFolder(Path(entry.root), entry.kind)
            try:
                done.append(
                    complete(store, entry, [folder], settings, progress=terminal_progress())
                )
            except Cancelled:
                raise
            except PolarisError as error:
                problems.append(f"{entry.file or entry.name}: {error}")
    if options.json:
        rows = [{"id": e.id, "name": e.name, "file": e.file, "source": e.source} for e in done]
        print_json({"completed": rows, "problems": problems})
    else:
        for entry in done:
            print(f"{printable(entry.file)}: {printable(entry.name)}  {printable(entry.source)}")
        for problem in problems:
            print(f"polaris: {printable(problem)}", file=sys.stderr)
    return 1 if problems and not done else 0


def run_hash(options: argparse.Namespace) -> int:
    """Compute missing hashes; stopped and run again, it goes on where it was."""
    with _opened(options.zoo) as store:
        report = hash_gently(store, terminal_progress(), share=options.share)
        state = hash_state(store)
    problems = [str(problem) for problem in report.problems]
    if options.json:
        facts = {"hashed": report.hashed, "known": state.hashed, "missing": state.missing}
        print_json({**facts, "problems": problems})
    else:
        print(f"{report.hashed} hashed, {state.hashed} known, {state.missing} missing")
        for problem in problems:
            print(f"  {printable(problem)}")
    return 0


def _opened(home: Path) -> Store:
    if not (home / CATALOGUE).is_file():
        hint = "Run `polaris scan` first, or name another folder with --zoo"
        raise InvalidInput("there is no zoo in this folder", value=str(home), hint=hint)
    return Store.open(home / CATALOGUE)
