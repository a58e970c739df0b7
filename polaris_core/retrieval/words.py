"""Text to words that can be compared: names of files, tags of boards, sentences of people.

Names in a zoo are written as `GhibliStyle_v2`, `watercolor_painting` or `水彩 | Watercolour`. They
are divided at underscores, at changes of case and at digits, folded (no case, no accents), and
brought to a stem, so that `painting`, `paintings` and `painted` are one word. Chinese and Japanese
write no blanks: there every character and every pair of neighbours is a word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["MAX_PHRASES", "STOP_WORDS", "divide", "phrases", "stem", "stems"]

_SAYING_NOTHING = """
a an and are as at be been being but by can did do does for from had has have he her his i if in
into is it its me my near no nor not of off on one onto or our out over s she so some such t than
that the their them then there these they this those through to two under up upon use used using
very was we were what when where which while who will with you your
"""
_BETWEEN_THINGS = "above against around behind beside down four front many next several three top"

STOP_WORDS = frozenset(_SAYING_NOTHING.split())
"""Words that say nothing of what is sought."""

MAX_PHRASES = 8
"""More phrases of one sentence are not sought on their own."""

_DIVIDING = STOP_WORDS.union(_BETWEEN_THINGS.split())
_KIND = re.compile(r"(?<![A-Z])L(?:oRA|ORA|oRa|oCon|oHa|oKr|yCORIS)(?![a-z])")
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RUN = re.compile(r"[^\W\d_]+|\d+")
_HAN = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)")
_ACCENTS = re.compile("[\u0300-\u036f]")
_POSSESSIVE = re.compile(r"['’](?:s\b)?")
_PHRASE_PART = re.compile(r"[\w'’-]+|[^\w\s]")
_VOWELS = frozenset("aeiouy")


def divide(name: str) -> str:
    """Put blanks where a name's words meet without one; `LoRA` and its kin stay one word."""
    if name.islower():
        return name
    if "L" in name:
        name = _KIND.sub(lambda kind: f" {kind[0].lower()} ", name)
    return _CASE.sub(" ", name)


def stems(text: str) -> list[str]:
    """The words of a text in order, stemmed, without stop words and single letters."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFC", text)
    found: list[str] = []
    if "'" in text or "’" in text:
        text = _POSSESSIVE.sub("", text)
    for run in _RUN.findall(divide(text).lower()):
        if run.isascii():
            if len(run) > 1 and run not in STOP_WORDS:
                found.append(stem(run))
        else:
            found += _words_without_blanks(run)
    return found


def _words_without_blanks(run: str) -> list[str]:
    found: list[str] = []
    for part in filter(None, _HAN.split(run)):
        if _HAN.match(part):
            found += part
            found += [part[i : i + 2] for i in range(len(part) - 1)]
        else:
            found.append(part)
    return found


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A word without the endings of plural, -ing and -ed; lower-case ASCII only is changed.

    What comes out need not be a word; two forms of one word should come out the same.
    """
    if len(word) <= 3 or not word.isascii():
        return word
    word = _without_verb_ending(_without_plural(word))
    if word.endswith("e") and len(word) > 4:
        word = word[:-1]
    if word.endswith("y") and len(word) > 3:
        word = f"{word[:-1]}i"
    return word


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_verb_ending(word: str) -> str:
    for ending, shortest in (("ing", 6), ("ed", 5)):
        rest = word.removesuffix(ending)
        if rest != word and len(word) >= shortest and _VOWELS.intersection(rest):
            doubled = rest[-1] == rest[-2] and rest[-1] not in "lsz"
            return rest[:-1] if doubled else rest
    return word


def phrases(text: str) -> list[str]:
    """Divide a sentence at stop words and punctuation: roughly, into its noun phrases.

    "A fox in the snow, watercolor" gives "fox", "snow", "watercolor"; at most `MAX_PHRASES`.
    """
    found: list[str] = []
    words: list[str] = []
    for part in [*_PHRASE_PART.findall(text), "."]:
        if part[0].isalnum() and part.lower() not in _DIVIDING:
            words.append(part)
        elif words:
            found.append(" ".join(words))
            words = []
    return list(dict.fromkeys(found))[:MAX_PHRASES]
