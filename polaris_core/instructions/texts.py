"""Whether a request is about written text, which diffusion does not write."""

from __future__ import annotations

from polaris_core.instructions.body_plans import is_known_thing
from polaris_core.instructions.lexicon import DETERMINERS
from polaris_core.instructions.phrases import Thing, read_thing
from polaris_core.instructions.qualities import COLOURS, MATERIALS
from polaris_core.instructions.words import Word, Words, base_noun, find, lower_at, word_set

__all__ = [
    "changes_text",
    "is_about_text",
    "is_more_than_text",
    "looks_otherwise",
    "named_in_quotes",
]

_TEXTS = word_set(
    "text word letter lettering caption slogan title font sentence typography subtitle headline "
    "writing inscription heading wording watermark-text message phrase quote"
)
# Text only where quoted text stands beside them.
_SIGNS = word_set("character number name date digit label line year")
_SAYING = word_set("say says saying read reads reading spell spells spelling")


def looks_otherwise(target: Words, new: Words) -> bool:
    """Whether a text is to look otherwise, not to read otherwise: "make the title red"."""
    thing = read_thing(target)
    if thing.is_quote or base_noun(thing.head) not in _TEXTS - {"font"}:
        return False
    words = [
        w for w in new if not w.is_mark and w.lower not in ("a", "and", "in", "color", "colour")
    ]
    return bool(words) and all(
        w.lower in COLOURS | MATERIALS | _LETTERED and not w.text.isupper() for w in words
    )


_LETTERED = word_set(
    "bold italic bigger larger smaller glowing neon bright dark light darker lighter brighter "
    "different cursive thicker thinner blurry readable legible pale deep vivid"
)


def is_about_text(words: Words) -> bool:
    """Whether a phrase names written text: "the text 'OPEN'", "'2022'", "the caption"."""
    thing = read_thing(words)
    if thing.is_quote or base_noun(thing.head) in _TEXTS:
        return True
    lowers = [base_noun(w.lower) for w in thing.core]
    if any(noun in _TEXTS for noun in lowers[:-1]) and _quotes_unmarked(thing, lowers):
        return True
    quoted = any(w.is_quote for w in words)
    return quoted and any(noun in _TEXTS | _SIGNS for noun in lowers)


def _quotes_unmarked(thing: Thing, lowers: list[str]) -> bool:
    """Whether what follows "text" stands there as it is written: "the text sale"."""
    at = next(i for i, noun in enumerate(lowers) if noun in _TEXTS)
    return at + 1 < len(thing.core) and lowers[at + 1] not in _OF_TEXT


_OF_TEXT = word_set(
    "box bubble message color colour style background area size book editor field block overlay "
    "from in on material layout banner"
)


def changes_text(target: Words, new: Words) -> bool:
    """Whether a text, or a thing that bears it, is to read otherwise; not to look otherwise."""
    if find(new[:3], _SAYING) >= 0 or find(target, {"says", "reads", "saying", "reading"}) > 0:
        return True
    if len(target) == 1 and len(new) == 1 and not target[0].is_quote:
        old, wanted = target[0].text, new[0].text
        if old.isdecimal() and wanted.isdecimal():
            return True
        if len(old) > 1 and len(wanted) > 1 and old.isupper() and wanted.isupper():
            return wanted.lower() not in COLOURS
    core = read_thing(target).core
    numbered = any(base_noun(w.lower) in _SIGNS for w in core[-2:]) and bool(new)
    if numbered and (new[0].text.isdecimal() or new[0].text.isupper()):
        return True
    if is_about_text(new) and any(w.is_quote for w in new):
        return not is_more_than_text(new)
    return False


def is_more_than_text(new: Words) -> bool:
    """Whether a thing is named that only bears a text: "a bag of 'Crisps'"."""
    thing = read_thing(new)
    nouns = [base_noun(w.lower) for w in thing.core if not w.is_quote]
    if any(noun in _TEXTS for noun in nouns[:-1]) and _quotes_unmarked(thing, nouns):
        return False
    return bool(nouns) and nouns[-1] not in _TEXTS | _SIGNS


def named_in_quotes(words: Words) -> Words:
    """Without the quotes round the noun of a thing that an article leads: the "cat", a 'dog'."""
    return tuple(
        _bare(word) if word.is_quote and lower_at(words, i - 1) in DETERMINERS else word
        for i, word in enumerate(words)
    )


def _bare(quote: Word) -> Word:
    inner = quote.text[1:-1].strip()
    named = inner.isalpha() and inner.islower() and is_known_thing(base_noun(inner))
    return Word(inner, inner, quote.spaced) if named else quote
