"""Pictures from files of unknown origin."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from polaris_core.errors import InvalidInput
from polaris_core.images import read_picture


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "I;16"])
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_every_mode_is_read_as_rgb(tmp_path, mode, suffix):
    if (mode, suffix) == ("CMYK", "png"):
        suffix = "jpg"
    file = tmp_path / f"picture.{suffix}"
    Image.new(mode, (5, 3)).save(file)
    assert np.asarray(read_picture(file)).shape == (3, 5, 3)


def test_a_large_picture_is_shrunk_and_keeps_its_proportions(tmp_path):
    file = tmp_path / "picture.jpg"
    Image.new("RGB", (2000, 500)).save(file)
    assert read_picture(file, 512).size == (512, 128)
    assert read_picture(file).size == (2000, 500)


@given(
    content=st.binary(max_size=200), start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
)
def test_any_bytes_end_in_a_picture_or_in_our_error(tmp_path_factory, content, start):
    file = tmp_path_factory.getbasetemp() / "fuzz.png"
    file.write_bytes(start + content)
    with suppress(InvalidInput):
        assert read_picture(file).mode == "RGB"


def test_an_error_names_the_file(tmp_path):
    with pytest.raises(InvalidInput, match=r"absent\.png"):
        read_picture(tmp_path / "absent.png")


@pytest.mark.parametrize("size", [(12_000, 10_000), (20_000, 10_000)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path, size):
    file = tmp_path / "huge.png"
    Image.new("1", size).save(file)
    with pytest.raises(InvalidInput, match="pixels"):
        read_picture(file)


def test_a_picture_taken_upright_is_upright(tmp_path):
    picture = Image.new("RGB", (4, 2), "red")
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned
    picture.save(tmp_path / "p.jpg", exif=exif)
    assert read_picture(tmp_path / "p.jpg").size == (2, 4)


def test_greys_of_sixteen_bits_keep_their_brightness(tmp_path):
    levels = np.array([[0, 16384, 32768, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / "p.png")
    read = np.asarray(read_picture(tmp_path / "p.png"))[0, :, 0]
    assert np.abs(read.astype(int) - [0, 64, 128, 255]).max() <= 1
