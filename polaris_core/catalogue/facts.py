"""What one source says about a model file, and how several sources become one.

Each side format is read into `Facts`; `merge` joins them, most trusted first: single values come
from the first source that has one, lists are united in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from polaris_core.catalogue.entry import UNKNOWN_TERMS, Entry, Maturity, Preview, Terms
from polaris_core.catalogue.values import distinct

__all__ = ["TAGS_LIMIT", "Facts", "merge", "unite_previews", "unite_prompts", "unite_words"]

_SINGLE = (
    "name",
    "description",
    "negative",
    "strength",
    "maturity",
    "preview_maturity",
    "licence",
    "terms",
    "creator",
    "source",
    "download",
    "sha256",
    "autov3",
    "type",
    "training_tags",
)
_WORDS_LIMIT = 64
TAGS_LIMIT = 256
_PROMPTS_LIMIT = 16
_PREVIEWS_LIMIT = 16


@dataclass(slots=True)
class Facts:
    """What one source says; an empty value where it says nothing."""

    name: str = ""
    base_models: tuple[str, ...] = ()
    """The base model in the source's own words."""
    description: str = ""
    notes: tuple[str, ...] = ()
    """Further prose of the uploader: where a strength may be recommended."""
    trigger_words: tuple[str, ...] = ()
    strength: float | None = None
    aliases: tuple[str, ...] = ()
    """Names by which prompts may call the file."""
    tags: tuple[str, ...] = ()
    training_tags: tuple[str, ...] = ()
    negative: str = ""
    example_prompts: tuple[str, ...] = ()
    previews: tuple[Preview, ...] = ()
    maturity: Maturity = Maturity.UNKNOWN
    preview_maturity: Maturity = Maturity.UNKNOWN
    """Of the preview on disk."""
    licence: str = ""
    terms: Terms = UNKNOWN_TERMS
    creator: str = ""
    source: str = ""
    download: str = ""
    """The address of the file whose hashes these are."""
    sha256: str = ""
    autov3: str = ""
    type: str = ""
    """`Checkpoint`, `LORA`, … in the source's own words."""
    real_person: bool = False
    extra: dict[str, str] = field(default_factory=dict[str, str])


def merge(sources: Sequence[Facts]) -> Facts:
    """Join what several sources say, most trusted first."""
    if len(sources) == 1:
        return sources[0]
    joined = Facts()
    for name in _SINGLE:
        for source in sources:
            if value := getattr(source, name):
                setattr(joined, name, value)
                break
    joined.base_models = tuple(text for source in sources for text in source.base_models)
    joined.notes = tuple(dict.fromkeys(text for source in sources for text in source.notes))
    joined.aliases = tuple(dict.fromkeys(name for source in sources for name in source.aliases))
    joined.trigger_words = unite_words(sources)
    joined.tags = distinct(tag for source in sources for tag in source.tags)[:TAGS_LIMIT]
    joined.example_prompts = unite_prompts(sources)
    joined.previews = unite_previews(sources)
    joined.real_person = any(source.real_person for source in sources)
    for source in reversed(sources):
        joined.extra.update(source.extra)
    return joined


def unite_words(sources: Sequence[Facts | Entry]) -> tuple[str, ...]:
    """The trigger words of all sources, in order, each once."""
    # One source keeps `a, b` as one entry where another keeps `a` and `b`.
    kept: list[str] = []
    seen: set[str] = set()
    for word in (word for source in sources for word in source.trigger_words):
        parts = {part for part in (p.strip() for p in word.lower().split(",")) if part}
        if not parts <= seen:
            kept.append(word)
            seen |= parts
    return tuple(kept[:_WORDS_LIMIT])


def unite_prompts(sources: Sequence[Facts | Entry]) -> tuple[str, ...]:
    """The example prompts of all sources, in order, each once."""
    prompts = (prompt for source in sources for prompt in source.example_prompts)
    return tuple(dict.fromkeys(prompts))[:_PROMPTS_LIMIT]


def unite_previews(sources: Sequence[Facts | Entry]) -> tuple[Preview, ...]:
    """The previews of all sources, in order, each picture once."""
    by_place: dict[str, Preview] = {}
    for preview in (preview for source in sources for preview in source.previews):
        by_place.setdefault(preview.path or preview.url, preview)
    return tuple(by_place.values())[:_PREVIEWS_LIMIT]
