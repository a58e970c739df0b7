"""Where a noun ends, and the phrases that follow it, each from its first word on."""

from __future__ import annotations

from polaris_core.instructions.body_plans import is_being, is_known_thing
from polaris_core.instructions.lexicon import DEFINITE, DETERMINERS, OPENERS, PICTURES, RELATIVES
from polaris_core.instructions.styles import is_style_phrase
from polaris_core.instructions.words import Words, base_noun, find, lower_at, strip_marks, word_set

__all__ = ["chunks_of", "core_end", "is_participle", "is_state", "opens_style", "without_lead"]

_NOUNS_IN_ING = word_set(
    "building painting ring king thing wing string ceiling clothing spring swing evening morning "
    "earring drawing railing awning duckling dumpling pudding writing sling lightning viking "
    "nothing everything something anything sibling gosling icing frosting topping stuffing "
    "seasoning wedding parking wrapping packaging lighting setting surrounding stocking covering "
    "bedding flooring coloring colouring shading marking herring starling darling sterling "
    "lettering carving coating padding lining bring sting fling cling being crossing landing "
    "opening engraving etching"
)
_JOINS_TO = frozenset(
    {"next", "close", "adjacent", "near", "similar", "due", "opposite", "nearest"}
)
_ELABORATES = frozenset({"making", "giving", "turning", "and"})
# After a noun and before a preposition: only how near, how high, how far.
_LEADS = word_set(
    "right just directly up down high far deep out over way back somewhere off nearest closest "
    "visible low halfway alone only far-off partially slightly similar identical"
)
_STATES = word_set(
    "perched parked seated placed located positioned docked hung mounted planted tied attached "
    "anchored moored fixed leaned propped rested laid stuck pinned nailed fastened strapped "
    "chained tucked stored displayed situated set stacked piled scattered lined found seen held "
    "worn nestled draped wrapped curled crouched installed suspended balanced floating strung "
    "slung stretched thrown caught tossed"
)
_MADE = word_set(
    "made drawn painted rendered done styled sketched depicted illustrated shown created executed "
    "designed carved built woven sculpted knitted filled covered surrounded decorated dressed "
    "adorned topped printed coated wrapped lit shaped inspired based engraved written "
    "cast crafted stitched formed composed drenched bathed dipped soaked hidden"
)
_SUBJECTS = word_set("she he they we i you")
_WAYS = frozenset({"down", "up"})
_POSTPOSED = word_set("only too also instead alone together there here now again please")


def is_state(word: str) -> bool:
    """Whether a participle says where a thing is: "perched", "parked"."""
    return word in _STATES


def is_participle(words: Words, index: int) -> bool:
    """Whether the word there says what a thing is doing: "walking", but not "running shoes"."""
    lower = words[index].lower
    following = words[index + 1].lower if index + 1 < len(words) else ""
    acting = index > 0 and following in OPENERS and is_being(words[index - 1].lower)
    if not lower.endswith("ing") or (base_noun(lower) in _NOUNS_IN_ING and not acting):
        if lower in ("worn", "held", "seen", "located"):
            return True
        past = lower in _STATES or lower in _MADE or (lower.endswith("ed") and len(lower) > 4)
        return past and index > 0 and following in OPENERS
    if not following or following in _STARTS or lower in ("wearing", "holding"):
        return True
    if following.endswith("ly") or "-to-" in following or following in _AROUND:
        return True
    before = words[index - 1].lower if index else ""
    return is_known_thing(before) and not is_known_thing(following) and not before.endswith("'s")


_STARTS = OPENERS | DETERMINERS
_AROUND = word_set("up down out away off back and together upside it him her them straight forward")


def opens_style(words: Words, index: int) -> bool:
    """Whether a participle there leads to a style: "painted like a Rembrandt", "done in ink"."""
    following = words[index + 1].lower if index + 1 < len(words) else ""
    return words[index].lower in _MADE and following in ("in", "as", "like", "with", "using")


def core_end(words: Words) -> int:
    """How many words from the start are the noun with its front modifiers."""
    for index in range(1, len(words)):
        word = words[index]
        lower = word.lower
        before = words[index - 1].lower
        if (lower in DEFINITE or lower.partition("'")[0] in _SUBJECTS) and before not in (
            "and",
            ",",
            "of",
            "or",
        ):
            return index  # "the horse the knight rides"
        if lower == "of" and not _is_definite(words, index + 1):
            continue
        if lower in OPENERS or lower in RELATIVES or is_participle(words, index):
            return index
        if lower in (",", ":", "(", ")") and not _goes_on(words[index + 1 :]):
            return index
        if _is_lead(words, index) or (lower in _POSTPOSED and _ends(words, index + 1)):
            return index
    return len(words)


def _ends(words: Words, index: int) -> bool:
    return index >= len(words) or words[index].is_mark or words[index].lower in OPENERS


def _is_lead(words: Words, index: int) -> bool:
    """Whether it is "up" in "up in the clouds", "all" in "all over the orchard"."""
    lower = words[index].lower
    following = words[index + 1].lower if index + 1 < len(words) else ""
    if lower == "all":
        return following in ("over", "around", "along", "across")
    if lower in _LEADS:
        return following in OPENERS or (following in _LEADS and _is_lead(words, index + 1))
    return False


def _goes_on(words: Words) -> bool:
    """Whether an enumeration of front modifiers continues after a comma: "a big, red barn"."""
    if not words or _names_style(words) or opens_style(words, 0):
        return False
    if words[0].lower.endswith("ing") and is_participle(words, 0):
        return False
    return words[0].lower not in OPENERS | RELATIVES | DETERMINERS | _ELABORATES | _NO_MODIFIERS


_NO_MODIFIERS = word_set(
    "just only please thanks such not nothing then instead same keep no ok i it"
)


def _is_definite(words: Words, index: int) -> bool:
    return index < len(words) and (
        words[index].lower in DEFINITE or words[index].lower in PICTURES | {"me", "him", "her"}
    )


def chunks_of(words: Words) -> list[Words]:
    """The phrases after a noun, each from its preposition on."""
    chunks: list[Words] = []
    start = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or _opens(words, index, start):
            if strip_marks(words[start:index]):
                chunks.append(words[start:index])
            start = index
    return chunks


_LEADING_ON = OPENERS - {"by"}


def _opens(words: Words, index: int, start: int) -> bool:
    lower, before = words[index].lower, words[index - 1].lower
    if lower == ",":
        return _names_style(words[index + 1 :])
    following = lower_at(words, index + 1)
    if lower == "out" and before == "made":
        return False
    if (lower == "out" and following == "of") or (lower in _WAYS and following in DETERMINERS):
        return True
    if following == before or lower_at(words, index - 2) == lower:
        return False  # "hand in hand"
    if before == "," and opens_style(words, index):
        return True
    if start == index - 1 and (opens_style(words, start) or before in _LEADS | {"all"}):
        return False
    if lower == "of" or (lower == "to" and before in _JOINS_TO) or before in _LEADING_ON:
        return False
    if start < index - 1 and opens_style(words, start) and lower == "of":
        return False
    return lower in OPENERS or lower in RELATIVES or is_participle(words, index)


def without_lead(chunk: Words) -> Words:
    """A phrase of place without how near or how far: "up", "right", "far off"."""
    while len(chunk) > 1 and chunk[0].lower in _LEADS - {"over", "off", "nearest", "closest"}:
        if (chunk[0].lower, chunk[1].lower) == ("out", "of") or _is_way(chunk):
            break
        chunk = chunk[1:]
    if len(chunk) > 2 and chunk[0].lower == "in" and chunk[1].lower in OPENERS - {"front"}:
        chunk = chunk[1:]
    while len(chunk) > 1 and chunk[0].lower == "off" and chunk[1].lower in OPENERS:
        chunk = chunk[1:]
    states = len(chunk) > 1 and is_state(chunk[0].lower) and chunk[1].lower in OPENERS - {"with"}
    return chunk[1:] if states else chunk


def _is_way(chunk: Words) -> bool:
    """Whether it is "down the cliff"."""
    return chunk[0].lower in _WAYS and chunk[1].lower in DETERMINERS


def _names_style(words: Words) -> bool:
    """Whether a style follows a comma: "…, oil painting"; but not "…, natural look"."""
    end = find(words, {","})
    piece = words[: end if end >= 0 else len(words)]
    if len(piece) > 1 and piece[-1].lower in ("look", "vibe", "feel"):
        piece = piece[:-1]
    return is_style_phrase(piece)
