"""Models that are not on this disk: told with where to get them, exchanged or fetched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.errors import NothingFits
from polaris_core.planning.adapters import describe_entry
from polaris_core.planning.plan import EditPlan, LoraStep, ModelPick
from polaris_core.planning.replay import identity_of_pick
from polaris_core.retrieval.explain import where_to_get
from polaris_core.retrieval.identity import Hash, Resolver, find_file
from polaris_core.retrieval.shortlist import Shortlist, SlotName

__all__ = ["fetch_missing", "with_usable_checkpoint"]

_NAMED = 3


def fetch_missing(
    plan: EditPlan, store: Resolver, get: Callable[[Entry], Entry], hashed: Hash
) -> EditPlan:
    """The plan, once those of its LoRAs have a file that are known without one.

    What nobody knows is left for `replay` to complain of.

    Args:
        plan: Made now or before, perhaps elsewhere.
        store: Knows the entries.
        get: Fetches the file of an entry, and gives the entry with it.
        hashed: Tells the SHA-256 of a file that the zoo does not know yet.

    Raises:
        PolarisError: As `get` and `hashed` do.
    """

    def present(step: LoraStep) -> LoraStep:
        pick = step.pick
        identity = identity_of_pick(pick)
        if find_file(identity, pick.file, store, kind=Kind.LORA, hashed=hashed):
            return step
        known = _known_without_file(pick, store)
        if known is None:
            return step
        return replace(step, pick=replace(pick, file=get(known).file))

    return replace(plan, loras=tuple(map(present, plan.loras)))


def with_usable_checkpoint(shortlist: Shortlist) -> Shortlist:
    """The shortlist, its best checkpoint one that is on this disk; better ones are told in a note.

    Raises:
        NothingFits: The best is pinned and not on this disk, or none is.
    """
    slot = shortlist.slot(SlotName.CHECKPOINT)
    if slot is None or not slot.hits or slot.hits[0].entry.on_disk:
        return shortlist
    better = list(takewhile(lambda hit: not hit.entry.on_disk, slot.hits))
    if better[0].pinned or len(better) == len(slot.hits):
        entry = better[0].entry
        raise NothingFits(
            f"the best checkpoint cannot be used: {where_to_get(entry)}",
            value=describe_entry(entry),
            hint="Get it and scan again, switch `fetch` on, or search only what is on this disk",
        )
    told = [f"{hit.entry.name} ({where_to_get(hit.entry)})" for hit in better[:_NAMED]]
    note = f"nearer, but not here: {'; '.join(told)}"
    used = slot.hits[len(better)]
    hits = (used, *(hit for hit in slot.hits if hit is not used))
    notes = "; ".join(filter(None, (slot.note, note)))
    return shortlist.with_slot(replace(slot, hits=hits, note=notes))


def _known_without_file(pick: ModelPick, store: Resolver) -> Entry | None:
    """The entry that is the plan's very file; without a hash nothing is taken for it."""
    if not pick.sha256:
        return None
    found = store.resolve(pick.sha256, kind=Kind.LORA)
    return next((e for e in found if not e.on_disk and e.sha256 == pick.sha256), None)
