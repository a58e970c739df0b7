"""`polaris refine`: put descriptions into a few clear words."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from polaris_core.catalogue.refinements import forget_refined, refined_by
from polaris_core.catalogue.store import Store
from polaris_core.cli.output import print_json, print_table, printable, terminal_progress
from polaris_core.cli.parse_command import home_of
from polaris_core.refining.base import Refiner
from polaris_core.refining.rules import RuleRefiner
from polaris_core.refining.run import refine
from polaris_core.retrieval.zoo import CATALOGUE

__all__ = ["run_refine"]

_SHOWN_PROBLEMS = 10


def run_refine(options: argparse.Namespace) -> int:
    """Refine the zoo's entries, or go back to what uploaders wrote."""
    with Store.open(options.zoo / CATALOGUE) as store:
        if options.undo:
            return _undo(store, options)
        if options.list:
            return _list(store, options)
        report = refine(store, _refiner(options), terminal_progress(), afresh=options.afresh)
    if options.json:
        print_json(asdict(report))
        return 0
    print(printable(report.summary()))
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        print(f"  {printable(problem)}")
    if report.failed > _SHOWN_PROBLEMS:
        print(f"  … and {report.failed - _SHOWN_PROBLEMS} more")
    return 0


def _refiner(options: argparse.Namespace) -> Refiner:
    if not options.llm:
        return RuleRefiner()
    from polaris_core.llm.factory import language_model
    from polaris_core.refining.model import ModelRefiner

    return ModelRefiner(language_model(options.llm, home_of()))


def _undo(store: Store, options: argparse.Namespace) -> int:
    count = forget_refined(store)
    if options.json:
        print_json({"undone": count})
    else:
        print(f"{count} entries are shown as their uploaders wrote them")
    return 0


def _list(store: Store, options: argparse.Namespace) -> int:
    counts = refined_by(store)
    if options.json:
        print_json(counts)
    else:
        print_table(["refined by", "entries"], list(counts.items()))
    return 0
