"""What to make of a server's answer: the data in it, or what is wrong and what to do about it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from polaris_core.llm.transport import Answer, NoAnswer
from polaris_core.llm.wire import complaint_in

__all__ = ["Fault", "asked_pause_s", "fault_in"]

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_LEARNT_CHARACTERS = 4000
_SHOWN_CHARACTERS = 160
_COMPATIBLE = "Is this an OpenAI-compatible server, and does its address end in /v1?"
_HINTS = {
    401: "The server wants a key, or another one: keys come from POLARIS_LLM_KEY (with "
    "POLARIS_LLM_URL), OPENAI_API_KEY or language_model_keys.json",
    402: "The account has no credit left",
    403: "The key may not be used for this model, or the server refuses this machine",
    404: "Is the model's name right, and does the address end in /v1?",
    405: _COMPATIBLE,
    413: "The server takes no request of this size: switch pictures off or raise its limit",
    429: "The server is asked too often, or the account's quota is used up",
}
_NO_VISION = re.compile(
    r"image|vision|multi-?modal|mmproj|picture|content.{0,30}(?:string|text)", re.IGNORECASE
)
_UNKNOWN_MODEL = re.compile(
    r"model.{0,120}(?:not found|not exist|unknown|invalid|not loaded)"
    r"|(?:unknown|invalid|no such).{0,20}model",
    re.IGNORECASE | re.DOTALL,
)
_LOADING = re.compile(r"loading model|model is (?:still |being )?load", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with one request."""

    problem: str
    """What follows the address in a sentence: "answered 404"."""
    said: str = ""
    """The server's own words, or the first of its answer."""
    hint: str = ""
    status: int = 0
    """0 without an answer."""
    raw: str = ""
    """The first 4,000 characters of the answer."""
    passing: bool = False
    """Whether it may go better the next time."""
    retry_after: str = ""
    """The header of that name."""

    @property
    def is_loading(self) -> bool:
        """Whether the server asks to wait until its model is loaded."""
        return self.status == 503 and _LOADING.search(self.raw) is not None

    @property
    def is_about_the_model(self) -> bool:
        """Whether the server may not know the model's name."""
        return self.status == 404 or (
            400 <= self.status < 500 and _UNKNOWN_MODEL.search(self.said) is not None
        )


def fault_in(answer: Answer | NoAnswer) -> tuple[object, Fault | None]:
    """The decoded JSON of an answer, and what is wrong with the answer; None if nothing is."""
    if isinstance(answer, NoAnswer):
        reason = _one_line(answer.reason)
        return None, Fault(answer.problem, reason, answer.hint, passing=answer.passing)
    if 300 <= answer.status < 400:
        hint = "If you trust that address, name it yourself"
        return None, Fault(
            "sends us to another address", _one_line(answer.location), hint, answer.status
        )
    decoded = _decode(answer.content)
    complaint = complaint_in(decoded)
    good = 200 <= answer.status < 300
    status = (good and complaint and complaint.code) or answer.status
    if good and decoded is not None and complaint is None:
        return decoded, None
    raw = answer.content[:_LEARNT_CHARACTERS].decode("utf-8", "replace")
    said = complaint.message if complaint else _one_line(raw)
    passing = status in _PASSING
    if good and complaint is None:
        kind = _one_line(answer.content_type) or "no content type"
        problem = f"did not answer in JSON ({answer.status}, {kind})"
        return None, Fault(problem, said or "an empty body", _COMPATIBLE, status, raw)
    problem = f"answered {status}" if status >= 400 else "reports an error"
    hint = _hint(status, said)
    return None, Fault(problem, said, hint, status, raw, passing, answer.retry_after)


def asked_pause_s(retry_after: str, now: datetime | None = None) -> float | None:
    """How many seconds a Retry-After header asks to wait; None if it says nothing sensible.

    Args:
        retry_after: Seconds, or a date.
        now: With a time zone; the clock's by default.
    """
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        date = parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    seconds = (date - (now or datetime.now(timezone.utc))).total_seconds()
    return seconds if seconds > 0 else None


def _decode(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _hint(status: int, said: str) -> str:
    if status in (400, 404, 415, 422, 500, 501) and _NO_VISION.search(said):
        return "If the model has no vision, switch the sending of pictures off"
    if status in _HINTS:
        return _HINTS[status]
    return "See the server's log" if status >= 500 else _COMPATIBLE if status < 400 else ""


def _one_line(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text[: 4 * _SHOWN_CHARACTERS])
    return " ".join(shown.split())[:_SHOWN_CHARACTERS]
