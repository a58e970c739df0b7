"""Read an order out of whatever a model wrote when it was asked to put numbers in order.

    {"order": [3, 1, 2], "fit": [3]}     [3, 1, 2]      3 > 1 > 2      1. Candidate 3 …

What comes out is always a permutation: numbers that are told twice count once, numbers that do not
exist are passed over, and those that are missing follow in the order in which they were shown.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from polaris_core.errors import UnreadableReply
from polaris_core.llm.structured import fold_name, read_object
from polaris_core.llm.thinking import part_thinking

__all__ = ["ListOrder", "read_order"]

_CHARACTERS = 32_768
_LISTS = 64
_VALUES = 1000
_DECODER = json.JSONDecoder()

_ORDER = ("order", "ranking", "ranked", "rank", "result", "results", "answer", "best", "sorted")
_FIT = ("fit", "fits", "fitting", "relevant", "suitable", "matches")
_NUMBER_KEYS = ("number", "id", "candidate", "index", "no", "n")

_NUMBER = re.compile(r"(?<![\w.])(?<!\d[-/])\d{1,4}(?!\w|[.,/]\d)")
_LOOSE = re.compile(r"\d{1,9}")
_CHAIN = re.compile(r">|→|≻|≥|»|⇒")
_RISING = re.compile(r"\d[\])]?\s?<\s?[\[(]?\d")
_LINE = re.compile(
    r"\s{0,20}(?:[-*•]\s{1,4})?[*_`\"\[(#]{0,6}(\d{1,4})[*_`\"\])]{0,6}(?:\s{0,4}[.:)\-–—,]|\s|$)(.*)"
)
_LABELLED = re.compile(
    r"\b(?:candidates?|adapters?|numbers?|no|nr|options?|items?|loras?|entry|id)"
    r"[\s._:#*]{0,4}[\[(]?(\d{1,4})(?!\w|\.\d)|[#№\[](\d{1,4})(?!\w|\.\d)",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\bnone\b|\bno (?:candidate|adapter|one)\b|\bnothing\b|\bneither\b|\[\s{0,9}\]", re.IGNORECASE
)
_SHORTEST_NAME = 4


@dataclass(frozen=True, slots=True)
class ListOrder:
    """Candidates in order; they are named by their place in what was shown, from 0."""

    order: tuple[int, ...]
    """All of them, best first."""
    fits: frozenset[int] | None
    """Those that the model says fit; None if it did not say."""
    told: int
    """How many of `order` it named; the rest stands as it was shown."""


def read_order(reply: str, count: int, names: Sequence[str] = ()) -> ListOrder:
    """The order that a reply tells.

    Args:
        reply: All that the model wrote; of its answer the first 32,768 characters are read.
        count: How many candidates there were; they were numbered from 1.
        names: What they are called, if a reply may also name them.

    Raises:
        UnreadableReply: It names none of them, and does not say that none fits.
    """
    text = unicodedata.normalize("NFKC", part_thinking(reply).answer[:_CHARACTERS])
    found = _of_object(text, count)
    if found is not None:
        return found
    for read in _READINGS:
        numbers = list(itertools.islice(read(text, count, names), _VALUES))
        if any(1 <= n <= count for n in numbers):
            return _order(numbers, None, count)
    if _NONE.search(text):
        return ListOrder(tuple(range(count)), frozenset(), 0)
    raise UnreadableReply(
        f"the reply puts none of the numbers 1 to {count} in order",
        reply=reply,
        hint="Ask again, or use another model",
    )


def _order(numbers: Sequence[int], fits: Sequence[int] | None, count: int) -> ListOrder:
    all_told = [*numbers, *(fits or ())]
    # some count from 0
    first = 0 if 0 in all_told and max(all_told) < count else 1
    told = [n - first for n in all_told if first <= n < count + first]
    order = tuple(dict.fromkeys((*told, *range(count))))
    fitting = None
    if fits is not None:
        fitting = frozenset(n - first for n in fits if first <= n < count + first)
    return ListOrder(order, fitting, len(set(told)))


def _of_object(text: str, count: int) -> ListOrder | None:
    """What a JSON object tells; None if there is none that tells anything."""
    rows = _objects_of_list(text)
    if rows:
        return _of_rows(rows, count)
    try:
        found = read_object(text, (*_ORDER, *_FIT))
        if len(found) == 1 and isinstance(inner := next(iter(found.values())), dict):
            found = cast("dict[str, object]", inner)
    except UnreadableReply:
        return _of_numbered(text, count)
    by_name = {fold_name(key): value for key, value in found.items()}
    order = next((by_name[key] for key in _ORDER if key in by_name), None)
    fit = next((by_name[key] for key in _FIT if key in by_name), None)
    if isinstance(order, list) and (rows := _rows(cast("list[object]", order))):
        return _of_rows(rows, count)
    numbers = list(_numbers(cast("object", order)))
    fits = None if fit is None else list(_numbers(fit))
    if any(1 <= n <= count for n in (*numbers, *(fits or ()))):
        return _order(numbers, fits, count)
    if not numbers and (fits == [] or order == []):
        return ListOrder(tuple(range(count)), frozenset(), 0)
    return None


def _objects_of_list(text: str) -> list[dict[str, Any]]:
    """The objects of the first list of them."""
    nothing: list[dict[str, Any]] = []
    return next((rows for each in _lists(text) if (rows := _rows(each))), nothing)


def _rows(values: list[object]) -> list[dict[str, Any]]:
    """The values, if all are objects."""
    rows = [cast("dict[str, Any]", v) for v in values[:_VALUES] if isinstance(v, dict)]
    return rows if len(rows) == len(values) else []


def _of_rows(rows: Sequence[dict[str, Any]], count: int) -> ListOrder | None:
    """Objects such as {"number": 3, "fit": true}, best first."""
    numbers: list[int] = []
    fits: list[int] | None = None
    for row in rows:
        by_name = {fold_name(key): value for key, value in row.items()}
        number = next((by_name[key] for key in _NUMBER_KEYS if key in by_name), None)
        told = list(_numbers(number))[:1]
        numbers += told
        fit = next((by_name[key] for key in _FIT if key in by_name), None)
        if isinstance(fit, bool):
            fits = (fits or []) + (told if fit else [])
    return _order(numbers, fits, count) if any(1 <= n <= count for n in numbers) else None


def _of_numbered(text: str, count: int) -> ListOrder | None:
    """An object whose keys are the numbers: {"3": 0.9, "1": 0.2}."""
    try:
        found = read_object(text)
    except UnreadableReply:
        return None
    pairs = [(int(k), v) for k, v in found.items() if k.isdecimal() and len(k) < 5]
    if not pairs or len(pairs) < len(found):
        return None
    scores = {n: float(v) for n, v in pairs if isinstance(v, int | float)}
    numbers = [n for n, _ in pairs]
    if len(scores) == len(pairs) > 1:
        are_places = sorted(scores.values()) == list(range(1, len(scores) + 1))
        numbers.sort(key=lambda n: scores[n] if are_places else -scores[n])
    return _order(numbers, None, count) if any(1 <= n <= count for n in numbers) else None


def _numbers(value: object) -> Iterator[int]:
    """The whole numbers in a JSON value, in the order in which they stand there."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        if value == value // 1 and abs(value) < 1e6:
            yield int(value)
    elif isinstance(value, str):
        yield from (int(n) for n in _LOOSE.findall(value[:_CHARACTERS]))
    elif isinstance(value, list):
        for each in cast("list[object]", value)[:_VALUES]:
            yield from _numbers(each) if not isinstance(each, list | dict) else ()
    elif isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        yield from (int(k) for k, v in pairs if k.isdecimal() and len(k) < 5 and v)


def _lists(text: str) -> Iterator[list[object]]:
    at = 0
    for _ in range(_LISTS):
        at = text.find("[", at)
        if at < 0:
            return
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value


def _of_lists(text: str, count: int, _: Sequence[str]) -> Iterable[int]:
    """The longest list of several numbers, the last of such."""
    lists = [list(_numbers(each)) for each in _lists(text)]
    real = [each for each in lists if len({n for n in each if 0 <= n <= count}) > 1]
    return max(reversed(real), key=len, default=())


def _of_chain(text: str, _: int, __: Sequence[str]) -> Iterable[int]:
    """The line with the most ">" between numbers, the last of such."""
    chains = [
        [int(n) for n in _LOOSE.findall(line)] for line in text.splitlines() if _chained(line)
    ]
    rising = [
        [int(n) for n in _LOOSE.findall(line)][::-1]
        for line in text.splitlines()
        if _RISING.search(line) and not _chained(line)
    ]
    return max(reversed(chains or rising), key=len, default=())


def _chained(line: str) -> bool:
    parts = _CHAIN.split(line)
    return any(
        _LOOSE.search(a[-40:]) and _LOOSE.search(b[:40]) for a, b in itertools.pairwise(parts)
    )


def _of_lines(text: str, count: int, names: Sequence[str]) -> Iterable[int]:
    """Lines that begin with a number: the candidate's own, or its place."""
    found = [match for line in text.splitlines() if (match := _LINE.match(line[:2000]))]
    if len(found) < 2:
        return ()
    leads, rests = [int(match[1]) for match in found], [match[2] for match in found]
    if leads == list(range(1, len(leads) + 1)):
        labelled = [next(iter(_labels(rest)), None) or _named(rest, names) for rest in rests]
        if all(labelled):
            return [n for n in labelled if n]
        alone = [_LOOSE.findall(rest) for rest in rests]
        if all(
            len(n) == 1 and not rest.strip("*_`[]()#. \t0123456789")
            for n, rest in zip(alone, rests, strict=True)
        ):
            return [int(n[0]) for n in alone]
    return leads


def _of_labels(text: str, _: int, __: Sequence[str]) -> Iterable[int]:
    """Wherever "Candidate 3", "#3" or "[3]" stands."""
    return _labels(text)


def _labels(text: str) -> list[int]:
    return [int(a or b) for a, b in _LABELLED.findall(text)]


def _of_any(text: str, count: int, _: Sequence[str]) -> Iterable[int]:
    """The line with the most numbers, the last of such; all numbers if each stands alone."""
    lines = [[int(n) for n in _NUMBER.findall(line)] for line in text.splitlines()]
    real = [[n for n in line if 0 <= n <= count] for line in lines]
    if not real:
        return ()
    best = max(reversed(real), key=lambda line: len(set(line)))
    return best if len(set(best)) > 1 else [n for line in real for n in line]


def _of_names(text: str, _: int, names: Sequence[str]) -> Iterable[int]:
    """Candidates called by their names, in the order in which they first appear."""
    folded = text.casefold()
    at = {i: folded.find(name.casefold()) for i, name in enumerate(names, 1) if _long(name)}
    return sorted((i for i in at if at[i] >= 0), key=lambda i: (at[i], -len(names[i - 1])))


def _named(text: str, names: Sequence[str]) -> int | None:
    """The candidate with the longest name that a text begins with."""
    start = text.strip(" *_`\"'[](:.-").casefold()
    fitting = [i for i, n in enumerate(names, 1) if _long(n) and start.startswith(n.casefold())]
    return max(fitting, key=lambda i: len(names[i - 1]), default=None)


def _long(name: str) -> bool:
    return len(name) >= _SHORTEST_NAME


_READINGS: Sequence[Callable[[str, int, Sequence[str]], Iterable[int]]] = (
    _of_lists,
    _of_chain,
    _of_lines,
    _of_labels,
    _of_any,
    _of_names,
)
