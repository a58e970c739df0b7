"""What is left of a request without its constraints, thanks and negations."""

from __future__ import annotations

from polaris_core.instructions.lexicon import DEFINITE
from polaris_core.instructions.words import Words, find, lower_at, strip_marks, word_set

__all__ = ["KEEPING", "unwanted_thing", "without_constraint", "without_denied", "without_thanks"]

KEEPING = word_set(
    "keep keeping leave leaving preserve preserving maintain maintaining ensure ensuring don't do "
    "make-sure avoid avoiding retain retaining never nothing everything-else"
)
"""Words that lead to what must not change."""


_ALL = frozenset({"everything", "all", "anything", "everyone", "nothing"})


def _goes_on(words: Words, index: int) -> bool:
    """Whether "but" cuts nothing off: "everything but the dog", "same style, but a fox"."""
    styled = words[0].lower in ("same", "this") and words[1].lower == "style"
    return words[index - 1].lower in _ALL or styled


def _makes_it(words: Words, index: int) -> bool:
    """Whether "so" leads to what is asked: "make it so that the dog is a wolf"."""
    return index == 2 and words[1].lower in ("it", "this")


_IF = word_set("that that's it it's you possible you're this there")


def unwanted_thing(words: Words) -> Words:
    """What follows "don't want" and "do away with"; nothing if it is neither."""
    first, second = lower_at(words, 0), lower_at(words, 1)
    if (first, second, lower_at(words, 2)) == ("do", "away", "with"):
        return words[3:]
    if first == "don't" and second in ("want", "need", "like") and len(words) > 2:
        return words[2:] if words[2].lower in DEFINITE | {"any"} else ()
    return ()


def without_thanks(words: Words) -> Words:
    """Without "for me", "please", "thank you" at the end."""
    while len(words) > 1:
        if words[-1].lower in _THANKS or words[-1].is_mark:
            words = words[:-1]
        elif len(words) > 2 and words[-2].lower == "for" and words[-1].lower in ("me", "us"):
            words = words[:-2]
        else:
            break
    return words


_THANKS = word_set("please thanks thank thankyou ok okay asap cheers kindly lol haha")


def without_constraint(words: Words) -> Words:
    """Cut off "while keeping …", "without changing …", "but …", ", keeping …"."""
    for index in range(1, len(words)):
        lower = words[index].lower
        following = words[index + 1].lower if index + 1 < len(words) else ""
        gerund = following.endswith("ing")
        if (
            (lower in ("while", "without", "whilst") and gerund)
            or (lower == "but" and index > 1 and not _goes_on(words, index))
            or (lower in (",", "and", "-") and following in KEEPING)
            or (
                lower == "so" and following in ("that", "it", "the") and not _makes_it(words, index)
            )
            or (lower in ("because", "since", "unlike", "even"))
            or (lower == "if" and following in _IF and words[index - 1].lower != "as")
        ):
            return _resumed(words, index)
    return strip_marks(words)


def without_denied(words: Words) -> Words:
    """Only the green of "make it not red but green", "make it green, not red".

    What is denied alone stays, since nothing would be left of it: "make it not red".
    """
    at = find(words, {"not"})
    if at < 2:
        return words
    but = find(words, {"but"}, at + 2)
    if but > 0 and lower_at(words, but + 1) not in DEFINITE | {""}:
        return (*words[:at], *words[but + 1 :])
    if words[at - 1].lower not in (",", "and", "-"):
        return words
    comma = find(words, {","}, at)
    return (*words[: at - 1], *(words[comma + 1 :] if comma > 0 else ()))


def _resumed(words: Words, index: int) -> Words:
    """What stands before a constraint, and after it if that still speaks of the thing."""
    before = strip_marks(words[:index])
    for at in range(index + 2, len(words) - 2):
        if words[at].lower == "," and words[at + 1].lower == "with":
            return (*before, *strip_marks(words[at + 1 :]))
    return before
