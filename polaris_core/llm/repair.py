"""Repair broken JSON in bounded time.

json_repair knows most of what models get wrong, but on a hostile text it takes time that grows with
the square of its length: 1.7 s for 8,000 characters full of quotes, over a minute for 64 KB. So it
is given a few thousand characters with a few hundred marks; what follows counts as cut off. That
takes 0.4 s at the most, and a few milliseconds for anything that a model means as an answer.
"""

from __future__ import annotations

import itertools
import re

from polaris_core.errors import MissingDependency

__all__ = ["FULL_WIDTH", "repairable", "repaired"]

FULL_WIDTH = str.maketrans("｛｝［］：，", "{}[]:,")
"""Chinese and Japanese punctuation that models write in the place of JSON's own."""

_CHARACTERS = 6_000
_LIMITS = ((re.compile(r"""["'“”:,\\=*`]"""), 500), (re.compile(r"[{\[(]"), 64))
_QUOTES = str.maketrans("“”„‟＂«»‘’＇", '"' * 7 + "'" * 3)
_ASSIGNED = re.compile(r"""(?<=["'])\s{0,9}=>?\s{0,9}(?=["'\[{\w-])""")
_FENCE_END = re.compile(r"\n\s{0,9}(?:```|~~~)")


def repairable(text: str, longest: int) -> str:
    """As much of a text as can be repaired in a moment, at most `longest` characters."""
    end = min(len(text), _CHARACTERS, longest)
    for mark, most in _LIMITS:
        past = next(itertools.islice(mark.finditer(text, 0, end), most, None), None)
        end = past.start() if past else end
    return text[:end]


def repaired(text: str) -> object:
    """The value that broken JSON was meant to be; None if nothing can be made of it.

    Args:
        text: What `repairable` left.

    Raises:
        MissingDependency: json_repair is not installed.
    """
    try:
        import json_repair
    except ImportError as error:
        raise MissingDependency(
            "the package json_repair cannot be imported",
            value=str(error),
            hint="Install it: pip install json-repair",
        ) from error
    try:
        return json_repair.loads(_like_json(text), skip_json_loads=True)
    except Exception:  # anything: its own assertions fail on hostile text (version 0.64)
        return None


def _like_json(text: str) -> str:
    """The text with what json_repair does not know made like JSON."""
    text = _FENCE_END.split(text.translate(FULL_WIDTH), maxsplit=1)[0]
    text = text.replace('"""', '"')
    if '"' not in text:
        text = text.translate(_QUOTES)
    return _ASSIGNED.sub(": ", text)
