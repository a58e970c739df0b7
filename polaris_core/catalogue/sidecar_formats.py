"""The formats of metadata files beside models: one small function each, from JSON to facts.

Fields of the wrong type are passed by; what is left may be nothing at all. To add a format: its
suffix in `companions.SIDECAR_SUFFIXES`, a function here, and a line in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from polaris_core.catalogue.civitai import version_facts
from polaris_core.catalogue.entry import Preview
from polaris_core.catalogue.facts import Facts, merge
from polaris_core.catalogue.hashes import autov3_of, valid_sha256
from polaris_core.catalogue.maturity import level_of
from polaris_core.catalogue.own_sidecar import own_facts
from polaris_core.catalogue.plain_text import paragraphs, plain_text
from polaris_core.catalogue.strengths import bounded_strength, middle, strength_in_prose
from polaris_core.catalogue.values import (
    Json,
    distinct,
    json_inside,
    number_in,
    object_in,
    objects_in,
    string_in,
    strings_in,
    text_in,
)
from polaris_core.catalogue.words import trigger_words

__all__ = ["READERS"]


def _webui(record: Json, size_bytes: int) -> Facts:
    """A1111: what the user typed into the web UI's card."""
    return Facts(
        base_models=(text_in(record, "sd version"),),
        description=plain_text(string_in(record, "description")),
        notes=(plain_text(string_in(record, "notes")),),
        trigger_words=trigger_words([string_in(record, "activation text")]),
        strength=bounded_strength(number_in(record, "preferred weight")),
        negative=paragraphs(string_in(record, "negative text")),
    )


def _lora_manager(record: Json, size_bytes: int) -> Facts:
    """Lora-Manager: its own fields, then the answer of Civitai that it keeps."""
    own_size = number_in(record, "size")
    same_file = not own_size or not size_bytes or own_size == size_bytes
    own = Facts(
        name=text_in(record, "model_name"),
        base_models=(text_in(record, "base_model"),),
        description=plain_text(string_in(record, "modelDescription")),
        notes=(plain_text(string_in(record, "notes")),),
        strength=_usage_tips_strength(record),
        tags=strings_in(record, "tags"),
        preview_maturity=level_of(record.get("preview_nsfw_level")),
        sha256=valid_sha256(string_in(record, "sha256")) if same_file else "",
        autov3=autov3_of(string_in(record, "autov3")),
        type=text_in(record, "model_type"),
        extra=_usage_tips_extra(record),
    )
    return merge([own, version_facts(object_in(record, "civitai"), size_bytes=size_bytes)])


def _usage_tips(record: Json) -> Json:
    tips = json_inside(string_in(record, "usage_tips"))
    return cast("Json", tips) if isinstance(tips, dict) else {}


def _usage_tips_strength(record: Json) -> float | None:
    tips = _usage_tips(record)
    return (
        bounded_strength(number_in(tips, "strength"))
        or middle(number_in(tips, "strength_min"), number_in(tips, "strength_max"))
        or strength_in_prose(f"strength {text_in(tips, 'strength_range')}")
    )


def _usage_tips_extra(record: Json) -> dict[str, str]:
    tips = _usage_tips(record)
    numbers = {key: number_in(tips, key) for key in ("clip_skip", "clip_strength")}
    return {key: f"{number:g}" for key, number in numbers.items() if number}


def _stability_matrix(record: Json, size_bytes: int) -> Facts:
    """StabilityMatrix: field names of its own for Civitai's values."""
    hashes = object_in(record, "Hashes")
    model_id, version_id = text_in(record, "ModelId"), text_in(record, "VersionId")
    from_civitai = text_in(record, "Source").lower() in ("", "0", "civitai")
    known = from_civitai and model_id not in ("", "0")
    page = f"https://civitai.com/models/{model_id}" if known else ""
    thumbnail = text_in(record, "ThumbnailImageUrl")
    flag = record.get("Nsfw")
    maturity = level_of(flag) or (level_of("None") if flag is False else level_of(None))
    named = {"model_id": model_id, "version_id": version_id}
    return Facts(
        name=text_in(record, "UserTitle", "ModelName"),
        base_models=(text_in(record, "BaseModel"),),
        description=plain_text(string_in(record, "ModelDescription")),
        notes=(plain_text(string_in(record, "VersionDescription")),),
        trigger_words=trigger_words(strings_in(record, "TrainedWords")),
        tags=strings_in(record, "Tags"),
        previews=(Preview("", thumbnail),) if thumbnail.startswith("http") else (),
        maturity=maturity,
        creator=text_in(record, "AuthorUsername"),
        source=text_in(record, "SourceUrl")
        or (f"{page}?modelVersionId={version_id}" if page and version_id else page),
        sha256=valid_sha256(string_in(hashes, "SHA256")),
        autov3=autov3_of(string_in(hashes, "AutoV3")),
        type=text_in(record, "ModelType"),
        extra={
            **{key: text for key, text in named.items() if text not in ("", "0")},
            **_filled(version_name=text_in(record, "VersionName")),
        },
    )


def _rgthree(record: Json, size_bytes: int) -> Facts:
    """rgthree: words with where they come from, and the raw answers of Civitai below."""
    words: list[str] = []
    counted: list[str] = []
    for entry in objects_in(record, "trainedWords", limit=4096):
        chosen = entry.get("user") is True or entry.get("civitai") is True
        (words if chosen else counted).append(string_in(entry, "word"))
    pages = strings_in(record, "links")
    own = Facts(
        name=text_in(record, "name"),
        base_models=(text_in(record, "baseModel"),),
        notes=(plain_text(string_in(record, "userNote")),),
        trigger_words=trigger_words(words),
        strength=middle(number_in(record, "strengthMin"), number_in(record, "strengthMax")),
        tags=strings_in(record, "userTags"),
        training_tags=distinct(counted)[:64],
        source=next((page for page in pages if page.startswith("https://civitai.com/")), ""),
        sha256=valid_sha256(string_in(record, "sha256")),
        type=text_in(record, "type"),
        extra=_filled(base_model_file=text_in(record, "baseModelFile")),
    )
    raw = object_in(object_in(record, "raw"), "civitai")
    return merge([own, version_facts(raw, size_bytes=size_bytes)])


def _civitai_info(record: Json, size_bytes: int) -> Facts:
    """The answer of Civitai about one version."""
    return version_facts(record, size_bytes=size_bytes)


def _filled(**fields: str) -> dict[str, str]:
    return {key: text for key, text in fields.items() if text}


READERS: Mapping[str, Callable[[Json, int], Facts]] = {
    ".json": _webui,
    ".metadata.json": _lora_manager,
    ".cm-info.json": _stability_matrix,
    ".civitai.info": _civitai_info,
    ".rgthree-info.json": _rgthree,
    ".polaris.json": own_facts,
}
"""By suffix; takes the JSON object and the size of the model file (0 if unknown)."""
