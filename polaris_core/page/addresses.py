"""Which routes there are; a host learns of them when it starts, without what answers them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ADDRESSES", "Address"]


class Address(NamedTuple):
    """One route."""

    method: str
    path: str
    name: str
    """Of what answers it."""


ADDRESSES = (
    Address("GET", "/polaris/status", "status"),
    Address("GET", "/polaris/settings", "settings"),
    Address("GET", "/polaris/cards", "cards"),
    Address("GET", "/polaris/cards/{id}", "card"),
    Address("GET", "/polaris/cards/{id}/loader", "loader"),
    Address("GET", "/polaris/thumbnails/{id}", "thumbnail"),
    Address("POST", "/polaris/search", "search"),
    Address("POST", "/polaris/search/picture", "search_picture"),
    Address("POST", "/polaris/scan", "scan"),
    Address("POST", "/polaris/index", "index"),
    Address("GET", "/polaris/jobs", "jobs"),
    Address("GET", "/polaris/jobs/{id}", "job"),
    Address("POST", "/polaris/jobs/{id}/cancel", "cancel"),
    Address("POST", "/polaris/pins", "pins"),
    Address("POST", "/polaris/freeze", "freeze"),
    Address("POST", "/polaris/resolve", "resolve"),
    Address("POST", "/polaris/plan", "plan"),
    Address("GET", "/polaris/fetching", "fetching"),
    Address("POST", "/polaris/fetch", "fetch"),
    Address("POST", "/polaris/complete", "complete"),
    Address("POST", "/polaris/hash", "hash"),
)
