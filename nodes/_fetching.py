"""Fetching from within a run: only where the node says so and the user's settings allow it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from comfy_api.latest import io

from . import _host

if TYPE_CHECKING:
    from polaris_core.catalogue.entry import Entry
    from polaris_core.progress import Progress
    from polaris_core.retrieval.filters import Filters
    from polaris_core.retrieval.shortlist import Shortlist, SlotName

TOOLTIP = (
    "Also models that are known but not on this machine; those used are fetched. "
    "Nothing is, unless fetching.json allows it: see the help page."
)
_SHOW_EVERY_S = 0.5


def fetch_input() -> io.Boolean.Input:
    """The option of a node; optional, so that workflows made before it still run."""
    return io.Boolean.Input("fetch", default=False, optional=True, tooltip=TOOLTIP)


def wider(filters: Filters, fetch: bool, kind: str) -> Filters:
    """Filters that also let pass what can and may be fetched of a kind, if that is wanted."""
    if not fetch:
        return filters
    from polaris_core.catalogue.entry import Kind
    from polaris_core.fetching.entries import usable_ids
    from polaris_core.fetching.settings import read_settings

    settings = read_settings(_host.zoo_home())
    settings.check_kind(Kind(kind))
    ids = usable_ids(_host.store(), Kind(kind), settings.automatic_largest_bytes)
    ids = ids if filters.ids is None else ids & filters.ids
    return replace(filters, on_disk_only=False, ids=ids)


def present(cls: type[io.ComfyNode], entry: Entry) -> Entry:
    """The entry with its file, which is fetched if need be and allowed."""
    if entry.on_disk:
        return entry
    from polaris_core.fetching.entries import fetch_entry
    from polaris_core.fetching.settings import read_settings

    settings = read_settings(_host.zoo_home())
    settings.check_automatic(entry)
    return fetch_entry(
        _host.store(), entry, _host.model_folders(), settings, progress=_shown(cls, entry)
    )


def with_file(cls: type[io.ComfyNode], shortlist: Shortlist, name: SlotName) -> Shortlist:
    """The shortlist, once the best of a slot has its file."""
    slot = shortlist.slot(name)
    if slot is None or not slot.hits or slot.hits[0].entry.on_disk:
        return shortlist
    best = replace(slot.hits[0], entry=present(cls, slot.hits[0].entry))
    return shortlist.with_slot(replace(slot, hits=(best, *slot.hits[1:])))


def _shown(cls: type[io.ComfyNode], entry: Entry) -> Progress:
    """Progress in the node's bar, and in words under it."""
    from server import PromptServer

    report, last = _host.progress(), 0.0

    def show(done: int, total: int, what: str, /) -> None:
        nonlocal last
        report(done, total, what)
        if time.monotonic() - last >= _SHOW_EVERY_S:
            last = time.monotonic()
            count = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else f"{done / 1e6:.0f} MB"
            text = f"{entry.name}: {what}, {count}"
            PromptServer.instance.send_progress_text(text, cls.hidden.unique_id)

    return show
