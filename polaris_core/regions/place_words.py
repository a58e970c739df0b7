"""The closed sets of words by which places are told."""

from __future__ import annotations

from polaris_core.instructions.words import word_set

__all__ = [
    "AREAS",
    "BODY_PARTS",
    "BREAKS",
    "COLOURS",
    "MIDDLE",
    "PERSONS",
    "PICTURES",
    "SKIPPED",
    "WORN",
]

AREAS = word_set("corner side edge half part area region section portion end hand border")
MIDDLE = word_set("middle center centre central")
SKIPPED = word_set(
    "the a an this that these those his her its their my your our very far just some whole entire "
    "original two three both all"
)
"""Words that may stand anywhere and say nothing about where."""
PICTURES = word_set("image picture photo photograph scene frame view shot pic it composition")
BREAKS = word_set(
    "wearing holding that which who whose standing sitting lying looking having facing"
)
"""Words at which a thing ends and what it does begins."""
BODY_PARTS = word_set(
    "hand arm leg foot eye ear shoulder cheek knee hip wrist finger elbow ankle thigh palm fist "
    "paw wing nostril eyebrow eyelid lip jaw breast sleeve"
)
"""Of these somebody has a left one and a right one of their own."""
COLOURS = word_set(
    "red orange yellow green blue purple violet pink brown black white grey gray beige gold silver"
)
WORN = word_set("hat crown shoe boot glove eyewear mask necklace tie earphones")
"""Body plans, beside garments, of what people wear."""
PERSONS = {
    **dict.fromkeys(("him", "he"), "man"),
    **dict.fromkeys(("her", "she"), "woman"),
    **dict.fromkeys(("me", "myself", "i", "you", "someone", "somebody"), "person"),
    **dict.fromkeys(("them", "us", "they"), "people"),
}
"""What the pronouns for people stand for in a picture."""
