"""Make an entry of what is known: the last step, the same for files on disk and for catalogues."""

from __future__ import annotations

from collections.abc import Sequence

from polaris_core.catalogue.base_models import refine
from polaris_core.catalogue.entry import AdapterType, BaseModel, Entry, Kind, Role
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.licences import terms_of_licence
from polaris_core.catalogue.maturity import maturity_of_tags
from polaris_core.catalogue.plain_text import one_line
from polaris_core.catalogue.roles import role_of
from polaris_core.catalogue.strengths import strength_in_prompts, strength_in_prose

__all__ = ["entry_from_facts"]


def entry_from_facts(
    facts: Facts,
    *,
    fallback_name: str,
    kind: Kind,
    base_model: BaseModel,
    adapter_type: AdapterType | None = None,
    stranger: bool = False,
    captions: Sequence[tuple[str, float]] = (),
    root: str = "",
    file: str = "",
    size_bytes: int = 0,
    modified_ns: int = 0,
    unsafe: bool = False,
) -> Entry:
    """Make the entry of one file, or of one version that is not on disk.

    Args:
        facts: What its sources say, merged.
        fallback_name: Its name where no source gives one.
        kind: What it is.
        base_model: What its header shows; UNKNOWN where there is none.
        adapter_type: What its header shows.
        stranger: Its header shows a family we do not know: metadata is not asked.
        captions: Commonest training captions with their share of the pictures.
        root: The model folder, absolute; empty if not on disk.
        file: Path relative to `root`, with `/`.
        size_bytes: Size of the file.
        modified_ns: When it was last changed.
        unsafe: Whether it is a pickled file.
    """
    name = facts.name or one_line(fallback_name) or "unnamed"
    told = next(filter(None, facts.base_models), "")
    role = role_of(
        kind, tags=facts.tags, name=name, captions=captions, real_person=facts.real_person
    )
    return Entry(
        name=name,
        kind=kind,
        base_model=base_model if stranger else refine(base_model, *facts.base_models),
        role=role,
        adapter_type=adapter_type,
        trigger_words=facts.trigger_words if kind is not Kind.OTHER else (),
        strength=_strength(facts, name, fallback_name) if kind is Kind.LORA else None,
        tags=facts.tags,
        training_tags=facts.training_tags,
        description=facts.description,
        negative=facts.negative,
        example_prompts=facts.example_prompts,
        previews=facts.previews,
        maturity=facts.maturity or maturity_of_tags(facts.tags),
        licence=facts.licence,
        terms=facts.terms or terms_of_licence(facts.licence),
        real_person=facts.real_person or role is Role.PERSON,
        creator=facts.creator,
        source=facts.source,
        download=facts.download,
        root=root,
        file=file,
        size_bytes=size_bytes,
        modified_ns=modified_ns,
        sha256=facts.sha256,
        autov3=facts.autov3,
        unsafe=unsafe,
        extra={**facts.extra, **({"base_model": told} if told else {})},
    )


def _strength(facts: Facts, *names: str) -> float | None:
    if facts.strength is not None:
        return facts.strength
    for text in (*facts.notes, facts.description):
        if (strength := strength_in_prose(text)) is not None:
            return strength
    return strength_in_prompts(facts.example_prompts, (*facts.aliases, *names))
