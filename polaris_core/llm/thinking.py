"""Part what a model thought aloud from what it answered.

Models mark their thoughts in many ways: <think>…</think>, [THINK]…[/THINK], <reasoning>, ◁think▷,
or, as gpt-oss does, by naming a channel before each message. Chat templates often write the opening
mark themselves, so that only the closing one stands in the reply.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Spoken", "part_thinking"]

_WORD = r"(?:think(?:ing)?|thoughts?|reasoning|analysis|reflection|scratchpad)"
_OPENING = re.compile(
    rf"<\|?(?:\w{{1,12}}:)?{_WORD}\|?>|(?-i:\[THINK\])|◁think▷|<\|begin_of_thought\|>"
    r"|<\|channel\|>(?:analysis|commentary)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"<\|?/(?:\w{{1,12}}:)?{_WORD}\|?>|(?-i:\[/THINK\])|◁/think▷|<\|end_of_thought\|>"
    r"|<\|channel\|>final[^<]{0,40}<\|message\|>",
    re.IGNORECASE,
)


class Spoken(NamedTuple):
    """A reply in its two halves."""

    thoughts: str
    """What was thought aloud; empty if nothing was."""
    answer: str
    """What was answered; empty if the model never came to it."""


def part_thinking(reply: str) -> Spoken:
    """Part a reply where the last mark of a thought closes.

    A thought that never closes runs to the end: the reply was cut off, or the answer lies in it.
    Time is linear in the length.
    """
    thoughts, answer = "", reply
    closed = list(_CLOSING.finditer(reply))
    if closed:
        thoughts, answer = reply[: closed[-1].start()], reply[closed[-1].end() :]
    opened = _OPENING.search(answer)
    if opened:
        thoughts += answer[opened.end() :]
        answer = answer[: opened.start()]
    return Spoken(thoughts.strip(), answer.strip())
