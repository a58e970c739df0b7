"""Drawing: scenes of one to three things in many styles, with captions, masks and true edits.

    random_scene ─▶ Scene ─▶ draw       picture
                          ├▶ masks      exact pixels of each thing
                          ├▶ parts      … of its roof, ears, wheels
                          └▶ caption    what a person would say
    random_edit  ─▶ Edit: scene before, scene after, sentence, where it may change

Numpy and pillow only. `rng` is always a `random.Random`; the same state gives the same.
"""

from miniature.world.captions import caption, describe
from miniature.world.drawing import draw, masks, parts
from miniature.world.edits import EDIT_TYPES, Edit, random_edit
from miniature.world.names import (
    ALL_KINDS,
    ALL_STYLES,
    BACKGROUNDS,
    COLOURS,
    KINDS,
    NEW_KINDS,
    NEW_STYLES,
    SIZE_PX,
    STYLES,
)
from miniature.world.sampling import is_held_out, random_scene
from miniature.world.scene import Scene, Thing

__all__ = [
    "ALL_KINDS",
    "ALL_STYLES",
    "BACKGROUNDS",
    "COLOURS",
    "EDIT_TYPES",
    "KINDS",
    "NEW_KINDS",
    "NEW_STYLES",
    "SIZE_PX",
    "STYLES",
    "Edit",
    "Scene",
    "Thing",
    "caption",
    "describe",
    "draw",
    "is_held_out",
    "masks",
    "parts",
    "random_edit",
    "random_scene",
]
