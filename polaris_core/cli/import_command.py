"""`polaris import`: bring other people's catalogues into the zoo."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from polaris_core.catalogue.imports import forget_import, imports, refused
from polaris_core.catalogue.store import Store
from polaris_core.cli.output import print_json, print_table, printable, terminal_progress
from polaris_core.errors import InvalidInput
from polaris_core.importing.factory import source_named
from polaris_core.importing.run import import_from
from polaris_core.retrieval.zoo import CATALOGUE

__all__ = ["run_import"]

_SHOWN_PROBLEMS = 10


def run_import(options: argparse.Namespace) -> int:
    """Import sources one after the other, or show or forget what was imported."""
    with Store.open(options.zoo / CATALOGUE) as store:
        if options.forget:
            return _forget(store, options)
        if not options.sources:
            return _show(store, options)
        return _import(store, options)


def _import(store: Store, options: argparse.Namespace) -> int:
    if options.name and len(options.sources) > 1:
        raise InvalidInput("one name for several sources", value=options.name)
    sources = [
        source_named(
            text,
            options.zoo,
            name=options.name,
            types=tuple(options.type),
            base_models=tuple(options.base_model),
            tags=tuple(options.tag),
            author=options.author,
            versions="all" if options.all_versions else "latest",
        )
        for text in options.sources
    ]
    reports: list[object] = []
    for source in sources:
        report = import_from(store, source, terminal_progress(), afresh=options.afresh)
        reports.append(asdict(report))
        if options.json:
            continue
        print(printable(report.summary()))
        for problem in report.problems[:_SHOWN_PROBLEMS]:
            print(f"  {printable(problem)}")
        if report.refused > _SHOWN_PROBLEMS:
            print(f"  … and {report.refused - _SHOWN_PROBLEMS} more")
    if options.json:
        print_json(reports)
    return 0


def _show(store: Store, options: argparse.Namespace) -> int:
    states = imports(store)
    if options.json:
        print_json(
            [
                {**asdict(s), "problems": [asdict(r) for r in refused(store, s.origin)]}
                for s in states
            ]
        )
        return 0
    print_table(
        ["source", "models", "refused", "state"],
        [
            (
                s.origin,
                s.offers,
                s.refused,
                f"stopped after {s.pages} pages" if s.cursor else "complete",
            )
            for s in states
        ],
    )
    return 0


def _forget(store: Store, options: argparse.Namespace) -> int:
    count = forget_import(store, options.forget, terminal_progress())
    if options.json:
        print_json({"origin": options.forget, "forgotten": count})
    else:
        print(f"{printable(options.forget)}: {count} forgotten")
    return 0
