"""The fields of a model's reply, under whatever name and in whatever form it gave them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import cast

from polaris_core.instructions.words import word_set
from polaris_core.llm.structured import fold_name

__all__ = ["FIELD_NAMES", "ReplyFields", "clean", "flag_of", "leaves"]

_NAMES = {
    "instruction_type": "instruction type|type|edit type|editing type|category|task type|task|kind|"
    "operation|action|edit|intent type|request type|instruction category|change type|intent",
    "subject": "subject|edit subject|instruction subject|main subject|target|target object|"
    "original object|old object|source object|region|entity|object",
    "place": "place|location|local range|position|subject location|where",
    "anchor": "anchor|placement|anchor phrase|destination|relative to|target location",
    "style_words": "style words|style phrase|style description|target style|new style|style name|"
    "look|appearance|style",
    "object_words": "object words|new object|new thing|object phrase|replacement|added object|"
    "replacement object|result object|object",
    "style_transformation": "style transformation|style transfer|style change|style flag|has style|"
    "is style|stylization|style",
    "generation_prompt": "generation prompt|prompt|final prompt|image prompt|target prompt|"
    "positive prompt|new prompt|caption|final description|description",
    "contour_compatible": "contour compatible|contour compatibility|contour|shape compatible|"
    "contours compatible|outline compatible|compatible",
    "foreground": "foreground|foreground elements|foreground objects|foreground nouns|"
    "foreground items",
    "topics": "topics|topic|search topics",
    "remaining": "remaining|remaining requests|other requests|further requests|rest|"
    "additional requests|not done|leftover",
    "explanation": "explanation|reason|why|reasoning|rationale|note|notes|comment",
    "style": "style|style phrase|style topic|styles",
    "objects": "objects|object phrases|object topics|object|things",
}
_FOLDED = {field: tuple(map(fold_name, names.split("|"))) for field, names in _NAMES.items()}
FIELD_NAMES = frozenset(name for names in _FOLDED.values() for name in names)
"""Every name under which a field is known, folded."""

_FLAGS = {
    **dict.fromkeys(word_set("true yes y t 1 on compatible 是 ja oui sí si"), True),
    **dict.fromkeys(word_set("false no n f 0 off incompatible 否 nein non"), False),
}
_NOTHING = frozenset({"", "none", "null", "nil", "n/a", "na", "undefined", "empty", "-", "nan"})
_TAG = re.compile(
    r"<[|｜][^<>]{0,60}[|｜]>|</[^<>]{1,40}>|<\w{1,20}:[^<>]{0,80}>|\[/?(?:INST|IMG|SYS)\]"
    r"|<(?:s|pad|eos|bos|unk|mask|image|img|video|br|p|b|i|u|em|strong|span|div|li|ul|think"
    r"|(?:start|end)_of_(?:turn|text|image))\s?/?>",
    re.IGNORECASE,
)
_AROUND = " \t\"'`“”‘’*"
_SPLIT = re.compile(r"[,;、，；\n]")
_NO_BRACKETS = str.maketrans("<>", "  ")  # nothing that is left can be a mark then
_ITEMS = 16
_LEAVES = 64


class ReplyFields:
    """The object of a reply; each field is found under any of its names."""

    def __init__(self, found: dict[str, object]) -> None:
        self._values: dict[str, object] = {}
        for key, value in found.items():
            folded = fold_name(key)
            # Two spellings of one name: the one that says something.
            if folded not in self._values or value not in (None, "", []):
                self._values[folded] = value

    def values(self, field: str) -> Iterator[object]:
        """What stands under the names of a field, the proper name first."""
        return (self._values[name] for name in _FOLDED[field] if name in self._values)

    def has(self, field: str) -> bool:
        """Whether the reply names the field at all."""
        return next(self.values(field), self) is not self

    def text(self, field: str, longest: int = 200) -> str:
        """A text, cleaned and cut; empty if there is none. A list is joined, a flag is no text."""
        for value in self.values(field):
            text = clean(", ".join(_spoken(value)), longest)
            if text and flag_of(text) is None:
                return text
        return ""

    def flag(self, field: str) -> bool | None:
        """A yes or no, however it is written; None if there is none."""
        flags = map(flag_of, self.values(field))
        return next((flag for flag in flags if flag is not None), None)

    def items(self, field: str, longest: int = 100, *, split: bool = True) -> tuple[str, ...]:
        """A list of texts, each once; a text is split at its commas."""
        for value in self.values(field):
            texts = _spoken(value)
            if isinstance(value, str) and split:
                texts = [part for text in texts for part in _SPLIT.split(text.strip("[]()"))]
            found = dict.fromkeys(clean(text, longest) for text in texts[:_LEAVES])
            if items := tuple(text for text in found if text)[:_ITEMS]:
                return items
        return ()

    def within(self, field: str) -> ReplyFields:
        """The fields of an object within the object; none if it is no object."""
        for value in self.values(field):
            if isinstance(value, dict):
                return ReplyFields(cast("dict[str, object]", value))
        return ReplyFields({})


def flag_of(value: object) -> bool | None:
    """Yes or no; None if it is neither."""
    if isinstance(value, (bool, int, float)):
        return bool(value) if value in (0, 1) else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    return _FLAGS.get(value.strip(_AROUND + ".").lower())


def leaves(value: object) -> list[str]:
    """The texts and numbers in a value, at most 64, without flags and nothings."""
    found: list[str] = []
    waiting = [value]
    while waiting and len(found) < _LEAVES:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += list(cast("dict[str, object]", each).values())[:_LEAVES][::-1]
        elif isinstance(each, list):
            waiting += cast("list[object]", each)[:_LEAVES][::-1]
        elif isinstance(each, (str, int, float)) and not isinstance(each, bool):
            found.append(str(each))
    return found


def _spoken(value: object) -> list[str]:
    """The texts in a value; its numbers (boxes, scores) only if it has nothing else."""
    texts = leaves(value)
    return [text for text in texts if any(c.isalpha() for c in text[:200])] or texts


def clean(text: str, longest: int) -> str:
    """The text as one line of visible characters, without marks of chat templates or HTML."""
    text = text[: longest * 4]
    text = "".join(_SEEN.get(unicodedata.category(c), c) for c in text)
    text = " ".join(_TAG.sub(" ", text).translate(_NO_BRACKETS).split())
    bare = text.strip(_AROUND)
    text = bare if '"' not in bare else text  # "STOP" sign
    if text.lower() in _NOTHING:
        return ""
    if len(text) > longest:
        text = text[:longest].rpartition(" ")[0] or text[:longest]
    return text


_SEEN = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "", "Co": ""}
