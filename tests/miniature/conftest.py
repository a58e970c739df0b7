"""Random weights in the files that training writes, and the zoo that is made of them."""

from __future__ import annotations

import pytest

from polaris_core.miniature.zoo import make_miniature_zoo
from tests.miniature.stand_in import store_random_weights


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """The folder of stored weights; read it, do not change it."""
    return store_random_weights(tmp_path_factory.mktemp("stored"))


@pytest.fixture(scope="session")
def random_zoo(tmp_path_factory, random_weights):
    """The folder that holds `models`; read it, do not change it."""
    base = tmp_path_factory.mktemp("zoo")
    make_miniature_zoo(base, weights=random_weights)
    return base
