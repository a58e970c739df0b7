"""A sentence as words: quoted text stays one piece, punctuation stands alone."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

__all__ = [
    "Word",
    "Words",
    "base_noun",
    "find",
    "lower_at",
    "read_words",
    "strip_marks",
    "text_of",
    "word_set",
]

_PIECE = re.compile(
    r"""
    ("[^"\n]{1,200}"|“[^”\n]{1,200}”|「[^」\n]{1,200}」|(?<!\w)'[^'\n]{1,200}'(?!\w)) # quoted
    | [^\W_]+(?:['-][^\W_]+)*'?                              # a word, also low-poly and girl's
    | [^\w\s] | _
    """,
    re.VERBOSE,
)
_LIKE_ASCII = str.maketrans({"’": "'", "‘": "'", "–": "-", "‑": "-", "*": " ", "`": "'"})
_ARROW = re.compile(r"-{1,2}>|=>|[→⇒➜➔⟶]")
_BLACK_AND_WHITE = re.compile(r"\bb ?[&/] ?w\b", re.IGNORECASE)
_CHAT = {
    "u": "you",
    "ur": "your",
    "pls": "please",
    "plz": "please",
    "plss": "please",
    "thx": "thanks",
    "w": "with",
    "&": "and",
    "bg": "background",
    "pic": "picture",
    "pics": "pictures",
    "teh": "the",
    "hte": "the",
    "adn": "and",
    "wiht": "with",
    "backround": "background",
    "backgroud": "background",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a punctuation mark, or a piece of quoted text."""

    text: str
    lower: str
    """`text` in lower case; for quoted text a single quote mark, so that it equals no word."""
    spaced: bool = True
    """Whether a space stands before it."""

    @property
    def is_quote(self) -> bool:
        """Whether it is quoted text."""
        return self.lower == '"' and len(self.text) > 1

    @property
    def is_mark(self) -> bool:
        """Whether it is punctuation."""
        return not self.text[0].isalnum() and not self.is_quote


Words = tuple[Word, ...]


def read_words(sentence: str) -> Words:
    """Split a sentence, in time linear in its length.

    Control characters count as spaces; typographic apostrophes and dashes as the plain ones; a
    line that begins like a sentence ends the one before.
    """
    plain = _one_line(sentence)
    if not (plain.isascii() and plain.isprintable()):
        seen = (" " if unicodedata.category(c) in _UNSEEN else c for c in plain)
        plain = unicodedata.normalize("NFC", "".join(seen))
    plain = plain.translate(_LIKE_ASCII)
    plain = _BLACK_AND_WHITE.sub("black and white", _ARROW.sub(" → ", plain))
    words: list[Word] = []
    end = -1
    for piece in _PIECE.finditer(plain):
        text = piece.group()
        lower = '"' if piece.group(1) else text.lower()
        lower = _CHAT.get(lower, lower)
        words.append(Word(text, lower, spaced=piece.start() != end))
        end = piece.end()
    return tuple(words)


def _one_line(sentence: str) -> str:
    """Lines that begin like a sentence parted by a semicolon, others joined."""
    joined = ""
    for line in filter(None, map(str.strip, sentence.splitlines())):
        starts = line[0].isupper() or line[0].isdecimal() or line[0] in "•*-"
        joined += (" ; " if joined and starts else " ") + line
    return joined


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def text_of(words: Words) -> str:
    """The words as they stood, with single spaces."""
    return "".join((" " if w.spaced else "") + w.text for w in words).strip()


def word_set(words: str) -> frozenset[str]:
    """A set of words, written as one text with spaces."""
    return frozenset(words.split())


def find(words: Words, wanted: frozenset[str] | set[str], start: int = 0) -> int:
    """The index of the first of `wanted` at or after `start`; -1 if there is none."""
    for index in range(start, len(words)):
        if words[index].lower in wanted:
            return index
    return -1


def lower_at(words: Words, index: int) -> str:
    """The word there in lower case; empty before the first and after the last."""
    return words[index].lower if 0 <= index < len(words) else ""


def strip_marks(words: Words) -> Words:
    """The words without punctuation at either end."""
    start, end = 0, len(words)
    while start < end and words[start].is_mark:
        start += 1
    while start < end and words[end - 1].is_mark:
        end -= 1
    return words[start:end]


@lru_cache(maxsize=4096)
def base_noun(noun: str) -> str:
    """A noun in lower case and the singular, by the usual endings only."""
    noun = noun.lower().removesuffix("'s").rstrip("'")
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if len(noun) > 4 and noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("ches", "shes", "xes", "sses", "toes")):
        return noun[:-2]
    if len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


_ALWAYS_PLURAL = word_set("glasses sunglasses clothes shorts trousers jeans pants scissors")
_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "geese": "goose",
    "mice": "mouse",
    "wolves": "wolf",
    "leaves": "leaf",
    "knives": "knife",
    "shelves": "shelf",
    "feet": "foot",
    "teeth": "tooth",
    "buses": "bus",
    **{word: word for word in _ALWAYS_PLURAL},
    "shoes": "shoe",
    "canoes": "canoe",
}
