"""SAM 2 finds what transformers' own pipeline finds, with the same small random weights."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import torch
import transformers
from PIL import Image

from polaris_core.errors import Cancelled, InvalidInput
from polaris_core.regions.grid import GridSettings, crops
from polaris_core.regions.sam2 import Sam2Proposer, _Answers, load_sam2
from polaris_core.regions.select import Limits
from tests.core.regions.small_models import small_sam2

SQUARE = skimage.data.astronaut()
WIDE = skimage.data.coffee()
SETTINGS = GridSettings(points_per_side=12, least_quality=0.1, least_stability=0.2)
EVERYTHING = Limits(most=10_000, least_share=0, same_iou=1)


@pytest.fixture(scope="module")
def model():
    return small_sam2()


@pytest.fixture(scope="module")
def processor():
    return transformers.Sam2ImageProcessor(size={"height": 128, "width": 128})


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(SETTINGS, id="usual"),
        pytest.param(replace(SETTINGS, box_iou=0.9, points_per_batch=50), id="more alike"),
        pytest.param(replace(SETTINGS, least_quality=0.4, box_iou=0.9), id="stricter"),
    ],
)
def test_the_same_masks_as_the_pipeline_of_transformers(model, processor, settings):
    pipeline = transformers.pipeline("mask-generation", model=model, image_processor=processor)
    theirs = pipeline(
        Image.fromarray(SQUARE),
        points_per_crop=settings.points_per_side,
        points_per_batch=settings.points_per_batch,
        pred_iou_thresh=settings.least_quality,
        stability_score_thresh=settings.least_stability,
        crops_nms_thresh=settings.box_iou,
    )["masks"]
    ours = list(Sam2Proposer(model, "small", settings, EVERYTHING).propose(SQUARE))
    assert len(ours) == len(theirs) >= 10
    for mask in map(np.asarray, theirs):
        overlaps = [(one.mask & mask).sum() / (one.mask | mask).sum() for one in ours]
        assert max(overlaps) >= 0.99
        ours.pop(int(np.argmax(overlaps)))


def test_points_of_a_wide_picture_lie_where_the_processor_puts_them(model, processor):
    # The pipeline brings its grid to a square only in part, so it is no witness for wide pictures.
    (whole,) = crops(WIDE.shape[:2], replace(SETTINGS, points_per_side=5))
    asked = transformers.Sam2Processor(image_processor=processor, target_size=128)(
        images=WIDE,
        input_points=[[[point] for point in whole.points.tolist()]],
        return_tensors="pt",
    )
    sizes = asked.pop("original_sizes")
    with torch.no_grad():
        direct = model(**asked)
        answers = _Answers(model, "float32")
        logits, quality = answers.answer(answers.look(WIDE), whole.points, WIDE.shape[:2])
    torch.testing.assert_close(quality, direct.iou_scores[0], rtol=0, atol=1e-4)
    masks = processor.post_process_masks(direct.pred_masks, sizes)[0].numpy()
    ours = (answers.enlarge(logits.flatten(0, 1), WIDE.shape[:2]) > 0).numpy()
    theirs = masks.reshape(ours.shape)
    union = (ours | theirs).sum((1, 2))
    assert (((ours & theirs).sum((1, 2)) / np.maximum(union, 1))[union > 0] >= 0.99).all()


def test_a_model_comes_back_from_its_folder(model, tmp_path):
    model.save_pretrained(tmp_path)
    proposer = load_sam2(tmp_path, settings=SETTINGS)
    for key, tensor in model.state_dict().items():
        torch.testing.assert_close(proposer.model.state_dict()[key], tensor, rtol=0, atol=0)
    assert proposer.name.startswith(f"sam2:{tmp_path.name}:")
    assert proposer.propose(SQUARE) == Sam2Proposer(model, "x", SETTINGS).propose(SQUARE)


def test_the_part_for_pictures_is_taken_from_a_model_for_videos(model, tmp_path):
    small = {"hidden_size": 32, "num_layers": 1, "feed_forward_hidden_size": 32}
    config = transformers.Sam2VideoConfig(
        vision_config=model.config.vision_config,
        prompt_encoder_config=model.config.prompt_encoder_config.to_dict(),
        mask_decoder_config=model.config.mask_decoder_config.to_dict(),
        image_size=128,
        **{f"memory_attention_{name}": value for name, value in small.items()},
        memory_attention_rope_feat_sizes=[8, 8],
        memory_encoder_hidden_size=32,
        memory_encoder_output_channels=8,
        mask_downsampler_embed_dim=32,
        memory_fuser_embed_dim=32,
        memory_fuser_intermediate_dim=32,
    )
    video = transformers.Sam2VideoModel(config)
    video.save_pretrained(tmp_path)
    loaded = load_sam2(tmp_path).model.state_dict()
    for key, tensor in loaded.items():
        torch.testing.assert_close(tensor, video.state_dict()[key], rtol=0, atol=0)


def other_kind(folder):
    (folder / "config.json").write_text(json.dumps({"model_type": "clip"}), "utf-8")


def one_weight_less(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["mask_decoder.iou_token.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def other_size(folder):
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["mask_decoder_config"]["mlp_dim"] = 96
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(other_kind, "another model: clip", id="another model"),
        pytest.param(one_weight_less, "lacks weights: mask_decoder.iou_token", id="a weight less"),
        pytest.param(other_size, "cannot be loaded", id="another size"),
        pytest.param(
            lambda f: (f / "config.json").write_text("[", "utf-8"), "cannot be read", id="no JSON"
        ),
        pytest.param(
            lambda f: (f / "model.safetensors").write_bytes(b"x"), "be loaded", id="garbage"
        ),
        pytest.param(
            lambda f: (f / "model.safetensors").unlink(), "lacks files: model", id="no weights"
        ),
        pytest.param(lambda f: (f / "config.json").unlink(), "lacks files: config", id="no config"),
    ],
)
def test_what_is_no_model_is_refused(model, tmp_path, spoil, said):
    model.save_pretrained(tmp_path)
    spoil(tmp_path)
    with pytest.raises(InvalidInput, match=said):
        load_sam2(tmp_path)


def test_a_cancel_comes_between_layers_and_between_batches(model):
    for stop_at in range(1, 9):
        reports = []

        def progress(done, total, what, stop_at=stop_at, reports=reports):
            reports.append(done)
            if len(reports) == stop_at:
                raise Cancelled

        with pytest.raises(Cancelled):
            Sam2Proposer(model, "small", SETTINGS).propose(SQUARE, progress)
        assert reports == [0, 0, 0, 0, 0, 0, 32, 64][:stop_at]  # five layers, then batches
