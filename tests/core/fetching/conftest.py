"""A folder to fetch into, a site to fetch from, and nothing that waits for long."""

from __future__ import annotations

import pytest

from polaris_core.fetching.addresses import Rules
from polaris_core.fetching.fetch import fetch
from polaris_core.fetching.site import Limits
from tests.core.fetching.sites import MisbehavingSite, model_bytes, sha256

QUICK = Limits(connect_s=5, stall_s=0.5, retries=3, backoff_s=0.01, longest_wait_s=2, spare_bytes=0)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "loras"
    made.mkdir()
    return made


@pytest.fixture
def make_site():
    made = []

    def make(content=None, **options) -> MisbehavingSite:
        made.append(MisbehavingSite(model_bytes() if content is None else content, **options))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site):
    return make_site()


@pytest.fixture
def get(folder):
    """Fetch what a site offers, with everything known of it unless said otherwise."""

    def get(site, **changed):
        facts = {
            "sha256": sha256(site.content),
            "size_bytes": len(site.content),
            "rules": Rules.of((), [site.origin]),
            "limits": QUICK,
            "page": "https://example.com/page",
        }
        facts |= changed
        address = facts.pop("address", site.url)
        return fetch(address, facts.pop("folder", folder), "model.safetensors", **facts)

    return get
