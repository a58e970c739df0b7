"""The one way from a sentence to an intent: a language model if there is one, else the grammar."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polaris_core.errors import Cancelled, PolarisError
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import EditIntent
from polaris_core.instructions.prompt import question_for
from polaris_core.instructions.reply import intent_from_reply
from polaris_core.llm.ask import ask
from polaris_core.progress import Progress, silent

if TYPE_CHECKING:
    from PIL.Image import Image

    from polaris_core.llm.base import ChatModel

__all__ = ["parse"]


def parse(
    instruction: str,
    *,
    picture: Image | None = None,
    model: ChatModel | None = None,
    fallback: bool = True,
    progress: Progress = silent,
) -> EditIntent:
    """Read what an instruction asks for.

    Args:
        instruction: The user's sentence; the grammar reads English, a model what it has learnt.
        picture: The picture it speaks of. The grammar only asks whether there is one.
        model: Asked first; None leaves it to the grammar.
        fallback: Whether the grammar answers when the model cannot; `fallback_reason` then says
            what went wrong.
        progress: Called while the model answers.

    Raises:
        InvalidIntent: The instruction is empty.
        PolarisError: The model could not be loaded or could not answer, and `fallback` is false.
    """
    by_grammar = parse_instruction(instruction, has_picture=picture is not None)
    if model is None:
        return by_grammar

    def read(reply: str) -> EditIntent:
        return intent_from_reply(
            reply, instruction, has_picture=picture is not None, parser=model.name
        )

    try:
        return ask(model, question_for(instruction, picture), read, progress)
    except Cancelled:
        raise
    except PolarisError as problem:  # it cannot be loaded, reached, understood …
        if not fallback:
            raise
        return replace(by_grammar, fallback_reason=str(problem))
