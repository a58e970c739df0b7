"""From messages to the text that a model's chat template makes of them.

    messages ─▶ harmless ─▶ template ─▶ prompt
                (no control words but the template's own)

Templates differ: some read a message as a text, some as a list of parts, some know no system role.
Each form is tried, and the first is taken whose prompt holds every text and every picture asked
for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from polaris_core.errors import LanguageModelProblem
from polaris_core.llm.base import Message

__all__ = ["Render", "after_reply", "control_words", "harmless", "write_prompt"]

Render = Callable[[list[dict[str, Any]], bool], str]
"""A chat template: turns, and whether the model speaks next, to a text."""

_ROUNDS = 16
_MARKED = re.compile(r"<[^<>\s]{1,40}>|\[/?[A-Z_]{2,40}\]")
"""What templates mark turns with: `<|im_start|>`, `<start_of_turn>`, `[INST]`."""
_SAID = "Polaris"


def write_prompt(render: Render, messages: Sequence[Message], *, sees_pictures: bool) -> str:
    """The prompt for these messages, at the end of which the model speaks.

    Raises:
        LanguageModelProblem: The template can be used in no form.
    """
    last: Exception | None = None
    for turns in _forms(messages, sees_pictures):
        try:
            prompt = render(turns, True)
        except Exception as error:  # whatever a foreign template makes of turns
            last = error
            continue
        if _holds(prompt, messages):
            return _thought_over(prompt)
    raise LanguageModelProblem(
        "the model's chat template cannot be used",
        value=str(last) if last else "it leaves out a message",
        hint="Choose another model, or mend chat_template.jinja in its folder",
    ) from last


def _forms(messages: Sequence[Message], sees_pictures: bool) -> Iterator[list[dict[str, Any]]]:
    for told in (messages, _without_system(messages)):
        for in_parts in (True, False) if sees_pictures else (False, True):
            yield [_turn(m, sees_pictures, in_parts) for m in told]


def _turn(message: Message, sees_pictures: bool, in_parts: bool) -> dict[str, Any]:
    text = message.text.strip()
    if not in_parts:
        return {"role": message.role, "content": text}
    parts: list[dict[str, str]] = []
    if sees_pictures:
        parts += [{"type": "image"} for _ in message.pictures]
    return {"role": message.role, "content": [*parts, {"type": "text", "text": text}]}


def _without_system(messages: Sequence[Message]) -> Sequence[Message]:
    """The system's words at the head of the first turn of the user."""
    system = [m.text.strip() for m in messages if m.role == "system"]
    told = [m for m in messages if m.role != "system"]
    for i, message in enumerate(told):
        if system and message.role == "user":
            told[i] = replace(message, text="\n\n".join([*system, message.text.strip()]))
            break
    return told


def _holds(prompt: str, messages: Sequence[Message]) -> bool:
    """Whether every text is there, and none as Python writes a list of parts."""
    texts = [message.text.strip() for message in messages]
    as_list = "{'type': 'text'"
    return all(text in prompt for text in texts) and (
        as_list not in prompt or any(as_list in text for text in texts)
    )


def _thought_over(prompt: str) -> str:
    """End the thinking that a template has begun: the answer comes at once."""
    return f"{prompt.rstrip()}\n\n</think>\n\n" if prompt.rstrip().endswith("<think>") else prompt


def after_reply(render: Render) -> str:
    """What a template writes after a reply; empty where it tells nothing."""
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _SAID}]
    for in_parts in (False, True):
        if in_parts:
            turns = [
                {**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in turns
            ]
        try:
            prompt = render(turns, False)
        except Exception:
            continue
        if _SAID in prompt:
            return prompt.rpartition(_SAID)[2]
    return ""


def control_words(prompt: str) -> set[str]:
    """The words by which a template marks turns, found in a prompt of it without foreign texts."""
    return set(_MARKED.findall(prompt))


def harmless(
    text: str, words: set[str], find_tokens: Callable[[str], Sequence[tuple[int, int]]]
) -> str:
    """The text with a blank in each control word, which makes it ordinary letters.

    Args:
        text: From anyone.
        words: What the template marks turns with.
        find_tokens: Where a text holds control tokens: start and end of each, in characters.

    Raises:
        LanguageModelProblem: A control token cannot be broken up.
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    for word in sorted(words):
        text = text.replace(word, f"{word[0]} {word[1:]}")
    for _ in range(_ROUNDS):
        found = find_tokens(text)
        if not found:
            return text
        text = _broken_up(text, found)
    raise LanguageModelProblem(
        "the text holds words that control this model", value=text, hint="Take them out of it"
    )


def _broken_up(text: str, found: Sequence[tuple[int, int]]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in sorted(found):
        kept = text[start : start + 1] if end - start > 1 else ""
        pieces += [text[at:start], kept, " "]
        at = max(at, start + 1)
    return "".join([*pieces, text[at:]])
