"""Read what Civitai says about models: its answers about one version, and whole model records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from polaris_core.catalogue.assemble import entry_from_facts
from polaris_core.catalogue.entry import AdapterType, BaseModel, Entry, Kind, Preview, Terms
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.hashes import autov3_of, valid_sha256
from polaris_core.catalogue.maturity import level_of, maturity_of_model
from polaris_core.catalogue.plain_text import plain_text
from polaris_core.catalogue.values import (
    Json,
    distinct,
    number_in,
    object_in,
    objects_in,
    string_in,
    strings_in,
    text_in,
)
from polaris_core.catalogue.words import trigger_words
from polaris_core.errors import BrokenSidecar

__all__ = ["entries_from_model", "kind_of", "version_facts"]

_SITE = "https://civitai.com"
_WEIGHTS = ("", "model", "pruned model")
_PICTURES_LIMIT = 16
_PROMPT_LIMIT = 4_000
_ADAPTERS = {"lora": AdapterType.LORA, "locon": AdapterType.LOCON, "dora": AdapterType.DORA}
_SELLING = frozenset({"image", "rent", "sell"})
"""Each of these words of 2023 allows what the ones before it do, first of all to sell pictures."""
_USES = re.compile(r"[A-Za-z]+")


def entries_from_model(
    record: Mapping[str, object],
    *,
    versions: Literal["latest", "all"] = "latest",
    site: str = _SITE,
) -> list[Entry]:
    """Make entries that are not on disk from a whole model record of Civitai's API.

    Args:
        record: One item of `GET /api/v1/models`, or the answer of `GET /api/v1/models/:id`.
        versions: The newest version alone, which the site lists first, or every one.
        site: The address that its pages of models begin with.

    Returns:
        One entry a version; none where the record lists no version.

    Raises:
        BrokenSidecar: The record is no model: it has no `id`, `name` or `modelVersions`.
    """
    found = record.get("modelVersions")
    if not isinstance(found, list) or not text_in(record, "name") or not text_in(record, "id"):
        hint = "expected an object with id, name and modelVersions, as Civitai's API gives it"
        raise BrokenSidecar("not a model record of Civitai", value=record, hint=hint)
    limit = 1 if versions == "latest" else 4096
    found = objects_in(record, "modelVersions", limit)
    return [_entry(record, version, site) for version in found]


def _entry(record: Json, version: Json, site: str) -> Entry:
    facts = version_facts(version, model=record)
    facts.source = _page(version, record, site)
    kind, adapter_type = kind_of(facts.type)
    size_kb = number_in(_file(version, 0), "sizeKB") or 0.0
    return entry_from_facts(
        facts,
        fallback_name=facts.name,
        kind=kind,
        base_model=BaseModel.UNKNOWN,
        adapter_type=adapter_type,
        size_bytes=max(0, min(round(size_kb * 1024), 2**62)),
    )


def kind_of(type_name: str) -> tuple[Kind, AdapterType | None]:
    """What the site's name of a type means: `Checkpoint`, `LORA`, `LoCon` and the like."""
    lowered = type_name.lower()
    if lowered == "checkpoint":
        return Kind.CHECKPOINT, None
    adapter_type = _ADAPTERS.get(lowered)
    return (Kind.LORA if adapter_type else Kind.OTHER), adapter_type


def version_facts(version: Json, *, model: Json | None = None, size_bytes: int = 0) -> Facts:
    """Read one version, as `GET /model-versions/:id` gives it or as it stands in a model record.

    Args:
        version: The version's object.
        model: The model's record; None to take the shorter one inside `version`.
        size_bytes: Size of the file on disk; hashes of a file of another size are not taken.
            0 if there is none: then those of the primary file are.
    """
    if not version:
        return Facts()
    model = object_in(version, "model") if model is None else model
    file = _file(version, size_bytes)
    hashes = object_in(file, "hashes")
    pictures = [*objects_in(version, "customImages"), *objects_in(version, "images")]
    previews = tuple(_previews(pictures))
    creator = object_in(version, "creator") or object_in(model, "creator")
    names = [text_in(f, "name").rpartition(".")[0] for f in objects_in(version, "files")]
    return Facts(
        name=text_in(model, "name"),
        base_models=(text_in(version, "baseModel"),),
        description=plain_text(string_in(model, "description")),
        notes=(plain_text(string_in(version, "description")),),
        trigger_words=trigger_words(strings_in(version, "trainedWords")),
        aliases=tuple(filter(None, names)),
        tags=strings_in(model, "tags"),
        example_prompts=_prompts(pictures),
        previews=previews,
        maturity=maturity_of_model(version, model, pictures=[p.maturity for p in previews]),
        preview_maturity=max((p.maturity for p in previews), default=level_of(None)),
        licence=_licence(model),
        terms=_terms(model),
        creator=text_in(creator, "username"),
        source=_page(version, model),
        download=_download(file) or _download(version),
        sha256=valid_sha256(string_in(hashes, "SHA256")),
        autov3=autov3_of(string_in(hashes, "AutoV3")),
        type=text_in(model, "type") or text_in(version, "type"),
        real_person=model.get("poi") is True,
        extra={**_extra(version, model), **_file_extra(version, file)},
    )


def _file(version: Json, size_bytes: int) -> Json:
    """The file that is meant: of the size on disk, among those the primary, else the first."""
    files = [
        file
        for file in objects_in(version, "files")
        if text_in(file, "type").lower() in _WEIGHTS
        and (not size_bytes or abs((number_in(file, "sizeKB") or 0.0) * 1024 - size_bytes) < 1024)
    ]
    first: Json = files[0] if files else {}
    return next((file for file in files if file.get("primary") is True), first)


def _previews(pictures: list[Json]) -> Iterator[Preview]:
    for picture in pictures[:_PICTURES_LIMIT]:
        url = text_in(picture, "url")
        if url.startswith(("https://", "http://")) and text_in(picture, "type") != "video":
            level = level_of(picture.get("nsfwLevel")) or level_of(picture.get("nsfw"))
            yield Preview("", url, level, _prompt(picture))


def _prompt(picture: Json) -> str:
    meta = object_in(picture, "meta")
    prompt = text_in(meta, "prompt") or text_in(object_in(meta, "meta"), "prompt")
    return prompt[:_PROMPT_LIMIT]


def _prompts(pictures: list[Json]) -> tuple[str, ...]:
    return distinct(map(_prompt, pictures))[:_PICTURES_LIMIT]


def _licence(model: Json) -> str:
    """Civitai's permissions in short plain words, e.g. `credit required; may sell: Image`."""
    uses = strings_in(model, "allowCommercialUse")
    names = distinct(name for use in uses for name in _USES.findall(use))
    parts: list[str] = []
    if type(credit := model.get("allowNoCredit")) is bool:
        parts.append("no credit needed" if credit else "credit required")
    if names:
        allowed = [name for name in names if name.lower() != "none"]
        shown = ", ".join(allowed[:8])
        parts.append(f"commercial use: {shown}" if allowed else "no commercial use")
    if type(derivatives := model.get("allowDerivatives")) is bool:
        parts.append("derivatives allowed" if derivatives else "no derivatives")
    if type(other := model.get("allowDifferentLicense")) is bool:
        parts.append("any licence for derivatives" if other else "same licence for derivatives")
    return "; ".join(parts)


def _terms(model: Json) -> Terms:
    """The same permissions for filters; a single word of 2023 includes those below it."""
    told = model.get("allowCommercialUse")
    names = {
        n.lower() for use in strings_in(model, "allowCommercialUse") for n in _USES.findall(use)
    }
    single = type(told) is str and not told.startswith("{")
    sells = not names.isdisjoint(_SELLING if single else {"image"})
    credit, derivatives = model.get("allowNoCredit"), model.get("allowDerivatives")
    return Terms(
        commercial=sells if names else None,
        credit=not credit if type(credit) is bool else None,
        derivatives=derivatives if type(derivatives) is bool else None,
    )


def _download(holder: Json) -> str:
    url = text_in(holder, "downloadUrl")
    return url if url.startswith(("https://", "http://")) else ""


def _ids(version: Json, model: Json) -> tuple[str, str]:
    model_id = text_in(version, "modelId") or text_in(model, "id")
    return (model_id if model_id.isdecimal() else ""), text_in(version, "id")


def _page(version: Json, model: Json, site: str = _SITE) -> str:
    model_id, version_id = _ids(version, model)
    if not model_id:
        return ""
    page = f"{site}/models/{model_id}"
    return f"{page}?modelVersionId={version_id}" if version_id.isdecimal() else page


def _extra(version: Json, model: Json) -> dict[str, str]:
    model_id, version_id = _ids(version, model)
    told = {
        "model_id": model_id,
        "version_id": version_id,
        "version_name": text_in(version, "name"),
        "base_model_type": text_in(version, "baseModelType"),
    }
    return {key: text for key, text in told.items() if text}


def _file_extra(version: Json, file: Json) -> dict[str, str]:
    """What is needed to fetch the file, or to know it again."""
    hashes = object_in(file, "hashes")
    whole = valid_sha256(string_in(hashes, "SHA256"))
    availability = text_in(version, "availability")
    told = {
        "filename": text_in(file, "name").replace("\\", "/").rpartition("/")[2],
        "autov2": "" if whole else text_in(hashes, "AutoV2").lower(),
        "availability": "" if availability == "Public" else availability,
        "early_access_ends": text_in(version, "earlyAccessEndsAt"),
    }
    return {key: text for key, text in told.items() if text}
