"""`polaris parse`: from a sentence to an intent."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from polaris_core.cli.output import printable, terminal_progress
from polaris_core.errors import LanguageModelProblem, MissingDependency, MissingWeights
from polaris_core.instructions.explain import describe_intent
from polaris_core.instructions.intent import EditIntent
from polaris_core.instructions.parser import parse
from polaris_core.instructions.serialize import intent_to_json
from polaris_core.llm.factory import language_model

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["home_of", "instruction_reader", "read_instruction", "run_parse"]


def run_parse(options: argparse.Namespace) -> int:
    """Say what the instruction asks for, in words or as JSON."""
    intent = read_instruction(options)
    print(
        intent_to_json(intent)
        if options.json
        else "\n".join(map(printable, describe_intent(intent)))
    )
    return 0


def home_of() -> Path:
    """The private folder of the command line, in which keys of servers are kept."""
    return Path(os.environ.get("POLARIS_HOME") or Path.home() / ".local" / "share" / "polaris")


def read_instruction(options: argparse.Namespace) -> EditIntent:
    """The intent of `instruction`, `image`, `llm` and `no_fallback` of a command line."""
    from polaris_core.images import read_picture  # the grammar alone needs no Pillow

    picture = read_picture(options.image) if options.image else None
    return instruction_reader(options)(options.instruction, picture)


def instruction_reader(options: argparse.Namespace) -> Callable[[str, Image | None], EditIntent]:
    """What reads an instruction and its picture: the model `llm` of a command line, or the grammar.

    The model is opened once.

    Raises:
        PolarisError: The model cannot be opened, and `no_fallback` is set.
    """
    model, failed = None, ""
    if options.llm is not None:
        try:
            model = language_model(options.llm, home_of())
        except (LanguageModelProblem, MissingDependency, MissingWeights) as problem:
            if options.no_fallback:
                raise
            failed = str(problem)

    def read(instruction: str, picture: Image | None) -> EditIntent:
        intent = parse(
            instruction,
            picture=picture,
            model=model,
            fallback=not options.no_fallback,
            progress=terminal_progress(),
        )
        return replace(intent, fallback_reason=failed) if failed else intent

    return read
