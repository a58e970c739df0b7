"""Clean trigger words as their uploaders give them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from polaris_core.catalogue.values import distinct

__all__ = ["trigger_words"]

_CALL = re.compile(r"<(?:lora|lyco|hypernet):[^<>]{0,512}>?", re.IGNORECASE)
_WORDS_LIMIT = 64
_WORD_LIMIT = 1_000


def trigger_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Keep each entry as given, without blanks and commas around it.

    Calls such as `<lora:name:1>`, empty entries and repetitions are dropped. An entry may be a
    whole list with commas: the order and company of its words are part of the advice.
    """
    cleaned = (_CALL.sub(" ", text[: 4 * _WORD_LIMIT]).strip(" ,;\t\r\n") for text in texts)
    return tuple(word[:_WORD_LIMIT].rstrip() for word in distinct(cleaned)[:_WORDS_LIMIT])
