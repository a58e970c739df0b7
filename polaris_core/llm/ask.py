"""Ask a language model, and once more where its reply cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from polaris_core.errors import UnreadableReply
from polaris_core.llm.base import ChatModel, Message, Question
from polaris_core.progress import Progress, silent

__all__ = ["ask"]

_T = TypeVar("_T")
_SHOWN_REPLY = 4000
_SHOWN_PROBLEM = 500


def ask(
    model: ChatModel,
    question: Question,
    read: Callable[[str], _T],
    progress: Progress = silent,
) -> _T:
    """Ask a question and read the reply; if it cannot be read, tell the model why and ask again.

    Args:
        model: Who is asked.
        question: What is asked.
        read: Makes a value of the reply's text, or raises `UnreadableReply`.
        progress: Called while the model answers.

    Returns:
        What `read` made of the first reply that it could read.

    Raises:
        UnreadableReply: The second reply cannot be read either.
        LanguageModelProblem: The model could not answer.
        Cancelled: `progress` raised it; whatever else it raises passes through as well.
    """
    try:
        return read(model.reply(question, progress))
    except UnreadableReply as problem:
        again = _again(question, problem)
    return read(model.reply(again, progress))


def _again(question: Question, problem: UnreadableReply) -> Question:
    """The question, the reply to it, and what is wrong with that."""
    wanted = "with your reply" if question.schema is None else "with the one JSON object asked for"
    text = (
        f"That cannot be used: {problem.problem[:_SHOWN_PROBLEM]}. "
        f"Answer the question again, {wanted} and nothing else."
    )
    # Two turns of the user in a row are refused by many chat templates.
    reply = problem.reply.strip()[:_SHOWN_REPLY] or "(no reply)"
    turns = (Message("assistant", reply), Message("user", text))
    return replace(question, messages=(*question.messages, *turns))
