"""`polaris freeze` and `polaris resolve`: workflows that mean the same elsewhere."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from polaris_core.catalogue import fingerprints
from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.store import Store
from polaris_core.cli.output import print_json, print_table, printable, terminal_progress
from polaris_core.errors import InvalidInput
from polaris_core.page.cards import Json
from polaris_core.page.freeze import freeze
from polaris_core.page.resolve import resolve
from polaris_core.page.workflows import read_workflow
from polaris_core.retrieval.identity import Hash
from polaris_core.retrieval.zoo import CATALOGUE

__all__ = ["run_freeze", "run_resolve"]

_MISSING = 4


def run_freeze(options: argparse.Namespace) -> int:
    """Write a workflow in which every model is named by name, hash, size and source."""
    workflow = read_workflow(options.workflow, api=options.api)
    nodes = workflow.nodes(_text_of(options.plan) if options.plan else "")
    out: Path = options.out or options.workflow.with_suffix(".frozen.json")
    with _store(options.zoo) as store:
        result = freeze(nodes, store, _hashed(store))
    if not result["frozen"] and not result["edits"]:
        raise InvalidInput(
            "the workflow names no model yet",
            value=str(options.workflow),
            hint="Give a picture that it saved, or a plan with --plan",
        )
    workflow.apply(result["edits"])
    try:
        with out.open("x", encoding="utf-8") as file:
            json.dump(workflow.value, file, ensure_ascii=False, indent=2)
    except FileExistsError as error:
        hint = "Name another with --out"
        raise InvalidInput("the file is there already", value=str(out), hint=hint) from error
    if options.json:
        print_json({**result, "out": str(out)})
    else:
        _print_models(result["frozen"])
        print(f"written to {out}")
    for problem in result["problems"]:
        print(f"polaris: {printable(problem['error'])}", file=sys.stderr)
    return 1 if result["problems"] else 0


def run_resolve(options: argparse.Namespace) -> int:
    """Say which models of a workflow are here, and where the others came from."""
    nodes = read_workflow(options.workflow).nodes()
    with _store(options.zoo) as store:
        result = resolve(nodes, store, _hashed(store))
    if options.json:
        print_json(result)
    elif result["models"]:
        head = ["status", "by", "name", "file", "here as", "from"]
        keys = ("status", "by", "name", "file", "found_file", "source")
        print_table(head, [[row[key] for key in keys] for row in result["models"]])
    else:
        print("the workflow names no model")
    return _MISSING if result["missing"] else 0


def _print_models(rows: list[Json]) -> None:
    print_table(
        ["slot", "name", "file", "sha256", "from"],
        [[r["slot"] or "any", r["name"], r["file"], r["sha256"][:10], r["source"]] for r in rows],
    )


def _store(home: Path) -> Store:
    if not (home / CATALOGUE).is_file():
        hint = "Run `polaris scan` first, or name another folder with --zoo"
        raise InvalidInput("there is no zoo in this folder", value=str(home), hint=hint)
    return Store.open(home / CATALOGUE)


def _hashed(store: Store) -> Hash:
    def hashed(entry: Entry) -> Entry:
        return fingerprints.hashed(store, entry, terminal_progress())

    return hashed


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput("the plan cannot be read", value=str(path)) from error
