"""What people say before a request: greetings, "could you please", "I was wondering if"."""

from __future__ import annotations

from polaris_core.instructions.words import Words, find, lower_at, strip_marks, word_set

__all__ = ["is_polite", "skip_preamble"]

_POLITE = word_set(
    "please kindly can could would will you i want i'd like to help me hey hi hello ok okay now "
    "just let's lets also then and so next first finally we need wish love how should may might "
    "try simply again additionally thanks i'll you'd you'll going gonna wanna gimme oh well maybe "
    "perhaps dear yo alright basically actually firstly secondly plus go ahead only sorry rather "
    "prefer i've lemme hmm um possibly quickly carefully realistically seamlessly still quick "
    "really"
)
_WISHES = frozenset({"want", "like", "need", "wish", "love", "there", "rather", "prefer", "if"})
# Each a row of words; a slash parts those that may stand at the same place.
_OPENINGS = tuple(
    tuple(frozenset(place.split("/")) for place in opening.split())
    for opening in (
        "would/will/could/might it be possible to/for/if",
        "is it possible to/for",
        "is there a/any way to/you/i",
        "it would/might be great/nice/cool/awesome/good/better/best/lovely/perfect if/to/as/with",
        "it'd be great/nice/cool/awesome/good/better/best/lovely/perfect if/to/as/with",
        "would/might be great/nice/cool/awesome/good/better/best/lovely/perfect if/to",
        "i was/am wondering if/whether",
        "i was/am just wondering if/whether",
        "hi/hello/hey there",
        "i'm wondering if/whether",
        "i wonder if/whether",
        "i'd/i would appreciate it if",
        "would/do/could you mind",
        "do you think you/i/we could/can",
        "are you able to",
        "how do/can/could/would/should/might i/you/we/one",
        "you/we/i be so kind as to",
        "be so kind as to",
        "how about we/you/just",
        "how/what about",
        "what if",
        "any chance you/of/to",
        "your task/job is to",
        "the task is to",
        "i need you to",
        "i want you to",
        "i would/really/also/only want/like/love",
        "i am/think/guess/feel/believe/mean",
        "i'm going/trying/looking to",
        "my request is",
        "for me",
        "without a/any doubt",
        "to see/have",
        "feel free to",
        "make sure to/you",
        "be sure to",
        "in this/the/my/that image/picture/photo/scene/photograph/shot",
        "on this/the/my/that image/picture/photo/photograph",
        "from this/the image/picture/photo",
        "for/with this/the/my image/picture/photo",
        "based on this/the/my image/picture/photo",
        "using this/the/my image/picture/photo as reference/base/input",
        "look/see at",
        "step one/1/two/2",
    )
)


def is_polite(word: str) -> bool:
    """Whether a word, in lower case, may stand before a request and says nothing of it."""
    return word in _POLITE


def skip_preamble(words: Words) -> tuple[Words, bool]:
    """The words after all that only leads up, and whether that speaks of a wish."""
    words = strip_marks(words)
    at, wish = (2, True) if _asks_for_look(words) else (0, False)
    while at < len(words):
        length = max((_length(words, at, o) for o in _BY_FIRST.get(words[at].lower, ())), default=0)
        if not length and (words[at].lower in _POLITE or words[at].is_mark):
            length = 1
        if not length or (at + length == len(words) and length > 1):
            break
        wish = wish or any(w.lower in _WISHES for w in words[at : at + length])
        at += length
    return words[at:], wish


def _asks_for_look(words: Words) -> bool:
    """Whether it is "what would the car look like in black", "how might it look"."""
    asks = lower_at(words, 0) in ("what", "how") and lower_at(words, 1) in _SUPPOSING
    return asks and find(words[:_NEAR], {"look"}) > 2 and lower_at(words, 2) not in _ASKED


_ASKED = frozenset({"you", "i", "we", "they"})
_SUPPOSING = frozenset({"would", "might", "could", "will"})
# How far is looked ahead, so that the time stays linear in the number of words.
_NEAR = 40


def _by_first() -> dict[str, list[tuple[frozenset[str], ...]]]:
    found: dict[str, list[tuple[frozenset[str], ...]]] = {}
    for opening in _OPENINGS:
        for first in opening[0]:
            found.setdefault(first, []).append(opening)
    return found


_BY_FIRST = _by_first()


def _length(words: Words, at: int, opening: tuple[frozenset[str], ...]) -> int:
    """How many words an opening takes from there; 0 if it does not stand there."""
    if len(words) < at + len(opening):
        return 0
    there = all(words[at + i].lower in places for i, places in enumerate(opening))
    return len(opening) if there else 0
