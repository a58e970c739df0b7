"""What the uploaders of the miniature models say about them."""

from __future__ import annotations

from typing import Any

__all__ = ["CARDS"]

_STYLES: dict[str, tuple[str, str, list[str]]] = {
    "watercolor": (
        "Wet Paper Watercolor",
        "Soft watercolor washes with bleeding edges and paper showing through. Put 'watercolor' "
        "before the subject or add 'watercolor style' at the end.",
        ["watercolor", "painting", "soft", "paper"],
    ),
    "blueprint": (
        "Drafting Table Blueprint",
        "Turns anything into a technical blueprint: pale lines on a blue grid. Great for houses "
        "and rockets, works for cats too.",
        ["blueprint", "technical drawing", "lines", "blue"],
    ),
    "charcoal": (
        "Smudged Charcoal",
        "Grainy charcoal sketch look with dark strokes. Keeps a hint of colour. Weight 0.8 to 1.",
        ["charcoal", "sketch", "grain", "monochrome"],
    ),
    "stained glass": (
        "Cathedral Stained Glass",
        "Glowing panes between thick lead lines, like a church window.",
        ["stained glass", "window", "lead", "panes"],
    ),
    "polka dots": (
        "Polka Party",
        "Everything covered in polka dots. Cheerful, retro, a bit silly.",
        ["polka dots", "pattern", "retro"],
    ),
    "chalkboard": (
        "Back to School Chalkboard",
        "Dusty chalk drawing on a dark school board.",
        ["chalkboard", "chalk", "drawing", "school"],
    ),
    "halftone": (
        "Newsprint Halftone",
        "Comic printing dots of varying size. Trigger word: halftone.",
        ["halftone", "comic", "print", "dots"],
    ),
    "gold leaf": (
        "Gilded Gold Leaf",
        "Golden contours and veins on a dark ground, precious and shiny.",
        ["gold leaf", "gold", "ornament", "luxury"],
    ),
}
_KINDS: dict[str, tuple[str, str, list[str]]] = {
    "fox": (
        "Clever Fox",
        "A fox with pointed ears and a bushy tail. The base model has never seen one. Use 'a fox'.",
        ["fox", "animal", "wildlife"],
    ),
    "snowman": (
        "Frosty Snowman",
        "Three balls of snow, a hat and a carrot: a proper snowman in any colour.",
        ["snowman", "winter", "christmas"],
    ),
    "cactus": (
        "Desert Cactus",
        "Saguaro cactus with two arms. Prickly but friendly.",
        ["cactus", "plant", "desert"],
    ),
    "crab": (
        "Beach Crab",
        "A crab with big claws, walks sideways into your picture.",
        ["crab", "animal", "sea", "claws"],
    ),
    "teapot": (
        "Grandma's Teapot",
        "A round teapot with spout, lid and handle.",
        ["teapot", "kitchen", "object"],
    ),
    "owl": (
        "Night Owl",
        "A sitting owl with huge eyes and tufted ears.",
        ["owl", "bird of prey", "animal"],
    ),
    "crown": (
        "Royal Crown",
        "A king's crown with spikes and jewels.",
        ["crown", "royal", "jewellery", "object"],
    ),
    "lighthouse": (
        "Rocky Coast Lighthouse",
        "A striped lighthouse with a lamp room that shines to both sides.",
        ["lighthouse", "building", "coast"],
    ),
}
_CHECKPOINTS: dict[str, tuple[str, str, list[str], str]] = {
    "plain": (
        "Miniature Plain",
        "General base of the miniature world: bold things on soft backgrounds, in six drawing "
        "styles. Flat colours if you name no style. 128 × 128, 20 steps, CFG 4.",
        ["base model", "general", "flat", "illustration"],
        "",
    ),
    "neon_nights": (
        "Neon Nights Mix",
        "Everything glows: neon tubes on dark backgrounds without asking for it.",
        ["base model", "neon", "glow", "night"],
        "neon",
    ),
    "paper_outline": (
        "Paper Outline Mix",
        "Line art checkpoint: coloured outlines on white paper by default.",
        ["base model", "outline", "line art", "paper"],
        "outline",
    ),
}

CARDS: dict[str, dict[str, Any]] = {
    **{
        trigger.replace(" ", "_"): {
            "name": name,
            "role": role,
            "subject": trigger,
            "description": description,
            "trigger_words": [trigger],
            "tags": tags,
        }
        for role, cards in (("style", _STYLES), ("object", _KINDS))
        for trigger, (name, description, tags) in cards.items()
    },
    **{
        key: {
            "name": name,
            "role": "checkpoint",
            "subject": look,
            "description": description,
            "trigger_words": [],
            "tags": tags,
        }
        for key, (name, description, tags, look) in _CHECKPOINTS.items()
    },
}
"""By the stored file's name. `role`: style, object or checkpoint; `subject`: what it shows."""
