"""How mature an entry is, from the levels and flags that sources give.

A level of Civitai is a mask: a model's holds the bits of all its pictures. Such an entry is as
mature as its *mildest* picture, which is also when the site shows it to a visitor; each preview
keeps its own level, so that the others stay hidden. A model that its uploader marks `nsfw` is X
at least, whatever its pictures show.
"""

from __future__ import annotations

from collections.abc import Iterable

from polaris_core.catalogue.entry import Maturity
from polaris_core.catalogue.values import Json

__all__ = ["level_of", "maturity_of_model", "maturity_of_tags"]

_NAMES = {
    "none": Maturity.PG,
    "soft": Maturity.PG13,
    "mature": Maturity.R,
    "x": Maturity.X,
    "xxx": Maturity.XXX,
    "blocked": Maturity.BLOCKED,
    "pg": Maturity.PG,
    "pg13": Maturity.PG13,
    "pg-13": Maturity.PG13,
    "r": Maturity.R,
}
_ALL_BITS = 63
_MATURE_TAGS = frozenset({"nsfw", "porn", "hentai", "sex", "nudity", "nude", "explicit"})


def level_of(value: object) -> Maturity:
    """Read one level: a mask (its lowest bit), or a name of 2023 (`None`, `Soft`, `Mature`, `X`).

    A bare flag tells one thing only: true is X. Everything else is UNKNOWN.
    """
    if type(value) is int:
        bits = value & _ALL_BITS if value > 0 else 0
        return Maturity(bits & -bits)
    if type(value) is str:
        return _NAMES.get(value.strip().lower(), Maturity.UNKNOWN)
    return Maturity.X if value is True else Maturity.UNKNOWN


def maturity_of_model(record: Json, *others: Json, pictures: Iterable[Maturity]) -> Maturity:
    """Decide for a whole model.

    Args:
        record: Where `nsfwLevel` is looked for first, e.g. the version.
        others: Further objects that may hold `nsfwLevel` or the flag `nsfw`, e.g. the model.
        pictures: Levels of its pictures, for models that tell none themselves.
    """
    places = (record, *others)
    level = next((m for p in places if (m := level_of(p.get("nsfwLevel")))), Maturity.UNKNOWN)
    level = level or min(filter(None, pictures), default=Maturity.UNKNOWN)
    flags = [flag for place in places if type(flag := place.get("nsfw")) is bool]
    if any(flags):
        return max(level, Maturity.X)
    return level or (Maturity.PG if flags else Maturity.UNKNOWN)


def maturity_of_tags(tags: Iterable[str]) -> Maturity:
    """X where a tag says so, else UNKNOWN: the last resort for files without any level."""
    marked = any(tag.lower() in _MATURE_TAGS for tag in tags)
    return Maturity.X if marked else Maturity.UNKNOWN
