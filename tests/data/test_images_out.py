"""Images to files and back, grids, animations, and holes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from interfuse.errors import DataError
from interfuse.kinds.images.data import (
    ImageSchema,
    animation,
    grid,
    read_images,
    write_npz,
    write_png,
    writing_folder,
)
from interfuse.kinds.images.data.holes import read_with_holes

RNG = np.random.default_rng(5)


def pixels(n=4, c=3, h=12, w=16):
    return RNG.integers(0, 256, (n, c, h, w), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_and_npz_come_back_exactly(tmp_path, channels):
    images = pixels(c=channels)
    schema = ImageSchema(12, 16, channels)
    write_png(images[0], tmp_path / "a.png")
    np.testing.assert_array_equal(read_images(tmp_path, schema=schema).pixels, images[:1])
    write_npz(tmp_path / "a.npz", images=images.transpose(0, 2, 3, 1))
    found = read_images(tmp_path / "a.npz", schema=schema)
    np.testing.assert_array_equal(found.pixels, images)


def test_a_grid_holds_every_image_in_its_place():
    images = pixels(5)
    picture = grid(images, columns=3, scale=2)
    assert picture.shape == (3, 2 * (24 + 2) + 2, 3 * (32 + 2) + 2)
    for i, image in enumerate(images):
        top, left = (i // 3) * 26 + 2, (i % 3) * 34 + 2
        np.testing.assert_array_equal(picture[:, top : top + 24 : 2, left : left + 32 : 2], image)
    assert (picture[:, :2] == 255).all()


@pytest.mark.parametrize("name", ["a.webp", "a.gif"])
def test_an_animation_has_all_frames(tmp_path, name):
    frames = pixels(6, c=1)
    animation(list(frames), tmp_path / name)
    with Image.open(tmp_path / name) as moving:
        assert getattr(moving, "n_frames", 1) == 6
        for i, frame in enumerate(frames):
            moving.seek(i)
            shown = np.asarray(moving.convert("L"))
            np.testing.assert_array_equal(shown, frame[0])


def test_an_animation_in_another_format(tmp_path):
    with pytest.raises(DataError, match=r"ends in \.webp or \.gif"):
        animation(list(pixels(2)), tmp_path / "a.mp4")


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    class Stop(Exception):
        pass

    def half():
        with writing_folder(tmp_path / "out") as folder:
            write_png(pixels(1)[0], folder / "a.png")
            raise Stop

    with pytest.raises(Stop):
        half()
    assert list(tmp_path.iterdir()) == []
    with writing_folder(tmp_path / "out") as folder:
        write_png(pixels(1)[0], folder / "a.png")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.png"]
    with pytest.raises(DataError, match="not an empty folder"), writing_folder(tmp_path / "out"):
        pass


# -- holes --------------------------------------------------------------------------------------

SCHEMA = ImageSchema(12, 16, 3)


def save(array, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def test_alpha_zero_is_a_hole_and_the_rest_is_bit_equal(tmp_path):
    image = pixels(1)[0].transpose(1, 2, 0)
    alpha = np.full((12, 16), 255, np.uint8)
    alpha[3:6, 4:9] = 0
    path = save(np.dstack([image, alpha]), tmp_path / "a.png")
    found, known = read_with_holes(path, SCHEMA)
    np.testing.assert_array_equal(known[0], alpha == 255)
    np.testing.assert_array_equal(found.pixels[0].transpose(1, 2, 0)[known[0]], image[alpha == 255])


def test_one_mask_for_all_or_one_for_each(tmp_path):
    for name in ("a", "b"):
        save(pixels(1)[0].transpose(1, 2, 0), tmp_path / "in" / f"{name}.png")
    mask = np.zeros((12, 16), np.uint8)
    mask[:, :8] = 255
    save(mask, tmp_path / "mask.png")
    found, known = read_with_holes(tmp_path / "in", SCHEMA, tmp_path / "mask.png")
    assert found.names == ["a.png", "b.png"]
    np.testing.assert_array_equal(known, np.stack([mask == 0] * 2))
    save(mask, tmp_path / "masks" / "a.png")
    with pytest.raises(DataError, match=r"no mask named b\.png"):
        read_with_holes(tmp_path / "in", SCHEMA, tmp_path / "masks")
    save(255 - mask, tmp_path / "masks" / "b.png")
    _, known = read_with_holes(tmp_path / "in", SCHEMA, tmp_path / "masks")
    np.testing.assert_array_equal(known[1], mask > 0)


def test_masks_that_cannot_be_used(tmp_path):
    path = save(pixels(1)[0].transpose(1, 2, 0), tmp_path / "in" / "a.png")
    small = save(np.zeros((12, 12), np.uint8), tmp_path / "small.png")
    with pytest.raises(DataError, match="is 16 x 12 pixels and its mask 12 x 12"):
        read_with_holes(path, SCHEMA, small)
    with pytest.raises(DataError, match="has no alpha"):
        read_with_holes(path, SCHEMA)
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(DataError, match="this mask is not a PNG"):
        read_with_holes(path, SCHEMA, tmp_path / "text.png")
    with pytest.raises(DataError, match="this mask cannot be read"):
        read_with_holes(path, SCHEMA, tmp_path / "nothing.png")


def test_a_mask_is_resized_with_its_image(tmp_path):
    save(np.zeros((24, 32, 3), np.uint8), tmp_path / "in" / "a.png")
    mask = np.zeros((24, 32), np.uint8)
    mask[8:16, 8:16] = 255
    save(mask, tmp_path / "mask.png")
    _, known = read_with_holes(tmp_path / "in", SCHEMA, tmp_path / "mask.png")
    # Half the size: the hole itself, and at most the pixels that its edge bleeds into.
    hole = ~known[0]
    assert hole[4:8, 4:8].all()
    assert not hole[:2].any()
    assert not hole[:, 11:].any()
