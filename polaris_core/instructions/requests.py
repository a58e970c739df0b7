"""From the words of a message to the requests in it, each starting with its verb."""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.instructions.lexicon import CHANGE, DEFINITE, DETERMINERS, QUALITIES, SWAP, VERBS
from polaris_core.instructions.phrases import find
from polaris_core.instructions.words import Word, Words, strip_marks, text_of, word_set

__all__ = ["Request", "split_requests"]

_POLITE = word_set(
    "please kindly can could would will you i want i'd like to help me hey hi hello ok okay now "
    "just let's lets also then and so next first finally we need wish love how should may might "
    "try simply again additionally"
)
_WISHES = frozenset({"want", "like", "need", "wish", "love", "there"})
_ENDS = frozenset({".", "!", "?", ";", "—", "。", "！", "？", "；"})
_KEEPING = word_set(
    "keep keeping leave leaving preserve preserving maintain maintaining ensure ensuring don't do "
    "make-sure avoid avoiding retain retaining"
)
_GERUNDS = {
    "removing": "remove",
    "adding": "add",
    "changing": "change",
    "replacing": "replace",
    "turning": "turn",
    "erasing": "erase",
    "deleting": "delete",
    "putting": "put",
    "converting": "convert",
    "swapping": "swap",
}
# Also nouns or adjectives: after "and" they start a request only before a determiner.
_DOUBLE_MEANING = word_set(
    "light color colour paint place change cut frame set style clear open type print label mirror "
    "hide drop cover coat shift switch exchange trade design draw sketch tint move turn raise "
    "lower bend tilt lift clean fix repair crop show list count craft build sculpt let get have "
    "give make take put position use dye blur express"
)
_VAGUE = word_set("modify edit change adjust enhance improve alter use")
_ELLIPSIS_WORDS = 12
_FOLLOWERS = DETERMINERS | frozenset({"it", "them", "him", "me", "only", "more", "everything"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a message."""

    words: Words
    """From its verb on, if it has one; constraints such as "keep the rest" are cut off."""
    has_verb: bool = True
    is_wish: bool = False
    """Whether it was led in by "I want" or the like."""

    @property
    def verb(self) -> str:
        """Its verb in lower case; empty if it has none."""
        return self.words[0].lower if self.has_verb else ""

    @property
    def rest(self) -> Words:
        """What follows the verb."""
        return self.words[1:] if self.has_verb else self.words

    @property
    def text(self) -> str:
        """As it stood."""
        return text_of(self.words)


def split_requests(words: Words) -> list[Request]:
    """The requests of a message, in order; statements are kept, as requests without a verb."""
    requests: list[Request] = []
    for sentence in _sentences(words):
        for piece in _joined(sentence):
            request = _read_request(piece)
            if request is not None:
                requests.append(request)
    return requests


def _sentences(words: Words) -> list[Words]:
    found: list[Words] = []
    start = 0
    for index, word in enumerate(words):
        last = index + 1 == len(words)
        if word.lower in _ENDS and (last or words[index + 1].spaced or word.lower in ("—", "。")):
            found.append(words[start:index])
            start = index + 1
    found.append(words[start:])
    return [s for s in found if strip_marks(s)]


def _joined(sentence: Words) -> list[Words]:
    """Split at "and", "then" or a comma before a verb, and before "by removing"."""
    pieces: list[Words] = []
    start = 0
    for index in range(1, len(sentence)):
        lower = sentence[index].lower
        if lower == "to" and _serves_another(sentence, start, index):
            start = index + 1
            continue
        if lower in ("and", ",") and _is_ellipsis(sentence, start, index):
            pieces.append(sentence[start:index])
            sentence = (*sentence[:index], sentence[start], *sentence[index + 1 :])
            start = index
            continue
        if lower not in ("and", "then", ",", "by", "but", "-"):
            continue
        after = index + 1
        while after < len(sentence) and sentence[after].lower in _POLITE | {",", "by"}:
            after += 1
        if after < len(sentence) and _starts_request(sentence, after):
            pieces.append(sentence[start:index])
            verb = _GERUNDS.get(sentence[after].lower)
            if verb:
                sentence = (*sentence[:after], Word(verb, verb), *sentence[after + 1 :])
            start = after
    pieces.append(sentence[start:])
    return [p for p in pieces if strip_marks(p)]


def _serves_another(sentence: Words, start: int, index: int) -> bool:
    """Whether "to" leads to the request proper: "modify the image to remove the dog"."""
    if index + 1 >= len(sentence) or not _starts_request(sentence, index + 1):
        return False
    words = _skip_polite(sentence[start:index])
    return bool(words) and words[0].lower in _VAGUE


def _is_ellipsis(sentence: Words, start: int, index: int) -> bool:
    """Whether the verb is left out: "make the sky red and the grass blue"."""
    if index + 1 >= len(sentence) or sentence[start].lower not in SWAP | CHANGE:
        return False
    if sentence[index + 1].lower not in DEFINITE:
        return False
    before, after = sentence[start:index], sentence[index + 1 : index + _ELLIPSIS_WORDS]
    marks = {w.lower for w in before if w.lower in ("with", "into", "to", "by", "for")}
    if marks:
        return find(after, marks) > 0
    quality = before[-1].lower in QUALITIES and sentence[start].lower not in SWAP
    return quality and any(w.lower in QUALITIES for w in after)


def _starts_request(words: Words, index: int) -> bool:
    lower = words[index].lower
    if lower in _GERUNDS:
        return True
    following = words[index + 1].lower if index + 1 < len(words) else ""
    if lower in _KEEPING:
        return bool(following)
    return lower in VERBS and (lower not in _DOUBLE_MEANING or following in _FOLLOWERS)


def _read_request(piece: Words) -> Request | None:
    stripped, led_in = _without_preamble(piece)
    if not stripped or stripped[0].lower in _KEEPING:
        return None
    wish = any(w.lower in _WISHES for w in led_in)
    return Request(_without_constraint(stripped), stripped[0].lower in VERBS, wish)


def _without_preamble(piece: Words) -> tuple[Words, Words]:
    words = _skip_polite(piece)
    if words and words[0].lower not in VERBS:
        comma = find(words, {",", ":", "-"})
        after = _skip_polite(words[comma + 1 :]) if comma >= 0 else ()
        if after and after[0].lower in VERBS:
            words = after
    return words, piece[: len(piece) - len(words)]


def _skip_polite(words: Words) -> Words:
    words = strip_marks(words)
    while words and (words[0].lower in _POLITE or words[0].is_mark):
        words = words[1:]
    return words


def _without_constraint(words: Words) -> Words:
    """Cut off "while keeping …", "without changing …", "but …", ", keeping …"."""
    for index in range(1, len(words)):
        lower = words[index].lower
        following = words[index + 1].lower if index + 1 < len(words) else ""
        gerund = following.endswith("ing")
        if (
            (lower in ("while", "without") and gerund)
            or lower == "but"
            or (lower == "," and following in _KEEPING)
            or (lower == "instead" and following == "of")
            or (lower == "so" and following == "that")
        ):
            return strip_marks(words[:index])
    return strip_marks(words)
