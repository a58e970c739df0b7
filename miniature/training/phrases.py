"""What is said of a single thing or of a background, and what else would be said rightly so."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from miniature.training.uploads import Upload, describe
from miniature.world import ALL_KINDS, ALL_STYLES, BACKGROUNDS, COLOURS, Scene
from miniature.world.words import ADJECTIVES, with_article
from polaris_core.catalogue.entry import Role
from polaris_core.retrieval.documents import text_fields

__all__ = ["ANY", "Meaning", "Said", "of_ground", "of_thing"]

Meaning: TypeAlias = tuple[int, int, int]
"""Places in `ALL_KINDS`, `COLOURS` and `ALL_STYLES`. Backgrounds come after the kinds, and have no
colour; see `_NO_COLOUR`."""
ANY = -1
"""In a text's meaning: it does not say."""
_NO_COLOUR = -2
_GROUND = len(ALL_KINDS)

_TEMPLATES = ("a photo of {}", "a close-up photo of {}", "a cropped picture of {}", "{}", "{}")
"""Those of polaris_core.regions.scoring, and none."""
_GROUNDS = {
    "plain": ("wall", "floor", "a plain background"),
    "meadow": ("grass", "a meadow", "the meadow"),
    "desert": ("sand", "a desert", "the desert"),
    "sea": ("water", "the sea", "a sea"),
    "night": ("sky", "the night", "a night sky"),
    "snow": ("snow", "the snow", "a snow field"),
}
_ANY_GROUND = ("the background", "an empty background", "background", "the scenery")
_STYLED = ("{} style", "{}", "in {} style", "a {} picture", "{} drawing")


@dataclass(frozen=True, slots=True)
class Said:
    """A text about a picture."""

    text: str
    other: str
    """Another of the same meaning."""
    meant: Meaning
    shown: Meaning
    """All that the picture shows."""


def of_thing(scene: Scene, which: int, rng: random.Random) -> Said:
    """A phrase for a thing, or a description of a model that makes such things or such a look."""
    thing = scene.things[which]
    style = scene.style_of(thing)
    shown = ALL_KINDS.index(thing.kind), COLOURS.index(thing.colour), ALL_STYLES.index(style)
    form = rng.random()
    says = (True, True, False) if form < 0.35 else (True, True, True) if form < 0.55 else None
    if says is None:
        says = (True, False, False) if form < 0.8 else (False, False, True)
    if form >= 0.98:
        says = (False, True, False)
    meant = tuple(part if told else ANY for part, told in zip(shown, says, strict=True))
    words = thing.kind, thing.colour, style
    texts = [_text(words, says, rng) for _ in range(2)]
    if sum(says) == 1 and not says[1] and rng.random() < 0.6:
        texts[1] = _uploaded(words, says, rng)
    return Said(texts[0], texts[1], (meant[0], meant[1], meant[2]), shown)


def of_ground(scene: Scene, rng: random.Random) -> Said:
    """A word for a background."""
    place = BACKGROUNDS.index(scene.background)
    shown = _GROUND + place, _NO_COLOUR, ALL_STYLES.index(scene.style)
    names = _GROUNDS[scene.background]
    meant = (shown[0], _NO_COLOUR, ANY)
    if rng.random() < 0.5:
        names, meant = _ANY_GROUND, (ANY, _NO_COLOUR, ANY)
    one, other = (rng.choice(_TEMPLATES).format(rng.choice(names)) for _ in range(2))
    return Said(one, other, meant, shown)


def _text(words: tuple[str, str, str], says: tuple[bool, bool, bool], rng: random.Random) -> str:
    kind, colour, style = words
    if not says[0]:
        if says[1]:
            return rng.choice(("a {} thing", "something {}", "{}")).format(colour)
        return rng.choice(_STYLED).format(rng.choice((style, *ADJECTIVES[style])))
    phrase = f"{colour} {kind}" if says[1] else kind
    if says[2]:
        look = rng.choice(ADJECTIVES[style])
        if rng.random() < 0.35:
            said = with_article(phrase) if rng.random() < 0.7 else phrase
            return f"{rng.choice(_TEMPLATES).format(said)}, {style} style"
        phrase = f"{look} {phrase}"
    if rng.random() < 0.75:
        phrase = with_article(phrase) if rng.random() < 0.8 else f"the {phrase}"
    return rng.choice(_TEMPLATES).format(phrase)


def _uploaded(
    words: tuple[str, str, str], says: tuple[bool, bool, bool], rng: random.Random
) -> str:
    """One of the texts by which retrieval knows a model."""
    kind, _, style = words
    chance = np.random.default_rng(rng.getrandbits(62))
    role = Role.OBJECT if says[0] else Role.STYLE
    upload = Upload(role, kind if says[0] else "", "" if says[0] else style)
    entry = describe(chance, upload)
    fields = text_fields(entry)
    texts = [text for field in fields for text in field.texts]
    said = [text for text in texts if (kind if says[0] else style) in text.lower()]
    return rng.choice(said or texts)[:160]
