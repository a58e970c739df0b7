"""What a picture of the miniature world shows, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from miniature.world.names import ALL_KINDS, ALL_STYLES, BACKGROUNDS, COLOURS
from polaris_core.errors import InvalidInput

__all__ = ["Scene", "Thing"]

_LEAST_PX, _MOST_PX = 16, 128


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of a scene."""

    kind: str
    """Of `ALL_KINDS`."""
    colour: str
    """Of `COLOURS`."""
    centre_xy: tuple[int, int]
    """Pixels, origin top-left."""
    size_px: int
    """Side of its square, 16 to 128."""
    style: str | None = None
    """Of `ALL_STYLES`; None: the scene's."""
    flipped: bool = False
    """Whether left and right are exchanged."""

    def __post_init__(self) -> None:
        _known("kind", self.kind, ALL_KINDS)
        _known("colour", self.colour, COLOURS)
        if self.style is not None:
            _known("style", self.style, ALL_STYLES)
        if not _LEAST_PX <= self.size_px <= _MOST_PX:
            raise InvalidInput(
                "a thing of this size cannot be drawn",
                value=self.size_px,
                hint=f"Sizes go from {_LEAST_PX} to {_MOST_PX} pixels",
            )


@dataclass(frozen=True, slots=True)
class Scene:
    """Things before a background, all in one style unless a thing has its own."""

    things: tuple[Thing, ...]
    """From back to front."""
    background: str
    """Of `BACKGROUNDS`."""
    style: str
    """Of `ALL_STYLES`."""
    seed: int = 0
    """Says how high the horizon stands."""

    def __post_init__(self) -> None:
        _known("background", self.background, BACKGROUNDS)
        _known("style", self.style, ALL_STYLES)

    def style_of(self, thing: Thing) -> str:
        """The style that a thing is drawn in."""
        return thing.style or self.style


def _known(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInput(
            f"the miniature world has no such {what}", value=value, hint=", ".join(known)
        )
