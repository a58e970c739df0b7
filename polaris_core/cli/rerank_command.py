"""`polaris rerank`: a language model reads the LoRAs that the search found."""

from __future__ import annotations

import argparse

import numpy as np

from polaris_core.cli.output import print_json, printable, terminal_progress
from polaris_core.cli.parse_command import home_of
from polaris_core.cli.zoo_commands import filters_of, find, open_zoo
from polaris_core.images import read_picture
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.llm.factory import language_model
from polaris_core.rerank.report import RerankReport, describe
from polaris_core.rerank.shortlists import rerank_shortlist

__all__ = ["run_rerank"]


def run_rerank(options: argparse.Namespace) -> int:
    """Search, let the model read, and print what it kept and why."""
    model = language_model(options.llm, home_of())
    picture = np.asarray(read_picture(options.image)) if options.image else None
    intent = parse_instruction(options.instruction, has_picture=picture is not None)
    filters = filters_of(options)
    shortlist = find(open_zoo(options), intent, picture=picture, filters=filters, loras=options.k)
    _, report = rerank_shortlist(
        shortlist,
        intent,
        model,
        keep=options.keep,
        rounds=options.rounds,
        threshold=options.threshold,
        progress=terminal_progress(),
    )
    if options.json:
        print_json(_as_json(report))
    else:
        print("\n".join(map(printable, describe(report).splitlines())))
    return 0


def _as_json(report: RerankReport) -> dict[str, object]:
    return {
        "model": report.model,
        "method": report.method,
        "seconds": round(report.seconds, 3),
        "tokens": report.tokens,
        "questions": report.questions,
        "topics": [
            {
                "slot": each.topic.slot.value,
                "phrase": each.topic.phrase,
                "kept": [
                    {
                        "name": verdict.hit.entry.name,
                        "file": verdict.hit.entry.file,
                        "score": verdict.score,
                        "reason": verdict.reason,
                    }
                    for verdict in each.kept
                ],
                "dropped": len(each.dropped),
            }
            for each in report.topics
        ],
        "left": list(report.left),
    }
