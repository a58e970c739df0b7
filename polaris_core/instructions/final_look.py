"""What is to be seen in the end, in the words of a prompt.

No editing verb, nobody's possession ("his hat" becomes "the hat"), nothing that was not asked for.
"""

from __future__ import annotations

from polaris_core.instructions.body_plans import body_plan, is_person
from polaris_core.instructions.lexicon import OPENERS
from polaris_core.instructions.phrases import (
    Thing,
    drop_articles,
    names_picture,
    read_thing,
)
from polaris_core.instructions.qualities import COLOURS, is_quality
from polaris_core.instructions.styles import is_style_phrase
from polaris_core.instructions.words import Word, Words, base_noun, lower_at, text_of, word_set

__all__ = ["describe_behind", "describe_restyled", "describe_thing", "without_owners"]

_NUMBERS = word_set("some two three four five six seven eight nine ten several many the")
_SINGLE = word_set("a an another one each every this that")
_PERSONS = {"him": "man", "her": "woman", "me": "person", "them": "people", "us": "people"}
_SURFACES = frozenset({"on", "from"})
_OWNERS = word_set("my your his her its our their")
_MARKINGS = frozenset({"stripes", "dots", "checks", "spots", "pinstripes", "patterns"})
_MEDIA = frozenset({"painting", "drawing", "sketch", "illustration", "render", "art"})


def without_owners(words: Words) -> str:
    """The text of some words without whose things are: "the hat", "witch wand"."""
    plain: list[Word] = []
    for index, word in enumerate(words):
        following = lower_at(words, index + 1)
        owns = word.lower in _OWNERS and following[:1].isalnum() and following not in OPENERS
        if owns:
            word = Word("the", "the", word.spaced)
        elif word.lower.endswith("'s") and following:
            word = Word(word.text[:-2], word.lower[:-2], word.spaced)
        elif word.lower.endswith("s'") and following:
            word = Word(word.text[:-1], word.lower[:-1], word.spaced)
        plain.append(word)
    return text_of(tuple(plain))


def _article(determiner: str, words: str) -> str:
    if determiner in _NUMBERS:
        return determiner
    if determiner not in _SINGLE:
        return ""
    return "an" if words[:1].lower() in tuple("aeiou") else "a"


def describe_thing(thing: Thing, after: Words = ()) -> str:
    """The final look of a new thing: "a watercolor fox", "a violin, ukiyo-e style"."""
    before = thing.style if thing.styled_before else ()
    core = tuple(w for i, w in enumerate(thing.core) if i or w.lower not in _OWNERS)
    words = without_owners((*before, *core, *thing.detail, *after))
    described = f"{_article(thing.determiner, words)} {words}".strip()
    if thing.style and not thing.styled_before:
        last = thing.style[-1].lower
        closing = "" if body_plan(last) or last in _MEDIA else " style"
        described += f", {without_owners(thing.style)}{closing}"
    return described


def describe_restyled(thing: Thing, look: Words, background: bool) -> str:
    """A thing in its new look; a background in a new scene is that scene."""
    text = without_owners(look)
    if background and not is_style_phrase(look) and not all(is_quality(w.lower) for w in look):
        return text if look[0].lower not in ("filled", "full", "covered") else f"background {text}"
    core = thing.core
    last = lower_at(look, len(look) - 1)
    person = is_person(thing.head) or thing.text.lower() in _PERSONS
    if person and is_person(last) and not is_quality(last):
        return f"{_article('a' if base_noun(last) == last else '', text)} {text}".strip()
    if text == text_of(core):
        return text
    if last in _MARKINGS:
        return f"{text_of(core)} with {text}"
    if any(w.lower in COLOURS for w in look):
        core = tuple(w for w in core if w.lower not in COLOURS) or core
    name = _PERSONS.get(thing.text.lower(), without_owners(core))
    before = len(look) <= 4 and not any(w.lower in ("of", "with", "to", "like", "in") for w in look)
    return f"{text} {name}".strip() if before else f"{name}, {text}"


def describe_behind(thing: Thing) -> str:
    """What is to be seen where the thing was: what it lay on, if told, or the background."""
    place = thing.place
    if place and place[0].lower in _SURFACES and not names_picture(place[1:]):
        under = read_thing(place[1:])
        if under.core and base_noun(under.head) not in ("side", "left", "right", "corner", "top"):
            _, bare = drop_articles(under.core)
            return f"the {without_owners(bare)}"
    return "the background"
