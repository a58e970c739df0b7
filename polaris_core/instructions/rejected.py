"""What shall not be done, said before or after what shall: "don't remove the car, make it red".

The half that is rejected is left out; the thing it names stands for "it" in the other half.
"""

from __future__ import annotations

import itertools

from polaris_core.instructions.complements import split_make
from polaris_core.instructions.lexicon import (
    CHANGE,
    DEFINITE,
    DETERMINERS,
    DRAW,
    PRONOUNS,
    SWAP,
    VAGUE,
)
from polaris_core.instructions.phrases import names_picture
from polaris_core.instructions.preamble import skip_preamble
from polaris_core.instructions.verbs import GERUNDS, meant_verb
from polaris_core.instructions.words import Words, find, lower_at, strip_marks, word_set

__all__ = ["without_rejected"]

_FORBIDDING = (("don't",), ("dont",), ("do", "not"), ("never",), ("without",))
_PREFERRING = (("instead", "of"), ("rather", "than"), ("than",))
_PARTING = frozenset({",", "but", "-", "just", "instead"})
_POINTING = frozenset({"it", "them", "him"})
# How far is looked ahead, so that the time stays linear in the number of words.
_NEAR = 40
_OPENING = 4
_LIKING = frozenset({"like", "love"})
_SENTENCE_ENDS = frozenset({".", "!", "?", ";"})
_SWAP_MARKS = frozenset({"with", "by", "for"})
_PARTED = word_set("instead just only simply , but - and")


def without_rejected(words: Words) -> Words:
    """The words of a message without what they reject, "it" replaced by the thing named there."""
    found: list[Words] = []
    thing: Words = ()
    sentences = _sentences(words)
    for sentence, following in itertools.zip_longest(sentences, sentences[1:], fillvalue=()):
        kept, named = _halves(sentence)
        if kept:
            found.append(_named(kept, named or thing))
            thing = ()
        else:  # "Don't remove the car." – the next sentence says what to do with it.
            disliked = find(sentence, _LIKING) > 0 and find(following[:_OPENING], _POINTING) > 0
            found += () if disliked else (sentence,)
            thing = named
    return tuple(word for sentence in found for word in sentence)


def _sentences(words: Words) -> list[Words]:
    found: list[Words] = []
    start = 0
    for index, word in enumerate(words):
        if word.lower in _SENTENCE_ENDS:
            found.append(words[start : index + 1])
            start = index + 1
    return [*found, words[start:]] if start < len(words) else found


def _halves(sentence: Words) -> tuple[Words, Words]:
    """What a sentence asks for, and the thing that it names only in what it rejects.

    Returns:
        The sentence itself, if it rejects nothing; nothing, if it only rejects.
    """
    words, _ = skip_preamble(sentence)
    lead = _lead(words, 0)
    if not lead:
        return _trailing(sentence)
    forbids = lower_at(words, lead - 1) != "of" and lower_at(words, lead - 1) != "than"
    verb = _verb(words, lead)
    for end in range(lead + 2, min(len(words), lead + _NEAR)):
        after = end
        while after < len(words) and words[after].lower in _PARTED:
            after += 1
        if words[end].lower in _PARTING and meant_verb(lower_at(words, after)):
            kept = (*words[after:], *_mark_of(sentence))
            unclear = forbids and verb in VAGUE - {"make"}  # "it" may be all the rest
            return kept, () if unclear else _thing(verb, words[lead + 1 : end])
    if not forbids or lower_at(words, 0) == "without" or verb in VAGUE:
        return sentence, ()
    return (), _thing(verb, strip_marks(words[lead + 1 :]))


def _trailing(sentence: Words) -> tuple[Words, Words]:
    """Read "make it blue instead of removing the sign"."""
    for at in range(2, len(sentence) - 3):
        if sentence[at].lower in ("instead", "rather") and (lead := _lead(sentence, at)):
            verb = _verb(sentence, lead)
            thing = _thing(verb, strip_marks(sentence[lead + 1 :]))
            return (*strip_marks(sentence[:at]), *_mark_of(sentence)), thing
    return sentence, ()


def _mark_of(sentence: Words) -> Words:
    return sentence[-1:] if sentence[-1].lower in _SENTENCE_ENDS else ()


def _lead(words: Words, at: int) -> int:
    """Where the verb of what is rejected stands, "removing" in "instead of removing"; 0 if none."""
    for rows, forms in ((_FORBIDDING, _forbidden), (_PREFERRING, _verb)):
        for row in rows:
            verb = at + len(row)
            there = all(lower_at(words, at + i) == word for i, word in enumerate(row))
            objects = DETERMINERS | PRONOUNS
            if there and forms(words, verb) and lower_at(words, verb + 1) in objects:
                return verb
    return 0


def _forbidden(words: Words, at: int) -> str:
    """The verb after "don't", in its base form, or after "without", in "-ing"."""
    lower = lower_at(words, at)
    if lower in _LIKING:  # "I don't like the sky, make it stormy"
        return lower
    return GERUNDS.get(lower, "") if lower_at(words, at - 1) == "without" else meant_verb(lower)


def _verb(words: Words, at: int) -> str:
    lower = lower_at(words, at)
    return GERUNDS.get(lower, "") or meant_verb(lower)


def _thing(verb: str, rejected: Words) -> Words:
    """The thing that is there, without what it was to become; nothing for a new one."""
    if verb in SWAP and (at := find(rejected, _SWAP_MARKS)) > 0:
        rejected = rejected[:at]
    elif verb in CHANGE | DRAW:
        rejected, _ = split_make(rejected)
    known = lower_at(rejected, 0) in DEFINITE and len(rejected) > 1
    return rejected if known and not names_picture(rejected) else ()


def _named(kept: Words, thing: Words) -> Words:
    """With the thing in place of the first "it", where a verb stands at the front."""
    asked, _ = skip_preamble(kept)
    at = find(kept, _POINTING)
    if not thing or at < 1 or not asked or not meant_verb(asked[0].lower):
        return kept
    return (*kept[:at], *thing, *kept[at + 1 :])
