"""What cannot be used is refused by name; what is odd and can be used is used."""

from __future__ import annotations

import numpy as np
import pytest

from polaris_core.encoders.hashing import HashingEncoder
from polaris_core.errors import InvalidInput, InvalidIntent, MaskRequired
from polaris_core.regions.draw import draw_candidates
from polaris_core.regions.explain import explain, region_to_json
from polaris_core.regions.grounding import ground
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.region import read_choice
from tests.core.regions.painted import ColourEncoder, intent, paint

PICTURE, PROPOSALS = paint([("red", (5, 30, 20, 50)), ("blue", (30, 30, 50, 50))])
DOG, HAT = intent("remove", "dog"), intent("add", "hat", anchor="on the dog")
NAN = np.full((60, 90), np.nan, np.float32)


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        pytest.param(np.zeros((60, 90, 4), np.uint8), r"h × w × 3.*\(60, 90, 4\)", id="alpha"),
        pytest.param(np.zeros((60, 90), np.uint8), "h × w × 3", id="grey"),
        pytest.param(np.zeros((60, 90, 3), np.float32), "h × w × 3 bytes.*float32", id="floats"),
        pytest.param(np.zeros((0, 90, 3), np.uint8), "h × w × 3", id="no pixels"),
        pytest.param(np.zeros((1, 60, 90, 3), np.uint8), "h × w × 3", id="batch"),
        pytest.param(np.zeros((90, 60, 3), np.uint8), "90x60, picture 60x90", id="other size"),
    ],
)
@pytest.mark.parametrize("wanted", [DOG, HAT], ids=["remove", "add"])
def test_pictures_that_cannot_be_used_are_refused(picture, said, wanted):
    with pytest.raises(InvalidInput, match=said):
        ground(picture, wanted, PROPOSALS, ColourEncoder())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"attention": NAN}, "attention map.*0 to 1.*nan", id="attention of NaN"),
        pytest.param({"attention": NAN[:5]}, "attention map is not as large", id="small attention"),
        pytest.param({"attention": np.full((60, 90), 7.0)}, "0 to 1.*7.0", id="loud attention"),
        pytest.param({"attention": np.zeros((60, 90, 1))}, "h × w", id="deep attention"),
        pytest.param({"anchor_region": NAN}, "anchor's region", id="anchor of NaN"),
        pytest.param({"anchor_region": NAN[:, :2]}, "anchor's region is not", id="small anchor"),
        pytest.param({"anchor_region": 0 * PICTURE[..., 0]}, "is empty", id="empty anchor"),
        pytest.param({"choice": 9}, "no such region: 9. Choose from 1 to 3", id="choice too high"),
        pytest.param({"choice": [1, -2]}, "numbered from 1: -2", id="negative choice"),
        pytest.param({"choice": [0, 1]}, "numbered from 1: 0", id="choice of 0 among others"),
        pytest.param({"encoder": HashingEncoder()}, "compare pictures", id="no common space"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options, said):
    options.setdefault("encoder", ColourEncoder())
    with pytest.raises(InvalidInput, match=said):
        ground(PICTURE, HAT, PROPOSALS, **options)


@pytest.mark.parametrize("subject", ["dog", "background", "upper body"])
def test_no_proposals_ask_for_a_mask(subject):
    with pytest.raises(MaskRequired, match="no regions of the picture were proposed"):
        ground(PICTURE, intent("remove", subject), [], ColourEncoder())


def test_a_mask_of_nothing_is_an_error_and_never_a_result():
    with pytest.raises(InvalidInput, match="at least one pixel"):
        Proposal.of(np.zeros((60, 90), np.bool_), 0.5)
    with pytest.raises(MaskRequired, match="nothing of the picture is left"):
        ground(PICTURE, DOG, PROPOSALS, ColourEncoder(), grow_px=-30)
    everything = [Proposal.of(np.ones((60, 90), np.bool_), 0.5)]
    background = intent("local_style", "background", foreground=("dog",))
    with pytest.raises(MaskRequired, match="nothing of the picture is left"):
        ground(PICTURE, background, everything, ColourEncoder())


def test_a_background_before_which_nothing_stands_asks_for_a_choice():
    picture, proposals = paint([])
    with pytest.raises(MaskRequired, match="name what stands in the foreground"):
        ground(picture, intent("local_style", "background"), proposals, ColourEncoder())


def test_a_mask_of_everything_is_a_mask():
    picture, _ = paint([("red", (0, 0, 90, 60))])
    whole = [Proposal.of(np.ones((60, 90), np.bool_), 0.5)]
    region = ground(picture, DOG, whole, ColourEncoder(), grow_px=5, feather_px=5)
    assert region.mask.all()
    assert "100.0% of the picture" in region.notes


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param(
            intent("other", "dog", explanation="It asks for another pose"),
            "nothing that can be done.*another pose",
            id="other",
        ),
        pytest.param(intent("other", ""), "Say what to replace", id="other without a reason"),
        pytest.param(intent("remove", "  "), "does not say what to change", id="no subject"),
        pytest.param(intent("add", ""), "does not say what to change", id="nothing to add"),
    ],
)
def test_intents_without_an_edit_are_refused(wanted, said):
    with pytest.raises(InvalidIntent, match=said):
        ground(PICTURE, wanted, PROPOSALS, ColourEncoder())


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ()),
        ("  ", ()),
        ("0", ()),
        ("2", (2,)),
        ("1, 3", (1, 3)),
        ("3;1 3\n", (3, 1)),
        ("2,", (2,)),
    ],
)
def test_choices_are_typed_as_numbers(text, numbers):
    assert read_choice(text) == numbers


@pytest.mark.parametrize("text", ["two", "-1", "1.5", "1 2 x", "²", "99999", "1 " * 2000, "1\x00"])
def test_what_is_no_choice_is_refused(text):
    with pytest.raises(InvalidInput, match="by their numbers"):
        read_choice(text)


SHAPES = [(1, 1), (1, 2), (2, 1), (1, 10_000), (10_000, 1), (3, 3), (7, 500)]
WANTED = [
    DOG,
    HAT,
    intent("add", "bird", anchor="in the upper left corner"),
    intent("add", "bird"),
    intent("remove", "dogs", place="on the left"),
    intent("remove", "upper body"),
    intent("remove", "second dog", instruction="remove the second dog from the right"),
    intent("category_change", "dog", object_words="giraffe", contour_compatible=False),
    intent("local_style", "dog", contour_compatible=False),
    intent("global_style", "image"),
]


@pytest.mark.parametrize("size", SHAPES, ids=lambda s: f"{s[1]}x{s[0]}")
@pytest.mark.parametrize("wanted", WANTED, ids=lambda w: f"{w.instruction_type.value} {w.subject}")
@pytest.mark.parametrize("encoder", [None, ColourEncoder()], ids=["blind", "seeing"])
def test_pictures_of_odd_shapes_are_grounded_and_drawn(size, wanted, encoder):
    picture = np.full((*size, 3), (220, 30, 30), np.uint8)
    left = np.zeros(size, np.bool_)
    left[: max(1, size[0] // 2), : max(1, size[1] // 2)] = True
    proposals = [Proposal.of(mask, 0.5) for mask in (left, ~left) if mask.any()]
    attention = np.ones(size, np.float32)
    region = ground(picture, wanted, proposals, encoder, attention=attention, feather_px=2)
    assert region.mask.shape == size
    assert region.mask.any()
    assert 0 <= region.confidence <= 1
    assert isinstance(region.confidence, float)
    assert explain(region)
    assert region_to_json(region)
    preview = draw_candidates(picture, region)
    assert preview.dtype == np.uint8
    assert max(preview.shape[:2]) <= 1024


def test_a_thousand_words_and_strange_ones_are_read():
    long = intent("remove", "very " * 1000 + "big dog", place="next to the " * 1000 + "cat")
    assert ground(PICTURE, long, PROPOSALS, ColourEncoder()).mask.any()
    for subject in ("🦊", "', \"", "\x00", "((", "the", "狐狸", "a" * 5000, "."):
        region = ground(PICTURE, intent("remove", subject, place=subject), PROPOSALS)
        assert not region.is_sure
