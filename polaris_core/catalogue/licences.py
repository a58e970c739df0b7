"""What well-known licences allow, by the names that sites and trainers give them.

A table of facts, not legal advice: what is not in it stays unknown, and filters treat unknown as
no.
"""

from __future__ import annotations

import re

from polaris_core.catalogue.entry import Terms

__all__ = ["strictest", "terms_of_licence"]

_FREE = Terms(commercial=True, credit=False, derivatives=True)
_CREDIT = Terms(commercial=True, credit=True, derivatives=True)
_OPEN = Terms(commercial=True, derivatives=True)
_PRIVATE = Terms(commercial=False, derivatives=True)

# In this order: the first that is found in the name decides.
_NAMES: tuple[tuple[str, Terms], ...] = (
    (r"\bcc ?by ?nc ?nd\b", Terms(commercial=False, credit=True, derivatives=False)),
    (r"\bcc ?by ?nc\b", Terms(commercial=False, credit=True, derivatives=True)),
    (r"\bcc ?by ?nd\b", Terms(commercial=True, credit=True, derivatives=False)),
    (r"\bcc ?by\b", _CREDIT),
    (r"\bcc ?0\b|\bunlicense\b|\bpublic domain\b|\bwtfpl\b", _FREE),
    (r"\bnon ?commercial\b|\bresearch only\b|\bresearch license\b", _PRIVATE),
    (r"\bstabilityai ai community\b|\bstability ai community\b", Terms(derivatives=True)),
    (r"\b(?:apache|mit|bsd|isc|artistic|mpl|ms pl|zlib)\b", _CREDIT),
    (r"\b(?:a|l)?gpl\b", _CREDIT),
    (r"\b(?:bigscience )?(?:bloom )?(?:creativeml )?open ?rail\b", _OPEN),
    (r"\bfair ai public license\b", _CREDIT),
)
_PATTERNS = tuple((re.compile(pattern), terms) for pattern, terms in _NAMES)
_SIGNS = re.compile(r"[\W_]+|(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")
_LONGEST = 400


def terms_of_licence(name: str) -> Terms:
    """What a licence of this name allows; nothing known of one that is not in the table.

    Understands SPDX names (`apache-2.0`, `cc-by-nc-4.0`), those of the Hugging Face Hub
    (`creativeml-openrail-m`, `flux-1-dev-non-commercial-license`) and spellings like them.
    """
    plain = _SIGNS.sub(" ", name[:_LONGEST].lower()).strip()
    return next((terms for pattern, terms in _PATTERNS if pattern.search(plain)), Terms())


def strictest(first: Terms, second: Terms) -> Terms:
    """What both allow: of two answers to one question the one that forbids more."""
    return Terms(
        commercial=_least(first.commercial, second.commercial),
        credit=_most(first.credit, second.credit),
        derivatives=_least(first.derivatives, second.derivatives),
    )


def _least(first: bool | None, second: bool | None) -> bool | None:
    if None in (first, second):
        return second if first is None else first
    return bool(first and second)


def _most(first: bool | None, second: bool | None) -> bool | None:
    if None in (first, second):
        return second if first is None else first
    return bool(first or second)
