"""The commands on images: what they say, what they leave, and one clear line for what is bad."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import interfuse
from interfuse.errors import DataError, OptionError
from interfuse.kinds.images.cli import impute_images, parse_size
from interfuse.kinds.images.data import read_images

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny_images import SIZE, shades, use_tiny_network

EXAMPLES = 1_000


@pytest.fixture(scope="module", autouse=True)
def tiny():
    import interfuse.kinds.images.job as job
    import interfuse.kinds.images.learn as training

    before = job.image_network_for, training.HELD_OUT_DRAWS
    use_tiny_network()
    yield
    job.image_network_for, training.HELD_OUT_DRAWS = before


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of 60 images in two sub-folders."""
    root = tmp_path_factory.mktemp("data") / "photos"
    images, labels = shades(60)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        (root / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(root / label / f"{i:03d}.png")
    return root


@pytest.fixture(scope="module")
def fitted(photos, tmp_path_factory):
    """A run folder."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    interfuse.fit(photos, examples=EXAMPLES, folder=folder)
    return folder


def test_fit_says_what_it_found_and_writes_previews(cli, photos, tmp_path):
    folder = tmp_path / "run"
    broken = tmp_path / "photos"
    for path in photos.rglob("*.png"):
        target = broken / path.relative_to(photos)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (broken / "dark" / "broken.png").write_bytes(b"nothing")
    done = cli("fit", broken, "-o", folder, "--examples", EXAMPLES)
    assert done.code == 0, done.err
    for word in ("60", "8 x 8", "grey", "dark", "light", "Estimate: ", "Stopped: the budget"):
        assert word in done.out
    assert "skipped dark/broken.png: is not a PNG, JPEG, WebP, GIF, BMP or TIFF" in done.err
    assert f"interfuse generate {folder} -n 64 -o grid.png" in done.out
    pictures = list((folder / "previews").iterdir())
    assert pictures
    assert str(pictures[0]) in done.err
    with Image.open(pictures[0]) as grid:
        assert min(grid.size) > 4 * SIZE
    shown = cli("show", folder)
    assert shown.code == 0
    for word in ("60 images", "complete", "Skipped", "broken.png", "Previews", "dark", "weights"):
        assert word in shown.out


def test_dry_run_prints_and_its_schema_can_be_edited(cli, photos, tmp_path):
    target = tmp_path / "schema.json"
    done = cli("fit", photos, "--dry-run", "--save-schema", target)
    assert done.code == 0
    assert "Nothing was trained" in done.out
    schema = json.loads(target.read_text())
    target.write_text(json.dumps({**schema, "height": 12, "width": 10}))
    folder = tmp_path / "run"
    assert cli("fit", photos, "-o", folder, "--examples", 64, "--schema", target).code == 0
    assert interfuse.load(folder, kind="images").generate(2).shape == (2, 12, 10)


def test_generate_into_a_folder_that_can_be_fitted_again(cli, fitted, tmp_path):
    done = cli("generate", fitted, "-n", 30, "-o", tmp_path / "out", "--seed", 2)
    assert done.code == 0, done.err
    assert "30 images" in done.err
    found = read_images(tmp_path / "out")
    assert set(found.schema.classes) == {"dark", "light"}
    model = interfuse.load(fitted, kind="images")
    by_number = np.argsort([Path(name).name for name in found.names])
    np.testing.assert_array_equal(found.pixels[by_number, 0], model.generate(30, seed=2))
    told = np.array(found.schema.classes)[found.labels[by_number]]
    assert told.tolist() == model.labels(30, seed=2)


def test_generate_a_class_as_arrays_and_as_a_grid(cli, fitted, tmp_path):
    asked = ("--given", "class=light", "--guidance", 2, "-n", 6)
    assert cli("generate", fitted, *asked, "-o", tmp_path / "a.npz").code == 0
    with np.load(tmp_path / "a.npz") as file:
        model = interfuse.load(fitted, kind="images")
        expected = model.generate(6, given={"class": "light"}, guidance=2.0)
        np.testing.assert_array_equal(file["images"], expected)
        assert file["labels"].tolist() == ["light"] * 6
    assert cli("generate", fitted, *asked, "-o", tmp_path / "a.png").code == 0
    with Image.open(tmp_path / "a.png") as grid:
        # 3 x 2 images of 56 pixels' side, with 2 between them.
        assert grid.size == (3 * 58 + 2, 2 * 58 + 2)


@pytest.mark.parametrize("name", ["a.webp", "a.gif"])
def test_animations_of_both_directions(cli, fitted, photos, tmp_path, name):
    target = tmp_path / name
    done = cli("animate", fitted, "-o", target, "-n", 4, "--steps", 6, "--given", "class=dark")
    assert done.code == 0, done.err
    with Image.open(target) as moving:
        assert getattr(moving, "n_frames", 1) == 7
    done = cli("animate", fitted, "-o", target, "-n", 4, "--steps", 6, "--forward", photos)
    assert done.code == 0, done.err
    assert "nats" in done.err
    with Image.open(target) as moving:
        assert getattr(moving, "n_frames", 1) == 7


def test_impute_keeps_what_is_known(cli, fitted, tmp_path):
    images, _ = shades(3, seed=4)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[2:5, 2:5] = 255
    (tmp_path / "in").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "in" / f"{i}.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    model = interfuse.load(fitted, kind="images")
    impute_images(model, fitted, tmp_path / "in", tmp_path / "out", tmp_path / "mask.png", seed=3)
    found = read_images(tmp_path / "out")
    assert found.names == ["0.png", "1.png", "2.png"]
    np.testing.assert_array_equal(found.pixels[:, 0][:, mask == 0], images[:, mask == 0])
    expected = model.impute(images, mask == 0, seed=3)
    np.testing.assert_array_equal(found.pixels[:, 0], expected)

    done = cli(
        "impute", fitted, tmp_path / "in", "-o", tmp_path / "cli", "--mask", tmp_path / "mask.png",
        "--seed", 3,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "27 pixels drawn, 165 kept as they were" in done.err
    np.testing.assert_array_equal(read_images(tmp_path / "cli").pixels[:, 0], expected)

    four = np.dstack([images[0]] * 3 + [255 - mask])
    Image.fromarray(four).save(tmp_path / "alpha.png")
    impute_images(model, fitted, tmp_path / "alpha.png", tmp_path / "filled.png", "alpha", seed=3)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "filled.png")), expected[0])


def test_detect_writes_a_score_for_each_file(cli, fitted, photos, tmp_path):
    done = cli("detect", fitted, photos, "-o", tmp_path / "scores.csv")
    assert done.code == 0, done.err
    scores = pl.read_csv(tmp_path / "scores.csv")
    assert scores.columns == ["file", "score", "p_value"]
    assert sorted(scores["file"]) == sorted(
        str(path.relative_to(photos)) for path in photos.rglob("*.png")
    )
    model = interfuse.load(fitted, kind="images")
    images = read_images(photos)
    np.testing.assert_allclose(scores["score"], model.detect(images.pixels[:, 0]).score, rtol=1e-6)


def bad_places(root):
    """Folders and files that are no images, by name."""
    (root / "empty").mkdir()
    (root / "texts").mkdir()
    (root / "texts" / "a.txt").write_text("hello")
    (root / "one").mkdir()
    Image.new("L", (8, 8)).save(root / "one" / "a.png")
    (root / "broken").mkdir()
    (root / "broken" / "a.jpg").write_bytes(b"\xff\xd8\xff")
    np.savez(root / "shape.npz", x=np.zeros((3, 4, 5, 6, 7)))
    np.savez(root / "type.npz", x=np.array([["a"]]).repeat(9, 1)[None].repeat(3, 0))
    np.savez(root / "long.npz", x=np.zeros((3, 8, 8), np.uint8), y=np.arange(4))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("empty", ["no images", "it is empty"]),
        ("texts", ["no images", "1 .txt"]),
        ("one", ["1 image", "at least 2"]),
        ("broken", ["a.jpg", "none of 1"]),
        ("shape.npz", ["3 or 4 dimensions", "(3, 4, 5, 6, 7)"]),
        ("type.npz", ["<U1", "expected numbers"]),
        ("long.npz", ["4 labels for 3 images"]),
        ("nosuch", ["nosuch", "no such file"]),
        ("one/a.png", ["1 image", "at least 2"]),
    ],
)
def test_bad_data_is_one_line(cli, tmp_path, data, words):
    bad_places(tmp_path)
    done = cli("fit", tmp_path / data, "-o", tmp_path / "run", "--kind", "images")
    assert done.code == 2
    error = done.err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert all(word in error for word in words), error
    assert "Traceback" not in done.err


def test_bad_options_are_one_line(cli, fitted, tmp_path, photos, run):
    out = tmp_path / "out"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    cases = [
        (("generate", fitted, "-o", out, "--given", "class=9"), "never seen"),
        (("generate", fitted, "-o", out, "--given", "port=9"), "is not class=VALUE"),
        (("generate", fitted, "-o", "-"), "standard output"),
        (("generate", fitted, "-o", tmp_path / "a.csv"), "a new folder, a .png"),
        (("generate", fitted, "-o", tmp_path / "full"), "not an empty folder"),
        (("generate", fitted, "-o", tmp_path / "no" / "a.png"), "does not exist"),
        (("generate", fitted, "-n", 500, "-o", tmp_path / "a.png"), "too many for one picture"),
        (("generate", run, "-o", tmp_path / "a.csv", "--guidance", 2), "for models of images"),
        (("animate", fitted, "-o", tmp_path / "a.mp4"), "ends in .webp or .gif"),
        (("animate", run, "-o", tmp_path / "a.gif"), "expected one of images"),
        (("fit", photos, "-o", out, "--size", "big"), "--size: 'big' is no size"),
        (("fit", photos, "-o", out, "--size", "900"), "height is 900"),
        (("fit", photos, "-o", out, "--labels", tmp_path / "no.csv"), "no such file"),
        (("fit", photos, "-o", out, "--kind", "sound"), "kind: 'sound' is unknown"),
    ]
    for arguments, word in cases:
        done = cli(*arguments)
        assert done.code == 2, arguments
        assert word in done.err, (arguments, done.err)
        assert done.err.count("\n") == 1
    assert not out.exists() or not any(p.name != ".lock" for p in out.iterdir())


def test_masks_that_do_not_fit(fitted, tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    Image.new("L", (9, 8)).save(tmp_path / "mask.png")
    model = interfuse.load(fitted, kind="images")
    with pytest.raises(DataError, match="is 8 x 8 pixels and its mask 9 x 8"):
        impute_images(model, fitted, tmp_path / "a.png", tmp_path / "out", tmp_path / "mask.png")
    with pytest.raises(DataError, match="has no alpha"):
        impute_images(model, fitted, tmp_path / "a.png", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_sizes_are_read_as_people_say_them():
    assert parse_size("48x32") == (32, 48)
    assert parse_size("16") == (16, 16)
    for text in ("", "x", "1x2x3", "-4", "4.5"):
        with pytest.raises(OptionError, match="is no size"):
            parse_size(text)


def test_without_pillow_the_error_says_what_to_install(photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match=r"pip install 'interfuse\[images\]'"):
        interfuse.fit(photos)
