"""Ways of saying that one thing shall stand for another: "a dog instead of the cat"."""

from __future__ import annotations

from polaris_core.instructions.chunks import core_end
from polaris_core.instructions.lexicon import ADD, DEFINITE, DETERMINERS, DRAW, NEW
from polaris_core.instructions.requests import Request
from polaris_core.instructions.words import Word, Words, find, lower_at, strip_marks, word_set

__all__ = ["one_for_another", "where_it_is"]

_SHOWING = ADD | NEW | DRAW | frozenset({"make", "use", "have", "see", "give", "get", "let", ""})


def _verb(verb: str) -> Word:
    return Word(verb, verb)


def one_for_another(request: Request) -> Words:
    """Read "a dog instead of the cat", "instead of the cat, show a dog"."""
    words = request.words
    denied = _denied(request)
    if denied:
        return denied
    if request.is_wish and request.verb in ("", "have", "see"):
        than = find(words, {"than"})
        if than > 0 and lower_at(words, than + 1) in DEFINITE:
            new = words[1:than] if words[0].lower in ("see", "have") else words[:than]
            return (_verb("change"), *words[than + 1 :], _verb("to"), *new)
    at = next(
        (
            i
            for i in range(len(words) - 2)
            if (words[i].lower in ("instead", "rather") and words[i + 1].lower in ("of", "than"))
            or (
                words[i].lower in ("in", "into", "take")
                and words[i + 1].lower in ("place", "lieu")
                and words[i + 2].lower == "of"
            )
        ),
        -1,
    )
    if at < 0 or (request.verb not in _SHOWING and at > 0):
        return _cut_instead(request, at)
    after = words[at + 2 :] if words[at + 1].lower in ("of", "than") else words[at + 3 :]
    if at == 0:
        comma = find(after, {","})
        end = comma if comma > 0 else core_end(after)
        old, new = after[:end], strip_marks(after[end:])
        while new and (new[0].lower in _SHOWING or new[0].lower in ("i", "want", "like", "there")):
            new = new[1:]
    else:
        old, new = after, (words[1:at] if request.has_verb else words[:at])
    if not old or not new:
        return ()
    return (_verb("change"), *old, _verb("to"), *_without_it(new))


def _denied(request: Request) -> Words:
    """Read "(I want) a walrus, not a seal, on the ice"."""
    words = request.words
    at = find(words, {"not"})
    if not request.is_wish or at < 2 or words[at - 1].lower not in (",", "and", "-"):
        return ()
    end = find(words, {","}, at)
    old = words[at + 1 : end if end > 0 else len(words)]
    new = words[1 : at - 1] if request.has_verb else words[: at - 1]
    while new and new[0].lower in ("see", "have"):
        new = new[1:]
    named = lower_at(old, 0) in DETERMINERS and lower_at(new, 0) in DETERMINERS
    return (_verb("change"), *old, _verb("to"), *new) if named else ()


def _without_it(new: Words) -> Words:
    return new[1:] if len(new) > 1 and new[0].lower == "it" else new


def _cut_instead(request: Request, at: int) -> Words:
    return strip_marks(request.words[:at]) if at > 1 else ()


def where_it_is(request: Request) -> Words:
    """Read "where the meter is I'd rather have a mushroom", "put a dog where the cat is"."""
    words = request.words
    at = find(words, {"where"})
    if at < 0 or request.verb not in _SHOWING:
        return ()
    end = find(words, {"is", "was", "are", "stands", "sits"}, at)
    if end < 0:
        return ()
    old = words[at + 1 : end]
    comma = find(words, {","}, end)
    if [w.lower for w in old] == ["there"] and comma > 0:  # "where there is a cat, put a dog"
        old, end = words[end + 1 : comma], comma
    new = words[end + 1 :] if at == 0 else (words[1:at] if request.has_verb else words[:at])
    while new and (new[0].lower in _SHOWING or new[0].lower in _LEFTOVERS or new[0].is_mark):
        new = new[1:]
    following = words[end + 1].lower if end + 1 < len(words) else ""
    if not old or not new or (at > 0 and following and following not in ("now", "currently")):
        return ()
    return (_verb("replace"), *old, _verb("with"), *new)


_LEFTOVERS = word_set("i i'd rather have want like would should there be now currently standing")
