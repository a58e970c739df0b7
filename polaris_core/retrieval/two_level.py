"""Retrieval in two levels: the checkpoint over all, then LoRAs in its neighbourhood.

After the paper's section 4.4: the first level picks the checkpoint that suits the query, the second
looks only at LoRAs that can be applied to it. Beyond the paper, evidence from words is fused with
that of the embeddings, and the neighbourhood is a law (the same base model family) as well as a
preference (see `neighbourhood`).
"""

from __future__ import annotations

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.encoders.base import RGBImage
from polaris_core.errors import InvalidInput, NothingFits
from polaris_core.instructions.intent import EditIntent
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.candidates import (
    ROLES,
    Resolved,
    check_family,
    family_of_loras,
    resolve_pins,
)
from polaris_core.retrieval.evidence import Evidence
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.looking import Search
from polaris_core.retrieval.neighbourhood import Neighbourhood
from polaris_core.retrieval.pins import Pins
from polaris_core.retrieval.query import Sight, slot_queries
from polaris_core.retrieval.reasons import Asked
from polaris_core.retrieval.shortlist import Hit, Shortlist, SlotName
from polaris_core.retrieval.slots import fill
from polaris_core.retrieval.zoo import Zoo

__all__ = ["retrieve_checkpoints", "retrieve_loras", "search", "search_by_picture"]

_NO_PINS = Pins()
_PG = Filters()


def retrieve_checkpoints(
    zoo: Zoo,
    intent: EditIntent,
    *,
    picture: RGBImage | None = None,
    pins: Pins = _NO_PINS,
    filters: Filters = _PG,
    k: int = 20,
    progress: Progress = silent,
) -> Shortlist:
    """Find the checkpoints that suit an intent, best first.

    Args:
        zoo: Where to look; what it lacks of its indices is built first.
        intent: What is asked for.
        picture: The picture to edit, or the reference.
        pins: What must and must not be used; lines that name LoRAs are left to `retrieve_loras`,
            but without a pinned checkpoint only those of their family are found.
        filters: Which entries may be used.
        k: How many at the most, ≥ 1.
        progress: Told while indices are built.

    Returns:
        A shortlist with the one slot CHECKPOINT, never empty.

    Raises:
        NothingFits: No checkpoint may be used.
        UnknownModel: A pin names nothing in the zoo.
        InvalidInput: A pinned model may not be used, a checkpoint is pinned with a strength, the
            pinned LoRAs are of several families, or `k` is below 1.
        PolarisError: As the zoo's encoders, store and indices do.
    """
    _check(k)
    resolved = resolve_pins(zoo.store, pins, filters, progress)
    look = Search(zoo, zoo.state(progress), Kind.CHECKPOINT, filters, k, picture)
    query = slot_queries(intent, look.sight)[SlotName.CHECKPOINT]
    allowed = look.passing() & ~look.base_is(BaseModel.UNKNOWN)
    family, notes = _family(resolved)
    if family is not None:
        allowed &= look.fits(family, allow_unknown=False)
    slot = fill(look, SlotName.CHECKPOINT, query, allowed, resolved, notes=notes)
    if not slot.hits:
        raise NothingFits(
            "no checkpoint may be used",
            value=_why_none(look, family),
            hint="Scan a folder with checkpoints, or loosen the filters (maturity, families, "
            "folders); one of unknown base model can be pinned",
        )
    return Shortlist((slot,))


def retrieve_loras(
    zoo: Zoo,
    intent: EditIntent,
    *,
    base: BaseModel,
    checkpoint: Entry | None = None,
    picture: RGBImage | None = None,
    pins: Pins = _NO_PINS,
    filters: Filters = _PG,
    allow_unknown_base: bool = False,
    k: int = 20,
    progress: Progress = silent,
) -> Shortlist:
    """Find the style LoRAs and the object LoRAs that suit an intent and its checkpoint.

    Args:
        zoo: Where to look.
        intent: What is asked for.
        base: Base model of the checkpoint; a LoRA of another family is never returned.
        checkpoint: Its entry, whose neighbourhood is preferred; None if it is not of the zoo.
        picture: The picture to edit, or the reference.
        pins: What must and must not be used; lines that name checkpoints are passed over.
        filters: Which entries may be used.
        allow_unknown_base: Whether LoRAs of unknown base model may be used, and any LoRA with a
            checkpoint of unknown base model.
        k: How many per slot at the most, ≥ 1.
        progress: Told while indices are built.

    Returns:
        A shortlist with the slots STYLE and OBJECT; an empty one says why in its note.

    Raises:
        IncompatibleAdapter: A pinned LoRA is of another family, or of unknown base model.
        UnknownModel: A pin names nothing in the zoo.
        InvalidInput: A pinned model may not be used, or `k` is below 1.
        PolarisError: As the zoo's encoders, store and indices do.
    """
    _check(k)
    resolved = resolve_pins(zoo.store, pins, filters, progress)
    slots = (SlotName.STYLE, SlotName.OBJECT)
    for slot in slots:
        for entry in resolved.pinned[slot]:
            check_family(entry, base, allow_unknown_base)
    look = Search(zoo, zoo.state(progress), Kind.LORA, filters, k, picture)
    queries = slot_queries(intent, look.sight)
    fitting = look.passing() & look.fits(base, allow_unknown_base)
    around = Neighbourhood.of(look.state, base, checkpoint)
    return Shortlist(
        tuple(
            fill(look, slot, queries[slot], fitting & look.role_in(ROLES[slot]), resolved, around)
            for slot in slots
        )
    )


def search(
    zoo: Zoo,
    text: str,
    kind: Kind,
    filters: Filters = _PG,
    k: int = 20,
    progress: Progress = silent,
) -> tuple[Hit, ...]:
    """Find the entries of one kind that are nearest to a text, of any role and family.

    Raises:
        InvalidInput: `text` says nothing, `kind` is not searched, or `k` is below 1.
        PolarisError: As the zoo's encoders, store and indices do.
    """
    _check(k)
    if not text.strip():
        raise InvalidInput("nothing to search for", value=text, hint="Give a word or a sentence")
    look = _look(zoo, kind, filters, k, progress)
    asked = Asked(text.strip())
    return _best(look, look.by_text(asked.text, look.passing()), asked)


def search_by_picture(
    zoo: Zoo,
    picture: RGBImage,
    kind: Kind,
    filters: Filters = _PG,
    k: int = 20,
    progress: Progress = silent,
) -> tuple[Hit, ...]:
    """Find the entries of one kind whose previews are nearest to a picture.

    Raises:
        InvalidInput: The zoo has no image encoder, `kind` is not searched, or `k` is below 1.
        PolarisError: As the zoo's encoders, store and indices do.
    """
    _check(k)
    look = _look(zoo, kind, filters, k, progress, picture)
    if look.sight is not Sight.SEEN:
        hint = "Set an image encoder, such as clip:ViT-L-14/openai"
        raise InvalidInput("the zoo has no image encoder to look at the picture with", hint=hint)
    return _best(look, look.by_picture(look.passing()), Asked(""))


def _look(
    zoo: Zoo,
    kind: Kind,
    filters: Filters,
    k: int,
    progress: Progress,
    picture: RGBImage | None = None,
) -> Search:
    if kind is Kind.OTHER:
        raise InvalidInput("only checkpoints and LoRAs are searched", value=kind.value)
    return Search(zoo, zoo.state(progress), kind, filters, k, picture)


def _best(look: Search, evidence: Evidence, asked: Asked) -> tuple[Hit, ...]:
    best = look.candidates(evidence, asked, look.k)
    return tuple(look.hit(candidate, evidence, asked) for candidate in best)


def _check(k: int) -> None:
    if k < 1:
        raise InvalidInput("at least one hit must be asked for", value=k)


def _family(resolved: Resolved) -> tuple[BaseModel | None, list[str]]:
    """The family that pinned LoRAs restrict the checkpoint to, if any, and what to say of pins."""
    pinned = resolved.pinned[SlotName.CHECKPOINT]
    if len(pinned) > 1:
        return None, [
            f"of {len(pinned)} pinned checkpoints only the first, {pinned[0].name}, counts"
        ]
    family = None if pinned else family_of_loras(resolved)
    if family is None:
        return None, []
    return family, [
        f"only {family.value} checkpoints, because the pinned LoRAs are for {family.value}"
    ]


def _why_none(look: Search, family: BaseModel | None) -> str:
    total, passing = len(look.index.ids), int(look.passing().sum())
    if not total:
        return "there is no checkpoint in the zoo"
    if not passing:
        return f"the filters let none of {total} pass"
    if family is not None:
        usable = f"of {total}, {passing} pass the filters"
        return f"{usable}, but none that may be used is {family.value}, as the pinned LoRAs are"
    return f"of {total}, {passing} pass the filters, but all are banned or of unknown base model"
