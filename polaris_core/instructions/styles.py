"""What counts as an artistic style in a phrase: media, movements, techniques, looks."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from polaris_core.instructions.body_plans import is_being, is_person
from polaris_core.instructions.qualities import COLOURS
from polaris_core.instructions.style_names import STYLES
from polaris_core.instructions.words import Word, Words, find, lower_at, strip_marks, word_set

__all__ = [
    "is_style_phrase",
    "names_style",
    "split_style",
    "style_chunk",
    "without_closing_word",
]

# No look is told in more words; what is longer is not searched, so that the time stays linear.
_LONGEST_PHRASE = 40
_LONGEST = max(len(phrase) for phrase in STYLES)
# Alone before a noun these may as well be its material or its use ("painting" in "painting set").
_ONLY_AS_WHOLE = word_set(
    "oil ink chalk painting drawing clay tattoo lego felt realist relief marker sticker constable "
    "turner barbie matrix peanuts raku hopper silhouette sketch mosaic pencil crayon acrylic "
    "infrared realism tapestry illustration collage emoji retro gothic minimalist psychedelic "
    "patchwork fairytale baroque miro monochrome futurist brutalist charcoal pastel chalkboard"
)
# An animal is not made of these, and what has a colour of its own is not of theirs. A person may do
# with them what he does for a living: a sketch artist.
_DRAWN_WITH = word_set("charcoal pencil crayon chalk ink pastel sketch chalkboard")
_SHADES = {
    "charcoal": word_set("gray grey black"),
    "pastel": COLOURS,
    "ink": word_set("blue black"),
    "chalk": word_set("white"),
}
_CLOSING = word_set(
    "style styles styled look looks effect effects manner version scene setting settings "
    "atmosphere image picture photo photograph vibe vibes theme feel render rendering environment "
    "mood appearance overall visuals"
)
_STYLE_NOUNS = word_set(
    "style styles aesthetic aesthetics manner technique look vibe vibes feel treatment"
)
_MEDIA = word_set(
    "painting drawing sketch illustration cartoon comic anime manga mosaic collage render "
    "caricature animation engraving etching artwork watercolor lithograph linocut woodcut fresco "
    "mural tapestry doodle print poster storyboard miniature cartoons comics sketches paintings "
    "drawings canvas masterpiece"
)
_PRINTS = frozenset({"print", "poster", "mural", "miniature", "canvas", "tapestry", "masterpiece"})
_NOT_IN_STYLE = word_set(
    "as like in on at with for to from into near under over while that which where"
)
_ARTICLES = frozenset({"a", "an", "the"})
_MADE = word_set(
    "painted drawn done rendered styled sketched depicted illustrated shown created executed made "
    "designed shot filmed animated carved engraved printed crafted inspired painted-over"
)
_DRAWN = word_set("done rendered drawn painted sketched illustrated styled depicted")
_SUFFIXES = frozenset({"style", "styled", "inspired", "themed", "esque", "ish", "like"})


def _parts(word: Word) -> tuple[str, ...]:
    return _parts_of(word.lower)


@lru_cache(maxsize=4096)
def _parts_of(lower: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", lower)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(plain.removesuffix("'s").replace("-", " ").split())


def _match(words: Words, start: int) -> int:
    """How many words from `start` are a style phrase, a following "style" included; 0 if none."""
    parts: list[str] = []
    best = 0
    for end in range(start, min(len(words), start + _LONGEST + 1)):
        parts += _parts(words[end])
        suffixed = len(parts) > 1 and parts[-1] in _SUFFIXES and "-" in words[end].lower
        if parts and parts[-1] in ("style", "styled", "inspired", "themed") and len(parts) > 1:
            return end + 1 - start
        one = (*parts[:-1], parts[-1].removesuffix("s")) if parts else ()
        if {tuple(parts), one} & STYLES or (suffixed and tuple(parts[:-1]) in STYLES):
            best = end + 1 - start
    if best and start + best < len(words) and words[start + best].lower in _STYLE_NOUNS:
        best += 1
    return best


def names_style(words: Words) -> bool:
    """Whether the whole of a phrase is the name of a style, with a closing word at the most."""
    words = without_closing_word(words)
    return bool(words) and _match(words, 0) == len(words)


def split_style(core: Words) -> tuple[Words, Words]:
    """Take style words out of a noun phrase that has no article any more.

    Returns:
        The style words, and the rest; the last word, the thing itself, always stays in the rest.
    """
    if core and all(w.lower == core[0].lower for w in core):
        return (), core
    index = 0
    while index < len(core) - 1:
        length = _match(core, index)
        if length and index + length < len(core) and _may_be_parted(core, index, length):
            length = _with_second(core, index, length)
            style = core[index : index + length]
            rest = core[index + length :]
            alone = length == 1 and style[0].lower in _ONLY_AS_WHOLE
            if not alone or _is_drawn_with(style[0].lower, rest):
                return style, core[:index] + rest
        index += 1
    return (), core


def _is_drawn_with(medium: str, rest: Words) -> bool:
    """Whether "charcoal" in "a charcoal owl" or "a charcoal green chair" is a way to draw."""
    first = rest[0].lower
    if medium not in _DRAWN_WITH or first in _SHADES.get(medium, ()):
        return False
    head = rest[-1].lower
    return first in COLOURS or (is_being(head) and not is_person(head))


def _with_second(core: Words, index: int, length: int) -> int:
    """The length together with a second style after a comma: "surrealist, Dali-like"."""
    after = index + length
    joined = after + 1 < len(core) and core[after].lower in (",", "and")
    second = _match(core, after + 1) if joined else 0
    return length + 1 + second if second and after + 1 + second < len(core) else length


def _may_be_parted(core: Words, index: int, length: int) -> bool:
    """Before "of" only at the front: "an oil painting of a pear"."""
    return core[index + length].lower != "of" or index == 0


def is_style_phrase(words: Words) -> bool:
    """Whether a phrase says how things look rather than what they are: "cubist painting"."""
    if len(words) > _LONGEST_PHRASE:
        return False
    words = strip_marks(words)
    while words and words[0].lower in _ARTICLES:
        words = words[1:]
    artist = next((i for i, w in enumerate(words) if w.lower == "by"), len(words))
    words = words[:artist]
    if not words or any(w.lower in _NOT_IN_STYLE for w in words):
        return False
    if any(w.lower in ("this", "the", "my", "his", "her") for w in words[1:]):
        return False
    comma = find(words, {","})
    if comma > 0 and not _all_style(words):
        return False
    parts = [part for word in words for part in _parts(word)]
    if not parts:
        return False
    last = parts[-1]
    if last in _STYLE_NOUNS or tuple(parts) in STYLES:
        return True
    if last in _MEDIA and (last not in _PRINTS or len(words) > 1):
        return last not in _PRINTS or any(_match(words, i) for i in range(len(words) - 1))
    return _covers(words)


def _covers(words: Words) -> bool:
    """Whether names of styles and closing words are all there is: "impasto oil"."""
    index = _match(words, 0) if words else 0
    if not index:
        return False
    while index < len(words):
        closing = words[index].lower in _CLOSING | _JOINING
        length = 1 if closing else _match(words, index)
        if not length:
            return False
        index += length
    return True


_JOINING = frozenset({"page", "filter", "canvas", "art", "and", ","})


def _all_style(words: Words) -> bool:
    """Whether the first and the last of the parts between commas are styles each."""
    ends = [i for i, w in enumerate(words) if w.lower == ","]
    first, last = strip_marks(words[: ends[0]]), strip_marks(words[ends[-1] + 1 :])
    if last and last[0].lower == "and":
        last = last[1:]
    return bool(_match(first, 0)) and (not last or last[-1].lower in _STYLE_NOUNS or _is_last(last))


def _is_last(words: Words) -> bool:
    """Whether the last of an enumeration of styles is one as well."""
    return bool(_match(words, 0)) or len(words) == 1


def style_chunk(words: Words) -> Words:
    """The style in "in (a) ukiyo-e style", "in the style of X", "as a watercolor", "in pencil".

    Returns:
        The words of the style; empty if the phrase is not about style.
    """
    made = lower_at(words, 0) in _MADE and len(words) > 2
    drawn = made and lower_at(words, 0) in _DRAWN
    if made:
        words = words[1:]
    if not words or words[0].lower not in ("in", "as", "with", "using", "like"):
        return ()
    rest = strip_marks(words[1:])
    if words[0].lower == "as" and rest and rest[0].lower in ("if", "though"):
        rest = tuple(w for w in rest[1:] if w.lower not in ("it", "by", "was", "were", *_MADE))
    while rest and rest[0].lower in _ARTICLES:
        rest = rest[1:]
    if lower_at(rest, 0) in _POINTING:
        return ()
    at = find(rest, _STYLE_NOUNS)
    if at >= 0 and lower_at(rest, at + 1) == "of" and at + 2 < len(rest):
        return without_closing_word(rest[at + 2 :])
    if words[0].lower != "with" and is_style_phrase(rest):
        return without_closing_word(rest)
    if made and rest and words[0].lower in ("like", "as", "in") and _names_look(rest):
        return without_closing_word(rest)
    if drawn and rest and words[0].lower == "in" and rest == strip_marks(words[1:]):
        return without_closing_word(rest)
    return ()


_POINTING = frozenset({"this", "that", "same", "these", "those"})


def _names_look(rest: Words) -> bool:
    """After "painted like", a name or a medium; not "made in the factory"."""
    capital = rest[0].text[:1].isupper()
    return capital or bool(_match(rest, 0))


def without_closing_word(words: Words) -> Words:
    """A style phrase without articles and a last word that adds nothing ("style", "look")."""
    words = strip_marks(words)
    while words and words[0].lower in _ARTICLES:
        words = words[1:]
    while len(words) > 1 and words[-1].lower in _CLOSING:
        words = strip_marks(words[:-1])
    return words
