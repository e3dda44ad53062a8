"""Nothing of a set of images is left out, turned black or taken for a class without a word."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

import interfuse
from interfuse.errors import DataError, InterfuseWarning, SchemaError
from interfuse.kinds.images.data import ImageSchema, read_images
from interfuse.kinds.images.data.conform import pixels_for
from interfuse.kinds.images.data.foldernames import classes_of
from interfuse.kinds.images.data.levels import Levels, white_of
from interfuse.run.fitting import Notice

RNG = np.random.default_rng(11)


def photo(h: int = 10, w: int = 12, c: int = 3) -> np.ndarray:
    return RNG.integers(0, 256, (h, w, c) if c > 1 else (h, w), dtype=np.uint8)


def save(pixels: np.ndarray, path: Path, **options: Any) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return pixels


def blobs(high: int, dtype: type, n: int = 20) -> np.ndarray:
    """Bright squares on a dark ground, as high as a camera of few bits gets."""
    out = np.full((n, 12, 12), high // 10)
    for image in out:
        x, y = RNG.integers(0, 7, 2)
        image[y : y + 5, x : x + 5] = high
    return out.astype(dtype)


# -- endings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending", [".png", ".PNG", ".bmp", ".BMP", ".tif", ".TIFF", ".gif", ".webp", ".jfif", ".jpe"]
)
def test_images_of_every_known_ending_are_read(ending, tmp_path):
    lossy = ending in (".jfif", ".jpe")
    options = {"lossless": True} if ending == ".webp" else {}
    if lossy:
        options = {"format": "JPEG", "quality": 100, "subsampling": 0}
    channels = 1 if ending == ".gif" else 3
    truth = [
        save(np.full((10, 12, 3), 40 * k, np.uint8) if lossy else photo(c=channels),
             tmp_path / f"{k}{ending}", **options)
        for k in range(1, 5)
    ]  # fmt: skip
    found = read_images(tmp_path)
    assert len(found) == 4
    assert found.lines() == []
    for pixels, wanted in zip(found.pixels, truth, strict=True):
        wanted = wanted[..., None] if wanted.ndim == 2 else wanted
        wanted = wanted[..., : len(pixels)]
        assert np.abs(pixels.transpose(1, 2, 0).astype(int) - wanted).max() <= (3 if lossy else 0)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.heic"], "1 file of other endings left out: 1 .heic"),
        (["a.heic", "b.HEIC", "c.txt"], "3 files of other endings left out: 2 .heic, 1 .txt"),
        (["x/a.svg", "x/b.svg"], "2 files of other endings left out: 2 .svg"),
        (["README"], "1 file of other endings left out: 1 README"),
        (["a.psd", "a.raw", "a.cr2", "a.dng", "a.exr", "a.dcm"], "6 files .*, \\.\\.\\."),
        (["clip.mp4"], "1 .mp4"),
    ],
)
def test_files_of_other_endings_are_counted(names, words, tmp_path):
    save(photo(), tmp_path / "ok.png")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = read_images(tmp_path)
    assert len(found) == 1
    assert re.search(words, found.lines()[0])
    assert len(found.lines()) == 1


def test_what_a_system_leaves_behind_is_no_word_worth(tmp_path):
    save(photo(), tmp_path / "ok.png")
    (tmp_path / "labels.csv").write_text("file,class\nok.png,a\n")
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX/._ok.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert read_images(tmp_path).lines() == []


def test_files_of_several_pictures_are_counted(tmp_path):
    frames = [Image.fromarray(photo(c=1)) for _ in range(3)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    frames[1].save(tmp_path / "b.gif", save_all=True, append_images=frames[2:])
    save(photo(c=1), tmp_path / "c.png")
    found = read_images(tmp_path)
    np.testing.assert_array_equal(found.pixels[0, 0], np.asarray(frames[0]))
    assert found.lines() == ["2 files hold several pictures: the first was taken"]


def test_fractions_in_a_file_are_refused_by_name(tmp_path):
    save(photo(c=1), tmp_path / "ok.png")
    Image.fromarray(RNG.random((10, 12)).astype(np.float32)).save(tmp_path / "f.tif")
    found = read_images(tmp_path)
    assert len(found) == 1
    assert "f.tif: holds fractions" in found.lines()[0]


# -- parts of a set -----------------------------------------------------------------------------

FOLDERS = [
    (["train/cat/1", "val/dog/1", "test/cat/2"], ["cat", "dog", "cat"], True),
    (["Training/cat/1", "Testing/dog/1"], ["cat", "dog"], True),
    (["train/1", "test/2"], [None, None], True),
    (["train2017/1", "val2017/2"], [None, None], True),
    (["train_set/a/1", "valid_set/b/2"], ["a", "b"], True),
    (["images/train/a/1", "images/val/b/2"], ["a", "b"], True),
    (["train/images/a/1", "train/images/b/2"], ["a", "b"], True),
    (["train/cat/1", "test/2"], ["cat", None], True),
    (["images/a/1", "images/b/2"], ["a", "b"], False),
    (["cat/1", "dog/2"], ["cat", "dog"], False),
    (["cat/train/1", "dog/test/2"], ["cat", "dog"], False),
    (["train/1", "car/2", "plane/3"], ["train", "car", "plane"], False),
    (["test/1", "good/2"], ["test", "good"], False),
    (["trainer/1", "tester/2"], ["trainer", "tester"], False),
    (["train/1", "2"], ["train", None], False),
    (["1", "2"], [None, None], False),
]


@pytest.mark.parametrize(("names", "classes", "said"), FOLDERS)
def test_parts_of_a_set_are_no_classes(names, classes, said, tmp_path):
    found, notes = classes_of(names)
    assert found == classes
    assert bool(notes) == said
    for name in names:
        save(photo(), tmp_path / f"{name}.png")
    read = read_images(tmp_path)
    named = [*read.schema.classes, None]
    assert {n: named[i] for n, i in zip(read.names, read.labels, strict=True)} == {
        f"{n}.png": c for n, c in zip(names, classes, strict=True)
    }


def test_the_parts_are_listed_with_their_sizes():
    names = [f"{part}/cat/{k}" for part, n in (("train", 3), ("val", 2)) for k in range(n)]
    assert "train 3, val 2" in classes_of(names)[1][0]


# -- levels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peak", "white"),
    [(0, 255), (1, 1), (2, 2), (3, 3), (10, 15), (16, 16), (17, 31), (31, 31), (32, 255),
     (200, 255), (255, 255), (256, 256), (300, 1023), (1023, 1023), (3000, 4095), (4095, 4095),
     (4096, 4096), (9000, 16383), (20_000, 65535), (65535, 65535)],
)  # fmt: skip
def test_white_is_that_of_the_bits_that_are_used(peak, white):
    assert white_of(peak) == white


ARRAYS = [
    (1023, np.uint16),
    (4095, np.uint16),
    (16383, np.uint16),
    (65535, np.uint16),
    (255, np.uint16),
    (1, np.uint16),
    (1, np.uint8),
    (1, np.int64),
    (1, np.int32),
    (1, np.bool_),
    (255, np.uint8),
    (255, np.int64),
    (16, np.int64),
    (15, np.uint32),
    (1, np.float32),
]


@pytest.mark.parametrize(("high", "dtype"), ARRAYS)
def test_arrays_keep_their_contrast(high, dtype):
    data = blobs(high, dtype)
    found = read_images(data)
    assert found.pixels.max() == 255
    wanted = np.rint(data.astype(float) * 255 / high).astype(int)
    assert np.abs(found.pixels[:, 0].astype(int) - wanted).max() <= 1
    full = {np.uint16: 65535, np.bool_: 1, np.float32: 1}.get(dtype, 255)
    assert bool(found.lines()) == (high != full)
    if found.lines():
        assert "taken for white" in found.lines()[0]


@pytest.mark.parametrize("high", [1023, 4095, 16383, 65535])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_files_of_few_bits_in_sixteen_keep_their_contrast(high, ending, tmp_path):
    data = blobs(high, np.uint16, 5)
    for k, image in enumerate(data):
        save(image, tmp_path / f"{k}{ending}")
    found = read_images(tmp_path)
    wanted = np.rint(data.astype(float) * 255 / high)
    assert np.abs(found.pixels[:, 0] - wanted).max() <= 1
    assert found.schema.levels == Levels(255, high)
    assert bool(found.lines()) == (high != 65535)


def test_files_that_are_masks_keep_their_contrast(tmp_path):
    masks = blobs(10, np.uint8, 5) > 5
    for k, image in enumerate(masks):
        save(image.astype(np.uint8), tmp_path / f"{k}.png")
    found = read_images(tmp_path)
    np.testing.assert_array_equal(found.pixels[:, 0], masks * 255)
    assert found.lines() == ["values are 0 and 1: 1 was taken for white"]


@pytest.mark.parametrize("high", [2, 10, 100, 254])
def test_dark_images_of_eight_bits_are_left_as_they_are(high):
    data = blobs(high, np.uint8)
    np.testing.assert_array_equal(read_images(data).pixels[:, 0], data)


def test_dark_fractions_are_said():
    found = read_images(np.full((3, 8, 8), 0.05))
    assert "no value is above 0.05 of 1" in found.lines()[0]


def test_what_is_brighter_than_white_is_counted(tmp_path):
    schema = ImageSchema(12, 12, 1, levels=Levels(255, 4095))
    save(np.full((12, 12), 5000, np.uint16), tmp_path / "a.png")
    save(np.full((12, 12), 4000, np.uint16), tmp_path / "b.png")
    found = read_images(tmp_path, schema=schema)
    assert found.pixels[:, 0, 0, 0].tolist() == [255, 249]
    assert found.lines() == [
        "1 images have values below 0 or above 4,095, which was taken for white: they were cut"
    ]


FITTED = ImageSchema(12, 12, 1, levels=Levels(255, 4095))


def test_a_dark_image_is_as_dark_for_a_model_that_knows_white():
    dark = np.full((2, 12, 12), 100, np.uint16)
    assert pixels_for(FITTED, dark)[0].max() == 6  # 100 of 4,095, not of 127
    eight = np.full((2, 12, 12), 1, np.uint8)
    assert pixels_for(FITTED, eight)[0].max() == 1
    with pytest.raises(DataError, match="from 5000 to 5000; expected 0 to 4095"):
        pixels_for(FITTED, np.full((2, 12, 12), 5000, np.uint16))


def test_a_model_of_masks_takes_masks_and_its_own_draws():
    schema = read_images(blobs(10, np.uint8) // 10).schema
    assert schema.levels == Levels(1, None)
    mask = blobs(10, np.uint8) // 10
    for data in (mask, mask * np.uint8(255), mask.astype(bool)):
        np.testing.assert_array_equal(pixels_for(schema, data)[0][:, 0], mask * 255)


def test_what_was_found_at_the_question_is_a_warning():
    schema = ImageSchema(12, 12, 1, levels=Levels(255, None))
    with pytest.warns(InterfuseWarning, match="up to 4,095: 4,095 was taken for white"):
        pixels_for(schema, blobs(4095, np.uint16))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels_for(schema, blobs(255, np.uint8))
        pixels_for(FITTED, blobs(4095, np.uint16))


def test_the_schema_keeps_white():
    again = ImageSchema.from_json(FITTED.to_json())
    assert again == FITTED
    old = FITTED.to_json()
    del old["white"]
    assert ImageSchema.from_json(old).levels == Levels(255, None)


@pytest.mark.parametrize("white", [[255], 255, [0, None], [255, 70_000], ["a", None], [True, None]])
def test_a_white_that_is_none(white):
    with pytest.raises(SchemaError, match="white"):
        ImageSchema.from_json(FITTED.to_json() | {"white": white})


def test_a_fit_says_what_it_was_told(tmp_path):
    for part in ("train", "test"):
        for k, image in enumerate(blobs(4095, np.uint16, 4)):
            save(image, tmp_path / part / "a" / f"{k}.png")
    (tmp_path / "notes.txt").write_text("x")
    told: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Notice) and event.stage == "warning":
            told.append(event.message)

    model = interfuse.fit(tmp_path, kind="images", examples=32, listener=listen)
    assert model.schema.classes == ("a",)
    assert model.schema.levels.deep == 4095
    for words in ("1 .txt", "test 4, train 4", "4,095 was taken for white"):
        assert any(words in text for text in told), (words, told)


def labelled(*files: str) -> dict[str, pd.Series | pd.DataFrame | pl.DataFrame]:
    """What names the class of three files, in another order than theirs."""
    kinds = [f"kind {Path(f).stem}" for f in files]
    frame = pd.DataFrame({"class": kinds, "size": 1}, index=pd.Index(files))
    return {
        "series by file": pd.Series(kinds, index=files),
        "frame by file": frame,
        "frame": frame.rename_axis("file").reset_index(),
        "frame, shuffled": frame.rename_axis("path").reset_index().sample(frac=1, random_state=1),
        "polars": pl.DataFrame({"file": files, "class": kinds}),
    }


@pytest.mark.parametrize("name", labelled("a"))
def test_labels_of_a_frame_go_to_their_files(name, tmp_path):
    for file in ("1.png", "2.png", "3.png"):
        save(photo(), tmp_path / file)
    found = read_images(tmp_path, labels=labelled("3.png", "1.png", "2.png")[name])
    classes = [found.schema.classes[i] for i in found.labels]
    assert dict(zip(found.names, classes, strict=True)) == {
        "1.png": "kind 1", "2.png": "kind 2", "3.png": "kind 3"
    }  # fmt: skip


def test_labels_without_names_are_in_the_order_of_the_files(tmp_path):
    for file in ("1.png", "2.png"):
        save(photo(), tmp_path / file)
    for labels in (["x", "y"], np.array(["x", "y"]), pd.Series(["x", "y"], index=[7, 3])):
        found = read_images(tmp_path, labels=labels)
        assert [found.schema.classes[i] for i in found.labels] == ["x", "y"]
    with pytest.raises(DataError, match="names none of the images"):
        read_images(tmp_path, labels=pd.Series(["x", "y"], index=["8.png", "9.png"]))
