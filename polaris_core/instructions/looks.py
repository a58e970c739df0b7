"""Whether a phrase says how a thing shall look, rather than what it shall be."""

from __future__ import annotations

from polaris_core.instructions.body_plans import is_known_thing
from polaris_core.instructions.lexicon import ATTRIBUTES, DEFINITE, OPENERS
from polaris_core.instructions.phrases import Thing, drop_articles
from polaris_core.instructions.qualities import (
    COLOURS,
    MATERIALS,
    PATTERNS,
    has_adjective_ending,
    is_comparative,
    is_quality,
)
from polaris_core.instructions.styles import is_style_phrase, names_style
from polaris_core.instructions.words import Words, base_noun, find, lower_at, word_set

__all__ = ["is_look", "trailing_look"]

_BETWEEN = frozenset(
    {"and", "or", "very", "a", "bit", "little", "more", "less", "slightly", "much"}
)
_VISIBLE = word_set("color colour colors colours shade tone hue")


def is_look(new: Words, made: Thing) -> bool:
    """Whether a phrase says how the thing shall be, rather than what."""
    determiner, bare = drop_articles(new)
    if names_style(new) or (is_style_phrase(new) and find(new, {","}) < 0):
        return True
    end = next((i for i, w in enumerate(bare) if i and w.lower in OPENERS), len(bare))
    words = [w.lower for w in bare[:end] if not w.is_mark and w.lower not in _BETWEEN]
    if not words or (is_known_thing(made.head) and made.style and not names_style(bare)):
        return False
    one = determiner in ("a", "an") or determiner.isdecimal()
    return _names_look(words, one=one, bare=not determiner) or _says_how(
        words, bare, determiner, made
    )


def _names_look(words: list[str], *, one: bool, bare: bool) -> bool:
    """Whether it ends in "color", in a material, or in a shade: "a fiery orange"."""
    last = words[-1]
    if len(words) > 1 and last in _VISIBLE | ATTRIBUTES | PATTERNS | {"finish", "texture"}:
        return True
    if last in MATERIALS and not one:
        return True
    if bare and not is_known_thing(last) and any(w in MATERIALS for w in words):
        return base_noun(last) == last  # "bamboo fiber composite", "bone china"
    return one and len(words) > 1 and last in COLOURS and all(w in COLOURS | _SHADES for w in words)


def _says_how(words: list[str], bare: Words, determiner: str, made: Thing) -> bool:
    """Whether it is made of adjectives."""
    last = words[-1]
    how = all(is_quality(w) or is_comparative(w) or w.endswith("ly") for w in words)
    if is_known_thing(made.head):
        return how and not determiner
    one = determiner in ("a", "an")
    if _leads(bare) or (how and (not one or last not in MATERIALS or len(words) > 1)):
        return True
    if (
        (is_quality(last) or is_comparative(last))
        and determiner not in DEFINITE
        and not (one and last in MATERIALS)
    ):
        return True
    plural = base_noun(last) != last
    named = bare[0].text[:1].isupper() if bare else False
    return not determiner and not plural and not named and has_adjective_ending(last)


def _leads(bare: Words) -> bool:
    """Whether a first word of how stands alone: "smoother, no wrinkles"."""
    first = lower_at(bare, 0)
    how = is_comparative(first) or is_quality(first)
    return how and lower_at(bare, 1) in (",", "with", "for", "like", "than", "in")


_SHADES = word_set(
    "fiery deep bright pale dark light vivid burnt soft neon hot pastel dusty blood sky baby "
    "royal forest electric warm cool rich faded muted shocking candy lighter darker deeper "
    "brighter"
)


def trailing_look(new: Words) -> Words:
    """The look without "a … color" around it."""
    bare = new
    while len(bare) > 1 and bare[0].lower in ("a", "an", "the", "some", "all"):
        bare = bare[1:]
    following = lower_at(bare, 1)
    if lower_at(bare, 0) in ("bit", "little", "lot") and (
        following in ("more", "less") or is_comparative(following)
    ):
        bare = bare[1:]
    last = lower_at(bare, len(bare) - 1)
    if len(bare) > 1 and last in _VISIBLE | {"material", "one", "ones", "style"}:
        bare = bare[:-1]
    if len(bare) > 2 and bare[0].lower in _VISIBLE | {"style"} and bare[1].lower in ("of", "like"):
        bare = bare[2:]
    elif len(bare) > 2 and bare[-2].lower == "in" and last in _VISIBLE:
        bare = bare[:-2]
    elif len(bare) > 3 and [w.lower for w in bare[:2]] == ["made", "of"]:
        bare = bare[2:]
    return bare
