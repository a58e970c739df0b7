"""What a site's refusal means, and what its user can do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

from polaris_core.errors import (
    AccessDenied,
    AskedTooOften,
    FetchProblem,
    NotOffered,
    SourceUnreachable,
)
from polaris_core.fetching.addresses import Address
from polaris_core.llm.faults import asked_pause_s
from polaris_core.site_tokens import TOKENS_FILE, VARIABLES, Tokens

__all__ = ["Asked", "PassingError", "complaint_in", "fault_in", "login_wanted"]

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 528)})
_GONE = {404: "has no such file", 410: "has this file no more", 451: "may not give this file out"}
_EARLY = re.compile(r"early[-_ ]?access", re.IGNORECASE)
_TERMS = re.compile(
    r"gated|licen[cs]e|\bterms\b|agree|acknowledg|access to model .{0,200} is restricted",
    re.IGNORECASE | re.DOTALL,
)
_SHOWN_CHARACTERS = 160


class PassingError(Exception):
    """A failure that may be over soon; `error` is what to raise if it is not."""

    def __init__(self, error: FetchProblem, wait_s: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s
        """How long the site wants to be left alone; 0 if it says nothing of it."""


class Asked(NamedTuple):
    """Whom we asked, and as whom."""

    address: Address
    page: str
    """The page about the file, for people; may be empty."""
    tokens: Tokens

    @property
    def place(self) -> str:
        """Where its user can see more."""
        return self.page or self.address.origin


def fault_in(
    status: int, headers: Mapping[str, str], body: bytes, asked: Asked
) -> FetchProblem | PassingError:
    """What an answer other than the file means.

    Args:
        status: Of the answer, 400 or more, or one of the others that are no file.
        headers: Of the answer.
        body: The first few thousand bytes of it.
        asked: Whom we asked.
    """
    said = asked.tokens.hidden_in(complaint_in(headers, body))
    where, code = asked.address.host, headers.get("X-Error-Code", "")
    if status in (401, 402, 403):
        return _denied(status, f"{code} {said}", said, asked)
    if status in _GONE:
        hint = f"Look at {asked.place}: it may have been taken away or replaced"
        return NotOffered(f"{where} {_GONE[status]} ({status})", value=said, hint=hint)
    wait_s = asked_pause_s(headers.get("Retry-After", "")) or 0.0
    if status == 429:
        later = f"in {_duration(wait_s)}" if wait_s else "in a while"
        hint = f"Try again {later}; what has come is kept"
        if not asked.tokens.of(asked.address.origin):
            hint += f". With a token a site may allow more: {_where_tokens_go(asked)}"
        return PassingError(
            AskedTooOften(f"{where} is asked too often (429)", value=said, hint=hint), wait_s
        )
    if status in _PASSING:
        hint = "Try again later; what has come is kept"
        error = SourceUnreachable(f"{where} cannot do it now ({status})", value=said, hint=hint)
        return PassingError(error, wait_s)
    hint = f"Look at {asked.place}"
    return FetchProblem(f"{where} answered {status}", value=said, hint=hint)


def _denied(status: int, told: str, said: str, asked: Asked) -> AccessDenied:
    where, place = asked.address.host, asked.place
    has_token = asked.tokens.of(asked.address.origin) is not None
    if status == 402 or _EARLY.search(told):
        return AccessDenied(
            f"{where} gives this file only to those who bought early access ({status})",
            reason="early access",
            value=said,
            hint=f"See {place}: it becomes free after a while, or can be bought there",
        )
    if _TERMS.search(told):
        steps = f"Accept them at {place}"
        if not has_token:
            steps += f", then set a token: {_where_tokens_go(asked)}"
        return AccessDenied(
            f"{where} gives this file only to those who accepted its terms ({status})",
            reason="terms",
            value=said,
            hint=steps,
        )
    if not has_token:
        return _token_wanted(f"{where} gives this file only to those it knows ({status})", asked)
    if status == 401:
        return AccessDenied(
            f"{where} does not accept the token (401)",
            reason="other token",
            value=said,
            hint=f"Make another in your account there, {_where_tokens_go(asked)}",
        )
    return AccessDenied(
        f"{where} does not give this file to you (403)",
        reason="forbidden",
        value=said,
        hint=f"See {place}: downloads may be switched off, or the token's rights too narrow",
    )


def login_wanted(target: Address, asked: Asked) -> AccessDenied | None:
    """What a redirect means that leads to a page instead of a file; None if it may be a file."""
    reasons = parse_qs(urlsplit(target.url).query).get("reason", [])
    if any(_EARLY.fullmatch(reason) for reason in reasons):
        return _denied(402, "", "", asked)
    if "download-auth" in reasons or target.path.rstrip("/").endswith("/login"):
        if asked.tokens.of(asked.address.origin):
            return _denied(401, "", "it leads to its login page", asked)
        return _token_wanted(f"{asked.address.host} leads to its login page", asked)
    return None


def _token_wanted(problem: str, asked: Asked) -> AccessDenied:
    hint = f"Make a token in your account there, {_where_tokens_go(asked)}"
    return AccessDenied(problem, reason="token", hint=hint)


def _where_tokens_go(asked: Asked) -> str:
    origin = asked.address.origin
    name = VARIABLES.get(origin, ("",))[0]
    variable = f"put it into the environment variable {name}, or " if name else ""
    return f'{variable}write {{"{origin}": "the token"}} into {TOKENS_FILE}'


def complaint_in(headers: Mapping[str, str], body: bytes) -> str:
    """What a site says of a refusal, as one short line; empty if it says nothing readable."""
    said = headers.get("X-Error-Message", "")
    if not said:
        try:
            data: object = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict):
            facts = cast("dict[str, object]", data)
            parts = [facts.get(key) for key in ("error", "message")]
            said = ": ".join(part for part in parts if isinstance(part, str))
    shown = "".join(c if c.isprintable() else " " for c in said[: 4 * _SHOWN_CHARACTERS])
    return " ".join(shown.split())[:_SHOWN_CHARACTERS]


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
