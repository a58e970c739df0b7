"""The kind of request as models write it: a number, a name, or several words."""

from __future__ import annotations

import re

from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.reply_fields import leaves
from polaris_core.instructions.words import word_set
from polaris_core.llm.structured import fold_name

__all__ = ["type_of"]

_T = InstructionType
_BY_NUMBER = (_T.CATEGORY_CHANGE, _T.ADD, _T.LOCAL_STYLE, _T.GLOBAL_STYLE, _T.NEW_PICTURE)
_NAMES = {
    _T.CATEGORY_CHANGE: "category change|change category|replace|replacement|object replacement|"
    "replace object|subject replace|subject replacement|swap|object swap|substitution|substitute|"
    "change object|object change|category transformation|替换",
    _T.ADD: "add|addition|add object|add new object|new object|object addition|subject add|insert|"
    "insertion|object insertion|添加|增加",
    _T.LOCAL_STYLE: "local style|local appearance|local edit|appearance|appearance change|"
    "attribute change|attribute modification|color change|colour change|color alteration|recolor|"
    "recolour|recoloring|material change|material alteration|texture change|background change|"
    "change background|background replacement|replace background|background|局部风格",
    _T.GLOBAL_STYLE: "global style|global appearance|global edit|whole image style|filter|"
    "image style|image style transfer|tone transfer|全局风格",
    _T.NEW_PICTURE: "new picture|new image|generate|generation|create|creation|text to image|"
    "image generation|generate image|style reference|reference style|new|生成",
    _T.REMOVE: "remove|removal|delete|deletion|erase|object removal|remove object|subject remove|"
    "subject removal|删除|移除",
    _T.OTHER: "other|none of these|none of the above|unsupported|not supported|unknown|unclear|"
    "no edit|not an edit|invalid|out of scope|text|text change|text editing|text edit|pose|"
    "pose change|motion change|其他",
}
_FOLDED = {fold_name(name): kind for kind, names in _NAMES.items() for name in names.split("|")}
_STYLING = word_set(
    "style styletransfer stylize stylise stylization stylisation stylechange restyle changestyle "
    "styletransformation applystyle artisticstyle styleedit 风格"
)
_WORDS = (
    (
        _T.NEW_PICTURE,
        re.compile(r"reference|\bgenerat(?:e|ion)\b|new (?:picture|image)"),
    ),
    (_T.LOCAL_STYLE, re.compile(r"\blocal|background (?:change|repl|edit|swap)")),
    (_T.GLOBAL_STYLE, re.compile(r"\bglobal|\b(?:whole|entire) (?:image|picture)")),
    (_T.CATEGORY_CHANGE, re.compile(r"\bcategory|(?<!background )\breplac(?!.*background)")),
    (_T.ADD, re.compile(r"\b(?:add|insert)")),
    (_T.REMOVE, re.compile(r"\b(?:remov|delet|eras)")),
    (_T.OTHER, re.compile(r"^other\b|\b(?:unsupported|not supported)")),
)
_UNDONE = re.compile(r"\b(?:texts?|words?|letters?|captions?|pose|posture|motion|expression)\b")
"""What no kind of request that we carry out is about, whatever is to happen to it."""
_DENIED = re.compile(r"\b(?:no|not|none|never|cannot|can t|don t|refuse\w*|unable|without)\b")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"^(?:(?:instruction )?type )?([0-4])\b(?!.*\d)")


def type_of(value: object, *, of_whole: bool, has_picture: bool) -> InstructionType | None:
    """The kind that a value means; None if it means none, or several.

    Args:
        value: 2, "2", "Type 2: local style", "backgroundChange", {"id": 2} …
        of_whole: Whether a bare "style transfer" is meant of the whole picture.
        has_picture: Whether there is a picture whose style can be changed.
    """
    found = {kind for text in leaves(value) for kind in _types_in(text[:100])}
    if len(found) == 1:
        return found.pop()
    if not found and any(fold_name(text) in _STYLING for text in leaves(value)):
        if not has_picture:
            return _T.NEW_PICTURE
        return _T.GLOBAL_STYLE if of_whole else _T.LOCAL_STYLE
    return None


def _types_in(text: str) -> list[InstructionType]:
    folded = fold_name(text)
    if folded in _FOLDED:
        return [_FOLDED[folded]]
    words = re.sub(r"[\W_]+", " ", _HUMP.sub(" ", text.strip().removesuffix(".0"))).lower()
    if _UNDONE.search(words):
        return [_T.OTHER]
    if _DENIED.search(words):
        return []
    number = _NUMBER.match(words.strip())
    named = [kind for kind, pattern in _WORDS if pattern.search(words.strip())]
    return named + ([_BY_NUMBER[int(number.group(1))]] if number else [])
