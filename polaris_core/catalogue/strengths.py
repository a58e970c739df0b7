"""Find the strength an uploader recommends, in prose and in prompts."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable

__all__ = ["bounded_strength", "middle", "strength_in_prompts", "strength_in_prose"]

_LARGEST = 10.0
_LARGEST_IN_PROSE = 2.0
"""Prose speaks of many things; a larger number is hardly a strength."""

_NUMBER = r"(?P<{0}>\d{{1,2}}(?:[.,]\d{{1,3}})?|[.,]\d{{1,3}})(?![\d%]|\.\d|[dD]\b)"
_TO = r"\s{0,3}(?:-|–|—|~|～|到|to|and|or|/|\.\.+)\s{0,3}"
_RANGE = rf"{_NUMBER.format('low')}(?:{_TO}{_NUMBER.format('high')})?"
_RANGE_FIRST = _RANGE.replace("low", "low_first").replace("high", "high_first")
_WORD = r"(?:weights?|strengths?|multiplier|权重)"
_PROSE = re.compile(
    # "recommended strength: 0.7", "works best with a weight between 0.6 and 0.8"
    rf"{_WORD}(?:\s*[:：=~≈在为是]|建议值?|\s+(?:of|is|at|from|to|for|the|a|this|lora|between|around|about|in|range|"
    rf"should|be|set|best|works?|recommended|suggested|approximately|use|i|settings?|selection|"
    rf"model|strength|txt2img)\b|[\s()（）]){{0,8}}{_RANGE}"
    # "0.6-0.8 weight", "use at 0.7 strength"
    rf"|(?<![\d.,]){_RANGE_FIRST}[ \t]{{0,3}}(?:lora\s)?{_WORD}",
    re.IGNORECASE,
)
_OTHER_MEANING = re.compile(
    r"(?:denois\w*|controlnet|control|hires\w*|hi-res|upscal\w*|img2img|clip|decay|guidance|noise"
    r"|emphasis|body|over|light|under|merge|vae)[\s:\-]{0,3}\Z",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"<(?:lora|lyco):([^<>:]{1,256}):(-?\d{0,2}(?:\.\d{1,4})?)(?=[:>])", re.IGNORECASE
)


def bounded_strength(number: float | None) -> float | None:
    """The number as a strength in [-10, 10], rounded to 3 digits; None if it is none, or zero."""
    if number is None or not -_LARGEST <= number <= _LARGEST:
        return None
    return round(number, 3) or None


def middle(low: float | None, high: float | None) -> float | None:
    """The middle of a recommended range; where one end is missing, the other."""
    if low is None or high is None:
        return bounded_strength(high if low is None else low)
    return bounded_strength((low + high) / 2)


def strength_in_prose(text: str) -> float | None:
    """Read the first strength that a description recommends; of a range its middle.

    Understands `weight 0.6-0.8`, `recommended strength: 0.7`, `use at 0.8 weight`. Only numbers
    in (0, 2] count, and not those of a denoising strength, a ControlNet's weight and the like.
    """
    for found in _PROSE.finditer(text):
        if _OTHER_MEANING.search(text, max(0, found.start() - 24), found.start()):
            continue
        low = _number(found["low"] or found["low_first"])
        high = _number(found["high"] or found["high_first"])
        if low is not None and 0 <= low <= (high or _LARGEST_IN_PROSE) <= _LARGEST_IN_PROSE:
            strength = middle(low, high)
            if strength is not None:
                return strength
    return None


def _number(text: str | None) -> float | None:
    return float(text.replace(",", ".")) if text else None


def strength_in_prompts(prompts: Iterable[str], names: Iterable[str]) -> float | None:
    """The usual strength with which prompts call a file: `<lora:name:0.8>`; their median.

    Args:
        prompts: Example prompts of the uploader.
        names: Names of the file, without its suffix; calls of other files do not count.
    """
    wanted = {_plain(name) for name in names} - {""}
    calls = (found for prompt in prompts for found in _CALL.finditer(prompt))
    told = [
        strength
        for found in calls
        if found[2] not in ("", "-") and _plain(found[1]) in wanted
        if (strength := bounded_strength(float(found[2]))) is not None
    ]
    return bounded_strength(statistics.median_low(told)) if told else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())
