"""Read the one JSON object that a model was asked for out of whatever it wrote.

    reply ─▶ without thoughts ─▶ the objects in it ─▶ the one that answers

Strict JSON is tried first, then repair of bounded pieces; any reply takes bounded time and memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple, cast

from polaris_core.errors import UnreadableReply
from polaris_core.llm.repair import FULL_WIDTH, repairable, repaired
from polaris_core.llm.thinking import part_thinking

__all__ = ["fold_name", "read_object"]

_Object = dict[str, object]

_READ_CHARACTERS = 65_536
_REPAIRED_CHARACTERS = 12_000
_REPAIR_AT_LEAST = 1_000  # what a repair costs of these, however short the piece
_OBJECTS = 32
_DEPTH = 64
_WRAPPINGS = 4
_WRAPPED_VALUES = 64

_BRACES_AND_QUOTES = re.compile(r'\\.|["{}]', re.DOTALL)
_KEY = re.compile(r"""\s*["'“]?\w{1,40}["'”]\s*:""")
_PAIR = re.compile(r"""[\s>*•"'`_-]*([A-Za-z][\w /-]{0,40}?)[\s"'`*_]*[:：=]\s*(.*)""")
_PAGE = re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_REFUSAL = re.compile(
    r"\b(?:sorry|apologi[sz]e|i (?:can(?:no|')?t|won't|will not|am unable|must decline)"
    r"|i'm (?:unable|not able)|(?:unable|not able) to (?:help|assist|comply)|as an ai"
    r"|désolé|je ne peux|lo siento|no puedo|es tut mir leid|ich kann (?:nicht|dabei|das)"
    r"|desculpe|não posso|mi dispiace|non posso|извините|не могу)\b"
    r"|抱歉|对不起|無法|无法|申し訳|できません|죄송",
    re.IGNORECASE,
)
_DECODER = json.JSONDecoder()


def fold_name(name: str) -> str:
    """A field's name without case, spaces and marks: "Instruction-Type" is "instructiontype"."""
    return "".join(c for c in name[:100].casefold() if c.isalnum())


def read_object(reply: str, wanted: Collection[str] = ()) -> dict[str, object]:
    """The JSON object that a reply holds.

    Accepted are code fences and prose around it, thoughts before it, and whatever of JSON's rules a
    model forgets: trailing commas, other quotes, Python's literals, bare keys, comments, full-width
    punctuation, a missing beginning or end. Of a key that stands there twice the last value counts.

    Of several objects the last one counts that has more than a third as many of the wanted keys as
    the one with most; of a list of objects the first such, and of objects within objects, or within
    strings, the outermost such, with what the object around it says beside it. Lines "key: value"
    are read if two keys are wanted ones. An object in the thoughts counts only if it ends them and
    no answer follows.

    Args:
        reply: All that the model wrote. Of more than 65,536 characters after its thoughts, the
            first and the last 32,768 are read.
        wanted: Keys that the object may have, in any spelling. An object with none of them is
            passed over; without any wanted ones every key counts.

    Returns:
        The object, not empty, with its keys as they were written.

    Raises:
        UnreadableReply: There is no such object; it says what the reply is instead.
        MissingDependency: json_repair is not installed, and the reply is not strict JSON.
    """
    reader = _Reader(frozenset(map(fold_name, wanted)))
    spoken = part_thinking(reply.replace("\ufeff", ""))
    found = reader.whole(reply) or reader.best_of(spoken.answer)
    if not found and not spoken.answer:
        found = reader.best_of(_last_object(spoken.thoughts))
    found = found or reader.lines(spoken.answer)
    if not found:
        raise _unreadable(reply, spoken.answer, spoken.thoughts)
    return found


class _Piece(NamedTuple):
    value: object
    end: int


class _Reader:
    """Reads one reply; counts what repairing may still cost."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.repairs_left = _REPAIRED_CHARACTERS

    def whole(self, reply: str) -> _Object:
        """The object, if the reply is JSON and nothing else; else an empty one."""
        text = reply.strip("\ufeff \t\r\n")
        piece = _strict(text, 0) if len(text) <= _READ_CHARACTERS else None
        return self._unwrapped(piece.value) if piece and piece.end == len(text) else {}

    def best_of(self, text: str) -> _Object:
        """The object in a text that answers; empty if there is none."""
        half = _READ_CHARACTERS // 2
        texts = [text] if len(text) <= 2 * half else [text[:half], text[-half:]]
        lists = [each for part in texts for each in self._lists(part)]
        return self._first(found for each in reversed(lists) for found in each)

    def lines(self, text: str) -> _Object:
        """Lines of the form "key: value", if they name wanted keys."""
        pairs = [_PAIR.fullmatch(line[:2000]) for line in text[:_READ_CHARACTERS].split("\n", 200)]
        found: _Object = {p.group(1): p.group(2).strip(" \t\r*`\"',") for p in pairs if p}
        return found if self.names and self._score(found) >= 2 else {}

    def _score(self, found: _Object) -> int:
        return sum(fold_name(k) in self.names for k in found) if self.names else len(found)

    def _first(self, objects: Iterable[_Object]) -> _Object:
        """The first with enough of the wanted keys."""
        scored = [(self._score(found), found) for found in objects]
        most = max((score for score, _ in scored), default=0)
        return next((f for score, f in scored if score * 3 > most), _Object())

    def _unwrapped(self, value: object) -> _Object:
        """The object that counts in a value, beside what the outermost says."""
        if isinstance(value, list):
            items = cast("list[object]", value)[:_WRAPPED_VALUES]
            return self._first(self._unwrapped(i) for i in items if not isinstance(i, list))
        found = self._first(_objects_in(value))
        outer = cast(_Object, value) if isinstance(value, dict) else {}
        return {**outer, **found} if found else {}

    def _lists(self, text: str) -> Iterator[list[_Object]]:
        """The objects in a text; those with nothing but commas between are one list."""
        if "{" not in text:
            text = text.translate(FULL_WIDTH)
        if _KEY.match(text):
            text = "{" + text
        current: list[_Object] = []
        end = 0
        for _ in range(_OBJECTS):
            start = text.find("{", end)
            if start < 0:
                break
            if current and text[end:start].strip(" \t\r\n,"):
                yield current
                current = []
            found, close = self._object_at(text, start)
            current += [found] if found else []
            # An object that never closes may be a brace in prose: what it holds is then looked at.
            end = close or (len(text) if found else start + 1)
        yield current

    def _object_at(self, text: str, start: int) -> tuple[_Object, int]:
        """The object that opens there, and where it closes; 0 if it does not."""
        piece = _strict(text, start)
        if piece:
            return self._unwrapped(piece.value), piece.end
        close = _closing(text, start)
        broken = repairable(text[start : close or len(text)], max(0, self.repairs_left))
        self.repairs_left -= max(len(broken), _REPAIR_AT_LEAST)
        return self._unwrapped(repaired(broken)) if broken else {}, close


def _strict(text: str, start: int) -> _Piece | None:
    """The JSON value that begins there; None if it breaks a rule of JSON."""
    try:
        return _Piece(*_DECODER.raw_decode(text, start))
    except (ValueError, RecursionError):
        return None


def _closing(text: str, start: int) -> int:
    """Where the object that opens there has closed; 0 if it does not, or is nested too deeply."""
    depth, in_string = 0, False
    for found in _BRACES_AND_QUOTES.finditer(text, start):
        mark = found.group()
        if mark == '"':
            in_string = not in_string
        elif mark in "{}" and not in_string:
            depth += 1 if mark == "{" else -1
            if depth in (0, _DEPTH):
                return 0 if depth else found.end()
    return 0


def _objects_in(value: object) -> Iterator[_Object]:
    """A value's objects, the outermost first: in objects, in lists, in strings that hold JSON."""
    level = [value]
    for _ in range(_WRAPPINGS):
        inner: list[object] = []
        for each in level[:_WRAPPED_VALUES]:
            if isinstance(each, dict):
                found = cast("dict[str, Any]", each)
                yield found
                inner += found.values()
            elif isinstance(each, list):
                inner += cast("list[object]", each)[:_WRAPPED_VALUES]
            elif isinstance(each, str) and each.lstrip()[:1] in ("{", "["):
                piece = _strict(each.strip(), 0)
                inner += [piece.value] if piece else []
        level = inner


def _last_object(thoughts: str) -> str:
    """What may be an answer among thoughts: an object that ends them; empty if there is none."""
    text = thoughts.rstrip("`~ \t\r\n")
    starts = [found.start() for found in re.finditer(r"\{", text[-_READ_CHARACTERS:])]
    offset = max(0, len(text) - _READ_CHARACTERS)
    for start in starts[-_OBJECTS:]:
        piece = _strict(text, offset + start)
        if piece and piece.end == len(text):
            return text[offset + start :]
    return ""


def _unreadable(reply: str, answer: str, thoughts: str) -> UnreadableReply:
    hint = "Ask again, or use another model"
    if not answer and not thoughts:
        problem = "the model's reply is empty"
    elif not answer:
        problem = "the model thought aloud and gave no answer"
        hint = "Allow it a longer reply, or switch its thinking off"
    elif _PAGE.match(answer):
        problem = "the model's reply is a web page"
        hint = "Check the address of the server: it may be that of its web page"
    elif "{" not in answer and _REFUSAL.search(answer[:400].replace("’", "'")):
        problem = "the model refused to answer"
        hint = "Put the request in other words, or use another model"
    elif "{" in answer or "｛" in answer:
        problem = "the model's reply holds no object with the fields asked for"
    else:
        problem = "the model's reply holds no JSON object"
    return UnreadableReply(problem, reply=reply, hint=hint)
