from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Terms
from polaris_core.catalogue.licences import strictest, terms_of_licence

FREE = Terms(commercial=True, credit=False, derivatives=True)
CREDIT = Terms(commercial=True, credit=True, derivatives=True)
ALL = [Terms(*answers) for answers in product([None, True, False], repeat=3)]


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("apache-2.0", CREDIT),
        ("MIT", CREDIT),
        ("cc0-1.0", FREE),
        ("CC BY 4.0", CREDIT),
        ("cc-by-sa-4.0", CREDIT),
        ("cc-by-nc-4.0", Terms(commercial=False, credit=True, derivatives=True)),
        ("cc-by-nc-nd-4.0", Terms(commercial=False, credit=True, derivatives=False)),
        ("cc-by-nd-4.0", Terms(commercial=True, credit=True, derivatives=False)),
        ("creativeml-openrail-m", Terms(commercial=True, derivatives=True)),
        ("openrail++", Terms(commercial=True, derivatives=True)),
        ("flux-1-dev-non-commercial-license", Terms(commercial=False, derivatives=True)),
        ("stabilityai-ai-community", Terms(derivatives=True)),
        ("other", Terms()),
        ("", Terms()),
        ("permitted", Terms()),
    ],
)
def test_well_known_licences(name, terms):
    assert terms_of_licence(name) == terms


@given(st.text())
def test_any_name_is_a_licence_or_none(name):
    assert terms_of_licence(name) in ALL


def test_the_strictest_does_not_depend_on_who_is_asked_first():
    for a, b, c in product(ALL, repeat=3):
        assert strictest(a, b) == strictest(b, a)
        assert strictest(a, strictest(b, c)) == strictest(strictest(a, b), c)
    assert all(strictest(a, Terms()) == a == strictest(a, a) for a in ALL)
