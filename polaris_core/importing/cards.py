"""Model cards of the Hugging Face Hub as offers: one for each file of weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from polaris_core.catalogue.assemble import entry_from_facts
from polaris_core.catalogue.companions import stem_of
from polaris_core.catalogue.entry import AdapterType, BaseModel, Kind, Maturity, Preview
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.hashes import valid_sha256
from polaris_core.catalogue.offers import Offer
from polaris_core.catalogue.plain_text import plain_text
from polaris_core.catalogue.values import Json, distinct, object_in, objects_in, string_in, text_in
from polaris_core.catalogue.words import trigger_words

__all__ = ["Repository", "WeightsFile", "offers_of_card"]

_CHECKPOINT_BYTES = 1 << 30
"""Smaller files are adapters or parts, larger ones whole checkpoints."""
_ONE_OF_MANY = "pytorch_lora_weights.safetensors"
_FILES_LIMIT = 64
_PICTURES_LIMIT = 16
_MATURE = "not-for-all-audiences"
_SPOKEN_TAG = re.compile(r"[a-z][\w -]{1,40}", re.IGNORECASE)
_PLUMBING = re.compile(
    r"(?:lora|diffusers|safetensors|text-to-image|image-to-image|text-to-video|template:.*|"
    r"base_model:.*|license:.*|region:.*|endpoints_compatible|autotrain.*|stable-diffusion.*|"
    r"flux.*|arxiv:.*|dataset:.*|diffusers-training|en|[a-z]{2})",
    re.IGNORECASE,
)
_FRONT = re.compile(r"\A\s*---\s*\n.*?\n---\s*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"^(```|~~~).*?(?:^\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r"!\[[^\]\n]{0,500}\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,200}\])")
_LINK = re.compile(r"\[([^\]\n]{0,500})\]\([^)\n]{0,2000}\)")
_RULE = re.compile(r"^(?:\s{0,3}[-*_=|: ]{3,}|\s*\|.*\|\s*)$", re.MULTILINE)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*{1,3}|__|`)(?=\S)([^*`\n]{1,500}?)(?<=\S)\1")
_SECTIONS_OF_NO_USE = re.compile(
    r"^\s{0,3}#{1,6}\s+(?:download|use it with|how to use|usage with|license|licence|citation|"
    r"training|trained with|contribut|acknowledg)[^\n]*\n(?:(?!^\s{0,3}#{1,6}\s)[^\n]*\n?)*",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file of a repository."""

    name: str
    size_bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """What the hub says of a repository."""

    id: str
    """`owner/name`."""
    revision: str
    """The commit."""
    tags: tuple[str, ...]
    files: tuple[WeightsFile, ...]
    card: Json
    """The metadata at the head of its card."""
    readme: str = ""
    endpoint: str = "https://huggingface.co"
    gated: bool = False
    """Whether its files are given to those only who have accepted its conditions."""

    def address(self, *parts: str) -> str:
        """A page or file of it."""
        return "/".join([self.endpoint, self.id, *(quote(part) for part in parts)])


def offers_of_card(repository: Repository) -> list[Offer]:
    """The adapters and checkpoints of a repository; none if it holds none in single files."""
    chosen = list(_chosen(repository))
    text = _plain(repository.readme)
    return [_offer(repository, file, kind, text, alone=len(chosen) == 1) for file, kind in chosen]


def _chosen(repository: Repository) -> Iterator[tuple[WeightsFile, Kind]]:
    """Weights at the top of the repository: parts of pipelines lie in folders of their own."""
    top = [f for f in repository.files if "/" not in f.name and f.name.endswith(".safetensors")]
    adapters = "lora" in {tag.lower() for tag in repository.tags}
    if adapters:
        top = [f for f in top if f.name == _ONE_OF_MANY] or top
    for file in sorted(top, key=lambda f: f.name)[:_FILES_LIMIT]:
        if adapters and file.size_bytes < _CHECKPOINT_BYTES:
            yield file, Kind.LORA
        elif not adapters and file.size_bytes >= _CHECKPOINT_BYTES:
            yield file, Kind.CHECKPOINT


def _offer(repo: Repository, file: WeightsFile, kind: Kind, text: str, *, alone: bool) -> Offer:
    card = repo.card
    title = _title(repo)
    widgets = list(objects_in(card, "widget", _PICTURES_LIMIT))
    prompts = [p for p in (text_in(w, "text") for w in widgets) if len(p) > 1]
    licence = text_in(card, "license_name") if text_in(card, "license") == "other" else ""
    mature = _MATURE in repo.tags
    facts = Facts(
        name=title if alone else f"{title}: {stem_of(file.name)}",
        base_models=_base_models(card),
        description=text,
        trigger_words=trigger_words([string_in(card, "instance_prompt")]),
        aliases=(stem_of(file.name),),
        tags=distinct(tag for tag in repo.tags if _is_spoken(tag)),
        negative=next((told for widget in widgets if (told := _negative(widget))), ""),
        example_prompts=distinct(prompts),
        previews=tuple(_previews(repo, widgets, Maturity.X if mature else Maturity.UNKNOWN)),
        maturity=Maturity.X if mature else Maturity.UNKNOWN,
        licence=licence or text_in(card, "license_name", "license"),
        creator=repo.id.partition("/")[0],
        source=repo.address(),
        download=repo.address("resolve", repo.revision, file.name),
        sha256=valid_sha256(file.sha256),
        extra={
            "filename": file.name,
            "revision": repo.revision,
            **({"availability": "Gated"} if repo.gated else {}),
        },
    )
    entry = entry_from_facts(
        facts,
        fallback_name=repo.id,
        kind=kind,
        base_model=BaseModel.UNKNOWN,
        adapter_type=AdapterType.LORA if kind is Kind.LORA else None,
        size_bytes=max(0, min(file.size_bytes, 2**62)),
    )
    return Offer(f"{repo.id}/{file.name}", entry, f"{repo.id}@{repo.revision}")


def _title(repo: Repository) -> str:
    """The first heading that is no template's, else the repository's name."""
    name = repo.id.rpartition("/")[2]
    found = _HEADING.search(_FENCE.sub("", _FRONT.sub("", repo.readme)))
    heading = plain_text(_without_marks(found[1])) if found else ""
    if not 2 <= len(heading) <= 100 or "model card" in heading.lower():
        heading = name
    return heading.removeprefix("<Gallery />").strip() or name


def _base_models(card: Json) -> tuple[str, ...]:
    told = card.get("base_model")
    names = cast("list[object]", told) if isinstance(told, list) else [told]
    return tuple(name[:400] for name in names[:8] if isinstance(name, str))


def _is_spoken(tag: str) -> bool:
    return not _PLUMBING.fullmatch(tag) and _SPOKEN_TAG.fullmatch(tag) is not None


def _negative(widget: Json) -> str:
    return text_in(object_in(widget, "parameters"), "negative_prompt")


def _previews(repo: Repository, widgets: list[Json], level: Maturity) -> Iterator[Preview]:
    for widget in widgets:
        place = text_in(object_in(widget, "output"), "url")
        if place.lower().endswith((".png", ".jpg", ".jpeg", ".webp")):
            if not place.startswith(("https://", "http://")):
                place = repo.address("resolve", repo.revision, place)
            yield Preview("", place, level, text_in(widget, "text"))


def _plain(readme: str) -> str:
    """A card's prose: without metadata, code, pictures, tables and how to load the file."""
    text = _FENCE.sub("", _FRONT.sub("", readme[: 256 * 1024]))
    text = _SECTIONS_OF_NO_USE.sub("", text)
    text = _RULE.sub("", _HEADING.sub(r"\1", _LINK.sub(r"\1", _PICTURE.sub("", text))))
    return plain_text(_without_marks(text))


def _without_marks(text: str) -> str:
    return _EMPHASIS.sub(r"\2", text)
