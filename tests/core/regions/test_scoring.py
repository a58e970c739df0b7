"""Laws of the value function, with an encoder whose answers are known, and with a real CLIP."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.encoders.base import PictureTextEncoder
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.encoders.hashing import HashingEncoder
from polaris_core.errors import Cancelled, InvalidInput
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.scene import Scene
from polaris_core.regions.scoring import check_encoder, embed_regions, values
from polaris_core.regions.targets import Target
from polaris_core.regions.views import VIEW_PX, VIEW_WEIGHTS, Views
from tests.core.regions.painted import COLOURS, ColourEncoder, paint, scaled

THINGS = [
    ("red", (5, 5, 25, 25)),
    ("blue", (35, 8, 60, 20)),
    ("green", (65, 30, 85, 55)),
    ("yellow", (10, 35, 30, 55)),
    ("white", (38, 30, 56, 56)),
]
PICTURE, PROPOSALS = paint(THINGS)
NOUNS = {"red": "dog", "blue": "cat", "green": "tent", "yellow": "man", "white": "house"}


def scores(phrase, proposals=PROPOSALS, picture=PICTURE, noun="", others=()):
    encoder = ColourEncoder()
    seen = embed_regions(picture, proposals, encoder)
    return values(seen, (phrase,), noun or phrase, others, encoder)


def find(target, proposals=PROPOSALS, picture=PICTURE, encoder=None):
    scene = Scene(picture, proposals, encoder or ColourEncoder())
    return [scene.proposals[i] for i in scene.find(target).chosen]


@pytest.mark.parametrize("colour", NOUNS)
def test_the_best_region_wins(colour):
    found = scores(f"{colour} square", noun=colour)
    best = max(range(len(found)), key=lambda i: found[i].total)
    assert PROPOSALS[best].box_xyxy == dict(THINGS)[colour]
    assert found[best].standing == 1
    assert found[best].contrast > 0.9
    assert all(value.total < 0.1 for i, value in enumerate(found) if i != best)


@settings(max_examples=20)
@given(st.permutations(range(len(PROPOSALS))))
def test_the_order_of_proposals_does_not_matter(order):
    shuffled = [PROPOSALS[i] for i in order]
    for target in (Target("dog", "dog"), Target("tent", "tent")):
        assert find(target, shuffled) == find(target)
    one, other = scores("dog"), scores("dog", shuffled)
    assert [v.likeness for v in other] == pytest.approx([one[i].likeness for i in order], abs=1e-6)


@pytest.mark.parametrize("factor", [2, 3, 8])
def test_scaling_the_picture_does_not_matter(factor):
    picture, proposals = scaled(PICTURE, PROPOSALS, factor)
    for phrase in ("dog", "cat", "house"):
        one, large = scores(phrase), scores(phrase, proposals, picture)
        assert [v.likeness for v in large] == pytest.approx([v.likeness for v in one], abs=0.03)
        (small,), (big,) = (
            find(Target(phrase, phrase)),
            find(Target(phrase, phrase), proposals, picture),
        )
        assert big.box_xyxy == tuple(edge * factor for edge in small.box_xyxy)


def test_other_things_that_the_sentence_names_take_their_regions_for_themselves():
    both = [("red", (5, 5, 25, 25)), ("blue", (5, 25, 25, 45))]
    picture, proposals = paint(both)
    mixed = Proposal.of(proposals[0].mask | proposals[1].mask, 0.9)
    alone = scores("dog", [mixed], picture)[0]
    against = scores("dog", [mixed], picture, others=("cat", "dog", "dogs"))[0]
    assert against.likeness == pytest.approx(alone.likeness)
    assert against.contrast < alone.contrast


def test_words_for_many_things_do_not_compete_with_what_they_may_mean():
    one = scores("man", noun="man")
    other = scores("man", noun="man", others=("person", "people", "character"))
    assert [v.contrast for v in one] == pytest.approx([v.contrast for v in other])


def test_the_background_competes():
    picture, proposals = paint([("red", (5, 5, 25, 25))])
    dog, ground = scores("dog", proposals, picture)
    assert ground.contrast < 0.01 < 0.9 < dog.contrast


@pytest.mark.parametrize("box", [(0, 0, 90, 60), (40, 20, 41, 21), (0, 0, 90, 1)], ids=str)
def test_masks_of_everything_and_of_next_to_nothing_are_scored(box):
    picture, _ = paint([])
    mask = np.zeros((60, 90), np.bool_)
    mask[box[1] : box[3], box[0] : box[2]] = True
    (value,) = scores("dog", [Proposal.of(mask, 0.5)], picture)
    assert 0 <= value.total <= 1
    assert -1 <= value.likeness <= 1


def test_no_proposals_have_no_scores():
    assert scores("dog", []) == []
    assert Scene(PICTURE, [], ColourEncoder()).find(Target("dog", "dog")).chosen == ()


def test_views_show_the_region_alone_faded_and_in_its_scene():
    picture, proposals = paint([("red", (40, 20, 60, 30)), ("blue", (61, 20, 63, 30))])
    alone, faded, scene = Views(picture).of(proposals[0])
    assert {view.shape for view in (alone, faded, scene)} == {(VIEW_PX, VIEW_PX, 3)}
    blue, nothing = np.array(COLOURS["blue"]), np.array([123, 117, 104])

    def has(view, colour, within=20):
        return bool((np.abs(view.astype(int) - colour).max(2) < within).any())

    assert not has(alone, blue)
    assert has(alone, nothing)
    assert not has(faded, nothing, 4)
    assert not has(faded, blue)
    assert has(scene, blue)
    centre = (slice(150, 180), slice(150, 180))
    for view in (alone, faded, scene):
        assert np.abs(view[centre].astype(int) - COLOURS["red"]).max() <= 1


def test_a_thing_that_fills_the_picture_does_not_colour_the_others():
    picture, proposals = paint([("red", (5, 5, 80, 55))])
    alone = ColourEncoder().encode_images([Views(picture).of(proposals[1])[0]])
    assert alone[0, 0] < 0.1
    dog, ground = scores("dog", proposals, picture)
    assert ground.total < 0.01 < 0.9 < dog.total


def test_memory_is_bounded_by_small_batches():
    encoder = ColourEncoder()
    many = [Proposal.of(p.mask, 0.1 * i) for i in range(1, 8) for p in PROPOSALS]
    embed_regions(PICTURE, many, encoder)
    assert sum(encoder.batches) == 3 * len(many)
    assert max(encoder.batches) <= 24


def test_progress_is_told_per_region_and_a_cancel_stops_between_batches():
    told = []
    many = [Proposal.of(p.mask, 0.1 * i) for i in range(1, 8) for p in PROPOSALS]
    embed_regions(PICTURE, many, ColourEncoder(), lambda *step: told.append(step))
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1] == (len(many), len(many), "looking at regions")

    def cancel(done, total, what):
        if done >= 16:
            raise Cancelled

    encoder = ColourEncoder()
    with pytest.raises(Cancelled):
        embed_regions(PICTURE, many, encoder, cancel)
    assert len(encoder.batches) == 2


def test_an_encoder_that_computes_no_numbers_is_named():
    class Broken(ColourEncoder):
        def encode_images(self, images, progress=None):
            return super().encode_images(images) * np.float32("nan")

    with pytest.raises(InvalidInput, match=r"NaN or infinity.*colours"):
        embed_regions(PICTURE, PROPOSALS, Broken())


def test_an_encoder_without_a_common_space_is_refused():
    with pytest.raises(InvalidInput, match=r"compare pictures with words.*hashing"):
        check_encoder(HashingEncoder())
    check_encoder(ColourEncoder())
    assert isinstance(ColourEncoder(), PictureTextEncoder)


@pytest.fixture(scope="module")
def small_clip(tmp_path_factory):
    """open_clip's own class with random weights."""
    open_clip = pytest.importorskip("open_clip")
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("clip")
    vision = {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}
    (folder / "polaris-region-clip.json").write_text(json.dumps(config), "utf-8")
    open_clip.add_model_config(folder / "polaris-region-clip.json")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = open_clip.create_model("polaris-region-clip").eval()
    weights = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file(weights, folder / "small.safetensors")
    return ClipEncoder("polaris-region-clip", str(folder / "small.safetensors"), device="cpu")


def test_a_real_clip_scores_regions_as_its_own_vectors_say(small_clip):
    check_encoder(small_clip)
    seen = embed_regions(PICTURE, PROPOSALS, small_clip)
    views = [Views(PICTURE).of(proposal) for proposal in PROPOSALS]
    means = [np.array(VIEW_WEIGHTS) @ small_clip.encode_images(v) for v in views]
    wanted = np.stack([row / np.linalg.norm(row) for row in means])
    np.testing.assert_allclose(seen, wanted, atol=1e-5)
    prompts = ["a photo of a dog", "a close-up photo of a dog", "a cropped picture of a dog"]
    text = small_clip.encode_texts(prompts).mean(0)
    cosines = wanted @ (text / np.linalg.norm(text))
    found = values(seen, ("dog",), "dog", (), small_clip)
    assert [v.likeness for v in found] == pytest.approx(cosines.tolist(), abs=1e-5)
    assert all(0 <= v.contrast <= 1 for v in found)
    assert max(v.standing for v in found) == 1
