"""Edits of scenes, with the sentence that asks for them and their true result."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from miniature.world import edit_words
from miniature.world.captions import describe
from miniature.world.drawing import Mask, opacity
from miniature.world.names import BACKGROUNDS, COLOURS, KINDS, SIZE_PX, STYLES
from miniature.world.sampling import Split, is_held_out, place, random_scene, random_things
from miniature.world.scene import Scene, Thing
from polaris_core.errors import InvalidInput

__all__ = ["EDIT_TYPES", "Edit", "EditType", "random_edit"]

EditType = Literal["add", "replace", "restyle", "recolour", "background", "remove"]
EDIT_TYPES: tuple[EditType, ...] = (
    *("add", "replace", "restyle"),
    *("recolour", "background", "remove"),
)
_TRIES = 1000
_SLACK_PX = 3
_LEAST_NEW_PX = 40
_WHOLE_RESTYLED = 0.35
_OWN_STYLE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One edit; outside its mask, before and after are drawn alike bit for bit."""

    before: Scene
    after: Scene
    instruction: str
    """What a user would write."""
    prompt: str
    """The whole picture after the edit, in words."""
    mask: Mask
    """What may change, `128 128`: a little more than the thing, or all but the things."""
    type: EditType
    subject: str
    """What the instruction changes or brings: a kind, "background" or "image"."""
    index: int | None
    """Which thing of `after` (of `before` for "remove") it is about; None: no single one."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an edit may be made of."""

    split: Split
    kinds: tuple[str, ...]
    styles: tuple[str, ...]
    new_kinds: tuple[str, ...]
    new_styles: tuple[str, ...]

    def fits(self, scene: Scene, thing: Thing) -> bool:
        """Whether the split allows the changed thing."""
        held_out = is_held_out(thing.kind, thing.colour, scene.style_of(thing))
        return held_out == (self.split == "held_out")


def random_edit(
    rng: random.Random,
    *,
    split: Split = "train",
    kinds: Sequence[str] = KINDS,
    styles: Sequence[str] = STYLES,
    types: Sequence[EditType] | None = None,
    new_kinds: Sequence[str] | None = None,
    new_styles: Sequence[str] | None = None,
) -> Edit:
    """Make up an edit.

    Args:
        rng: Where the chances come from; the same state gives the same edit.
        split: "train": no thing before or after is of a held-out combination; "held_out": every
            thing that the edit changes or brings is (all things, where none changes).
        kinds: What may be there before.
        styles: How it may look before.
        types: Which edits; None: all.
        new_kinds: What the edit may bring; None: `kinds`.
        new_styles: The styles it may bring; None: `styles`.

    Raises:
        InvalidInput: These allow no such edit.
    """
    kind = rng.choice(tuple(types or EDIT_TYPES))
    if kind not in _MAKERS:
        raise InvalidInput("no such edit", value=kind, hint=", ".join(EDIT_TYPES))
    wish = _Wish(
        split, tuple(kinds), tuple(styles), tuple(new_kinds or kinds), tuple(new_styles or styles)
    )
    for _ in range(_TRIES):
        found = _MAKERS[kind](rng, wish)
        if found is not None:
            return found
    raise InvalidInput(
        f"these kinds and styles allow no {split} edit", value=kind, hint="Give more of them"
    )


def _start(rng: random.Random, wish: _Wish, things: int | None = None) -> Scene:
    return random_scene(rng, split="train", kinds=wish.kinds, styles=wish.styles, things=things)


def _own_style(rng: random.Random, wish: _Wish, scene: Scene) -> str | None:
    others = [style for style in wish.new_styles if style != scene.style]
    if scene.style in wish.new_styles and rng.random() >= _OWN_STYLE:
        return None
    return rng.choice(others) if others else None


def _add(rng: random.Random, wish: _Wish) -> Edit | None:
    before = _start(rng, wish, rng.choice((1, 1, 2)))
    style = _own_style(rng, wish, before)
    split = wish.split
    new = random_things(
        rng, [style], before.style, split=split, kinds=wish.new_kinds, taken=before.things
    )
    new = place(rng, new, before.things)
    if not new or new[0].size_px < _LEAST_NEW_PX:
        return None
    after = replace(before, things=(*before.things, new[0]))
    words = edit_words.fill(
        "add",
        rng,
        new=edit_words.new_thing(new[0], rng, style=style, colour=True),
        spot=edit_words.spot(new[0], before.things, rng),
    )
    return _local(before, after, words, "add", len(before.things))


def _replace(rng: random.Random, wish: _Wish) -> Edit | None:
    before = _start(rng, wish)
    index = rng.randrange(len(before.things))
    old = before.things[index]
    style = old.style or _own_style(rng, wish, before)
    keeps_colour = rng.random() < 0.4
    colours = [old.colour] if keeps_colour else _free_colours(before)
    taken = {thing.kind for thing in before.things}
    kinds = [kind for kind in wish.new_kinds if kind not in taken]
    looks = (replace(old, kind=k, colour=c, style=style) for k in kinds for c in colours)
    fitting = [new for new in looks if wish.fits(before, new)]
    if not fitting:
        return None
    new = rng.choice(fitting)
    said = edit_words.new_thing(
        new, rng, style=style if style != old.style else None, colour=not keeps_colour
    )
    words = edit_words.fill("replace", rng, old=edit_words.old_thing(old, rng), new=said)
    after = _with(before, index, new)
    return _local(before, after, words, "replace", index, subject=old.kind)


def _restyle(rng: random.Random, wish: _Wish) -> Edit | None:
    before = _start(rng, wish)
    if rng.random() < _WHOLE_RESTYLED:
        return _restyle_all(rng, wish, before)
    index = rng.randrange(len(before.things))
    old = before.things[index]
    others = {before.style, before.style_of(old)}
    looks = (replace(old, style=style) for style in wish.new_styles if style not in others)
    fitting = [new for new in looks if wish.fits(before, new)]
    if not fitting:
        return None
    new = rng.choice(fitting)
    words = edit_words.fill(
        "restyle",
        rng,
        old=edit_words.old_thing(old, rng),
        **edit_words.style_words(new.style or ""),
    )
    return _local(before, _with(before, index, new), words, "restyle", index)


def _restyle_all(rng: random.Random, wish: _Wish, before: Scene) -> Edit | None:
    style = rng.choice(wish.new_styles)
    things = tuple(replace(thing, style=None) for thing in before.things)
    after = replace(before, things=things, style=style)
    if style == before.style or not all(wish.fits(after, thing) for thing in things):
        return None
    words = edit_words.fill("restyle all", rng, **edit_words.style_words(style))
    everywhere = np.ones((SIZE_PX, SIZE_PX), np.bool_)
    return Edit(before, after, words, describe(after), everywhere, "restyle", "image", None)


def _recolour(rng: random.Random, wish: _Wish) -> Edit | None:
    before = _start(rng, wish)
    index = rng.randrange(len(before.things))
    old = before.things[index]
    looks = (replace(old, colour=colour) for colour in _free_colours(before))
    fitting = [new for new in looks if wish.fits(before, new)]
    if not fitting:
        return None
    new = rng.choice(fitting)
    words = edit_words.fill("recolour", rng, old=edit_words.old_thing(old, rng), colour=new.colour)
    return _local(before, _with(before, index, new), words, "recolour", index)


def _background(rng: random.Random, wish: _Wish) -> Edit | None:
    before = random_scene(rng, split=wish.split, kinds=wish.kinds, styles=wish.styles)
    others = [name for name in BACKGROUNDS if name != before.background]
    after = replace(before, background=rng.choice(others))
    hidden = np.zeros((SIZE_PX, SIZE_PX), np.bool_)
    for thing in before.things:
        hidden |= opacity(before, thing) == 1
    words = edit_words.fill("background", rng, scenery=after.background)
    return Edit(before, after, words, describe(after), ~hidden, "background", "background", None)


def _remove(rng: random.Random, wish: _Wish) -> Edit | None:
    before = random_scene(rng, split=wish.split, kinds=wish.kinds, styles=wish.styles)
    index = rng.randrange(len(before.things))
    old = before.things[index]
    after = replace(before, things=(*before.things[:index], *before.things[index + 1 :]))
    words = edit_words.fill("remove", rng, old=edit_words.old_thing(old, rng))
    return _local(before, after, words, "remove", index, subject=old.kind)


_MAKERS: dict[EditType, Callable[[random.Random, _Wish], Edit | None]] = {
    "add": _add,
    "replace": _replace,
    "restyle": _restyle,
    "recolour": _recolour,
    "background": _background,
    "remove": _remove,
}


def _local(
    before: Scene, after: Scene, words: str, kind: EditType, index: int, *, subject: str = ""
) -> Edit:
    mask = np.zeros((SIZE_PX, SIZE_PX), np.bool_)
    for scene in (before, after):
        own = scene.things[index : index + 1]
        if (scene is before and kind == "add") or (scene is after and kind == "remove"):
            own = ()
        for thing in own:
            mask |= _widened(opacity(scene, thing) > 0)
    subject = subject or after.things[index].kind
    return Edit(before, after, words, describe(after), mask, kind, subject, index)


def _widened(mask: Mask) -> Mask:
    for axis in (0, 1):
        grown = np.array(mask)
        for step in range(1, _SLACK_PX + 1):
            ahead: tuple[slice, ...] = (slice(step, None),)
            behind: tuple[slice, ...] = (slice(None, -step),)
            if axis:
                ahead, behind = (slice(None), *ahead), (slice(None), *behind)
            grown[ahead] |= mask[behind]
            grown[behind] |= mask[ahead]
        mask = grown
    return mask


def _with(scene: Scene, index: int, thing: Thing) -> Scene:
    things = list(scene.things)
    things[index] = thing
    return replace(scene, things=tuple(things))


def _free_colours(scene: Scene) -> list[str]:
    used = {thing.colour for thing in scene.things}
    return [colour for colour in COLOURS if colour not in used]
