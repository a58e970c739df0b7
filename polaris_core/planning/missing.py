"""A plan's LoRAs that are not on this machine: what is known of them, and fetching them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.planning.plan import EditPlan, LoraStep, ModelPick
from polaris_core.planning.replay import identity_of_pick
from polaris_core.retrieval.identity import Hash, Resolver, find_file

__all__ = ["fetch_missing"]


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


def _known_without_file(pick: ModelPick, store: Resolver) -> Entry | None:
    """The entry that is the plan's very file; without a hash nothing is taken for it."""
    if not pick.sha256:
        return None
    found = store.resolve(pick.sha256, kind=Kind.LORA)
    return next((e for e in found if not e.on_disk and e.sha256 == pick.sha256), None)
