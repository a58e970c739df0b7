"""From the words of a message to the requests in it, each starting with its verb."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from polaris_core.instructions.constraints import (
    KEEPING,
    unwanted_thing,
    without_constraint,
    without_denied,
    without_thanks,
)
from polaris_core.instructions.lexicon import (
    ADD,
    CHANGE,
    DEFINITE,
    DETERMINERS,
    LOOK_OF_VERB,
    OPENERS,
    REMOVE,
    SWAP,
    VAGUE,
    VERBS,
)
from polaris_core.instructions.preamble import is_polite, skip_preamble
from polaris_core.instructions.qualities import is_comparative, is_quality
from polaris_core.instructions.verbs import GERUNDS, meant_verb
from polaris_core.instructions.words import (
    Word,
    Words,
    find,
    lower_at,
    strip_marks,
    text_of,
    word_set,
)

__all__ = ["Request", "split_requests"]

_ENDS = frozenset({".", "!", "?", ";", "—", "。", "！", "？", "；"})
_TITLES = word_set("mt st mr mrs ms dr vs no approx e.g i.e jr sr")
# Also nouns or adjectives: after "and" they start a request only before a determiner.
_DOUBLE_MEANING = frozenset(LOOK_OF_VERB) | word_set(
    "light color colour paint place change cut frame set style clear open type print label mirror "
    "hide drop cover coat shift switch exchange trade design draw sketch tint move turn raise "
    "lower bend tilt lift clean fix repair crop show list count craft build sculpt let get have "
    "give make take put position use dye blur express fashion cast age slim curl smooth dim "
    "shrink polish rust stick plant park mount seat perch pop top stock crown litter fill "
    "surround title letter caption pose mold mould forge scrap strip kill lose spin close correct "
    "present dress wrap camouflage straighten zoom boost increase decrease spell flip knit equip "
    "edit bathe soften sprinkle thicken"
)
_STRONG = word_set(
    "removing adding changing replacing turning erasing deleting converting swapping"
)
_FOLLOWERS = DETERMINERS | frozenset({"it", "them", "him", "me", "only", "more", "everything"})
_FRONTED = frozenset({"instead", "where", "rather"})
_ELLIPSIS_WORDS = 12
_PHRASAL = word_set("put take throw get turn switch")
_PARTICLES = word_set("in out off on away up down back")
# How far is looked back, so that the time stays linear in the number of words.
_NEAR = 40


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a message."""

    words: Words
    """From its verb on, if it has one; constraints such as "keep the rest" are cut off."""
    has_verb: bool = True
    is_wish: bool = False
    """Whether it was led in by "I want" or the like."""
    lead: Words = ()
    """A place said before the verb: "in the background"."""

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
    for sentence in _sentences(_without_asides(words)):
        for piece in _joined(sentence):
            request = _read_request(piece)
            if request is not None:
                requests.append(request)
    return requests


def _without_asides(words: Words) -> Words:
    """Without "— the one on the desk —"."""
    dashes = [i for i, w in enumerate(words) if w.lower == "—" or (w.lower == "-" and w.spaced)]
    for start, end in itertools.pairwise(dashes):
        inside = words[start + 1 : end]
        if 1 < len(inside) < _ELLIPSIS_WORDS and inside[0].lower in DEFINITE:
            return words[:start] + words[end + 1 :]
    return words


def _sentences(words: Words) -> list[Words]:
    found: list[Words] = []
    start = 0
    for index, word in enumerate(words):
        if word.lower not in _ENDS:
            continue
        last = index + 1 == len(words)
        titled = word.lower == "." and index and words[index - 1].lower in _TITLES
        if not titled and (last or words[index + 1].spaced or word.lower in ("—", "。")):
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
        if lower == "," and index < start + _ELLIPSIS_WORDS and _is_fronted(sentence[start:index]):
            continue
        if lower == "to" and _serves_another(sentence, start, index):
            start = index + 1
            continue
        if lower in ("and", ",", "plus") and _is_ellipsis(sentence, start, index):
            pieces.append(sentence[start:index])
            verb = _verb_at(sentence, start)
            sentence = (*sentence[:index], sentence[verb], *sentence[index + 1 :])
            start = index
            continue
        if lower not in ("and", "then", ",", "by", "but", "-", "plus", "also"):
            continue
        after = index + 1
        while after < len(sentence) and _leads(sentence[after].lower):
            after += 1
        if after < len(sentence) and _starts_request(sentence, after, by=lower == "by"):
            pieces.append(sentence[start:index])
            verb = GERUNDS.get(sentence[after].lower)
            if verb:
                sentence = (*sentence[:after], Word(verb, verb), *sentence[after + 1 :])
            start = after
    pieces.append(sentence[start:])
    return [p for p in pieces if strip_marks(p)]


def _is_fronted(before: Words) -> bool:
    """Whether what stands before a comma only says where: "behind the couple", "instead of it"."""
    before, _ = skip_preamble(before)
    if not before:
        return False
    if before[0].lower in _FRONTED:
        return True
    return before[0].lower in OPENERS - _NO_PLACE and not any(w.lower in VERBS for w in before)


def _leads(lower: str) -> bool:
    return is_polite(lower) or lower in (",", "by", "and", "then", "instead")


def _verb_at(sentence: Words, start: int) -> int:
    """Where the first verb of a piece stands."""
    piece = sentence[start : start + _NEAR]
    words, _ = skip_preamble(piece)
    trailing = 0
    while trailing < len(piece) and piece[len(piece) - 1 - trailing].is_mark:
        trailing += 1
    return start + len(piece) - trailing - len(words) if words else start


def _serves_another(sentence: Words, start: int, index: int) -> bool:
    """Whether "to" leads to the request proper: "modify the image to remove the dog"."""
    if index + 1 >= len(sentence) or not _starts_request(sentence, index + 1, by=True):
        return False
    words, _ = skip_preamble(sentence[start : min(index, start + _NEAR)])
    if words and words[0].lower == "use" and sentence[index + 1].lower in _SHOWN_BY:
        return False
    return bool(words) and words[0].lower in VAGUE and sentence[index - 1].lower != "than"


_SHOWN_BY = word_set("express present simulate render show depict create give make")


def _is_ellipsis(sentence: Words, start: int, index: int) -> bool:
    """Whether the verb is left out: "make the sky red and the grass blue"."""
    if index + 1 >= len(sentence):
        return False
    following = sentence[index + 1].lower
    if following not in DETERMINERS:
        return False
    verb = sentence[_verb_at(sentence, start)].lower
    before = sentence[max(start, index - _NEAR) : index]
    after = sentence[index + 1 : index + _ELLIPSIS_WORDS]
    if verb in ADD and following in DETERMINERS - DEFINITE:
        last = max((i for i, w in enumerate(before) if w.lower in OPENERS), default=-1)
        described = last >= 0 and before[last].lower in ("with", "of", "like", "as")
        return _is_placed(before) and (not described or _is_placed(after))
    if verb in REMOVE and following in DEFINITE:
        return _is_placed(before) and _is_placed(after)
    if verb not in SWAP | CHANGE or following not in DEFINITE:
        return False
    marks = {w.lower for w in before if w.lower in ("with", "into", "to", "by", "for")}
    if marks:
        return find(after, marks) > 0
    return verb not in SWAP and _ends_in_look(before) and any(_is_look(w) for w in after)


def _is_placed(words: Words) -> bool:
    """Whether a place at something known is told: "on the man"."""
    pairs = itertools.pairwise(words)
    return any(
        a.lower in OPENERS - {"with", "of", "between", "like", "as"} and b.lower in DEFINITE
        for a, b in pairs
    )


def _ends_in_look(words: Words) -> bool:
    return bool(words) and _is_look(words[-1])


def _is_look(word: Word) -> bool:
    return is_quality(word.lower) or is_comparative(word.lower)


def _starts_request(words: Words, index: int, *, by: bool = False) -> bool:
    lower = words[index].lower
    following = words[index + 1].lower if index + 1 < len(words) else ""
    if lower in GERUNDS:
        if lower in _STRONG or by:
            return following not in OPENERS - {"off", "out"}
        return following in _FOLLOWERS - {"it", "them", "him"} and lower not in ("giving", "using")
    if lower in KEEPING:
        return bool(following)
    if lower == "get" and following == "rid":
        return True
    verb = meant_verb(lower)
    moved = verb in _PHRASAL and following in _PARTICLES
    following = lower_at(words, index + 2) if moved else following
    return bool(verb) and (verb not in _DOUBLE_MEANING or following in _FOLLOWERS)


def _read_request(piece: Words) -> Request | None:
    stripped, wish, lead = _without_preamble(piece)
    rid = unwanted_thing(stripped)
    if rid:
        return Request((Word("remove", "remove"), *rid))
    if not stripped or stripped[0].lower in KEEPING:
        return None
    verb = meant_verb(stripped[0].lower)
    if not verb and lower_at(stripped, 1) in _FOLLOWERS:
        verb = GERUNDS.get(stripped[0].lower, "")  # "would you mind removing the dog"
    if verb and verb != stripped[0].lower:
        stripped = (Word(verb, verb), *stripped[1:])
    stripped = stripped if wish else without_denied(stripped)
    stripped = without_thanks(without_constraint(stripped))
    while len(stripped) > 2 and verb and stripped[1].lower in ("only", "just"):
        stripped = (stripped[0], *stripped[2:])
    return Request(stripped, bool(verb), wish, lead) if stripped else None


def _without_preamble(piece: Words) -> tuple[Words, bool, Words]:
    """The words from the verb on, whether a wish led to them, and a place said before."""
    words, wish = skip_preamble(piece)
    if words and not meant_verb(words[0].lower) and words[0].lower not in _FRONTED:
        comma = find(words, {",", ":", "-"})
        after, wished = skip_preamble(words[comma + 1 :]) if comma >= 0 else ((), False)
        if after and meant_verb(after[0].lower):
            lead = words[:comma] if words[0].lower in OPENERS - _NO_PLACE else ()
            return after, wish or wished, lead
        if words[0].lower in OPENERS - _NO_PLACE - {"with", "for"}:
            return _inverted(words, wish)
    return words, wish, ()


_NO_PLACE = word_set("without like as using of by during to with")


def _inverted(words: Words, wish: bool) -> tuple[Words, bool, Words]:
    """Read "on the table put a vase"."""
    at = next((i for i in range(2, len(words)) if meant_verb(words[i].lower)), -1)
    if at > 0 and at + 1 < len(words) and words[at + 1].lower in _FOLLOWERS:
        return words[at:], wish, words[:at]
    return words, wish, ()
