"""A whole photograph: colour by colour equals all at once, the limit is kept, the telling part is found."""

import numpy as np
import pytest
from PIL import Image

from deblur import photo
from deblur.degrade import Degradation
from deblur.image import image_size, to_bytes, write_image
from deblur.metrics import psnr
from deblur.restore import RESTORERS

from .conftest import photograph


@pytest.mark.parametrize("degradation", [Degradation("average", {"size": 5}, noise=0.01), Degradation("bilateral")], ids=lambda d: d.blur)
@pytest.mark.parametrize("restorer", RESTORERS)
def test_colour_by_colour_equals_all_at_once(picture, restorer, degradation):
    blurred = degradation.apply(picture)
    if refused := RESTORERS[restorer].accepts(degradation, blurred.shape):
        with pytest.raises(ValueError, match="no convolution"):
            next(photo.restore_by_colour(blurred, degradation, restorer))
        assert "no convolution" in refused
        return
    steps = [(done, count) for done, count, _ in photo.restore_by_colour(blurred, degradation, restorer)]
    colours = 1 if picture.ndim == 2 else 3
    assert steps == [(done, colours) for done in range(colours + 1) if done in (0, colours) or not degradation.blurs_together(colours)]
    *_, (_, _, restored) = photo.restore_by_colour(blurred, degradation, restorer)
    assert restored.shape == picture.shape
    assert np.allclose(restored, RESTORERS[restorer].restore(blurred, degradation), atol=2e-5)


def test_what_does_not_apply_is_refused_before_any_work(picture):
    with pytest.raises(ValueError, match="no convolution"):
        next(photo.restore_by_colour(picture, Degradation("median"), "wiener"))


def test_the_limit_is_one_of_pixels_not_of_sides(tmp_path, monkeypatch):
    monkeypatch.setattr(photo, "_SIDE", 100)
    for shape, expected in (((60, 90, 3), (60, 90, 3)), ((50, 800, 3), (25, 400, 3)), ((40, 200), (40, 200))):
        write_image(tmp_path / "photo.png", photograph(shape))
        assert photo.read_photo(tmp_path / "photo.png").shape == expected


def test_numbers_are_those_of_the_whole_picture(picture):
    other = np.clip(picture + 0.1, 0, 1).astype(np.float32)
    assert photo.psnr_by_colour(other, picture) == pytest.approx(psnr(other, picture))


def test_the_telling_part_is_the_one_with_detail():
    wall = np.full((300, 400, 3), 0.5, np.float32)
    wall[200:260, 300:380] = photograph((60, 80, 3))
    part = photo.telling_part(wall, 120)
    assert part.shape == (120, 120, 3) and part.std() > 0.05
    assert photo.telling_part(wall[:50, :60], 120).shape == (50, 60, 3)


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_size_is_read_from_the_header_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(to_bytes(photograph((30, 47, 3)))).save(tmp_path / "photo.jpg", exif=exif)
    assert image_size(tmp_path / "photo.jpg") == ((30, 47) if orientation == 1 else (47, 30))
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match="could not be read"):
        image_size(tmp_path / "text.jpg")
