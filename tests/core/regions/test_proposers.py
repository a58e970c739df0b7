"""Segmenters are found by name in a folder, and never outside it."""

from __future__ import annotations

import pytest
import torch

from polaris_core.errors import InvalidInput, MissingWeights
from polaris_core.regions.listing import segmenters_in
from polaris_core.regions.proposers import find_segmenter, load_segmenter
from polaris_core.regions.sam import SamProposer
from polaris_core.regions.sam2 import Sam2Proposer
from tests.core.regions.small_models import small_sam, small_sam2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "sams"
    (folder / "more" / "deeper").mkdir(parents=True)
    torch.save(small_sam().state_dict(), folder / "small.pth")
    (folder / "more" / "other.SafeTensors").write_bytes(b"")
    (folder / "more" / "deeper" / "too_deep.pth").write_bytes(b"")
    (folder / "notes.txt").write_bytes(b"")
    small_sam2().save_pretrained(folder / "sam2-small")
    (folder.parent / "outside.pth").write_bytes(b"")
    return folder


def test_files_and_folders_are_listed(folder):
    assert segmenters_in(folder) == ("more/other.SafeTensors", "sam2-small", "small.pth")
    assert segmenters_in(folder / "absent") == ()


def test_what_is_listed_is_found(folder):
    for name in segmenters_in(folder):
        assert find_segmenter(folder, name).exists()
    assert find_segmenter(folder, "more\\other.SafeTensors").is_file()


def test_a_file_is_segment_anything_and_a_folder_sam_2(folder):
    assert isinstance(load_segmenter(find_segmenter(folder, "small.pth")), SamProposer)
    assert isinstance(load_segmenter(find_segmenter(folder, "sam2-small")), Sam2Proposer)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../outside.pth",
        "more/../../outside.pth",
        "..\\outside.pth",
        "/etc/passwd",
        "C:\\outside.pth",
        "\\\\host\\share",
        "small.pth\0",
    ],
)
def test_a_name_does_not_lead_out_of_the_folder(folder, name):
    with pytest.raises(InvalidInput, match="must not leave"):
        find_segmenter(folder, name)


def test_what_is_not_there_is_said_with_what_is(folder, tmp_path):
    with pytest.raises(MissingWeights, match=r"smal\.pth.*Nearest: small\.pth"):
        find_segmenter(folder, "smal.pth")
    with pytest.raises(MissingWeights, match=r"sam_vit_b_01ec64\.pth \(375 MB\)"):
        find_segmenter(tmp_path, "sam.pth")


def test_a_path_that_holds_nothing_is_refused(folder):
    with pytest.raises(InvalidInput, match="no such file"):
        load_segmenter(folder / "absent.pth")
    with pytest.raises(InvalidInput, match="lacks files"):
        load_segmenter(folder / "more")
