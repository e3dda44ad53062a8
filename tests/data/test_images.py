"""Images of every origin come in as the pixels they show; what cannot be read is named and left."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import interfuse
from interfuse.errors import DataError, SchemaError
from interfuse.kinds.images.data import ImageSchema, fingerprint, is_images, read_images
from interfuse.kinds.images.data import decode as decoding
from interfuse.kinds.images.data.decode import resized

RNG = np.random.default_rng(3)


def photo(h=12, w=16, c=3):
    """Random pixels, (h, w) or (h, w, c)."""
    return RNG.integers(0, 256, (h, w, c) if c > 1 else (h, w), dtype=np.uint8)


def save(pixels, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def folder_of(root, classes, each=3, **shape):
    """A folder with a sub-folder for each class; returns the pixels by path."""
    out = {}
    for name in classes:
        for i in range(each):
            out[f"{name}/{i}.png"] = photo(**shape)
            save(out[f"{name}/{i}.png"], root / name / f"{i}.png")
    return out


# -- what comes in is what was there ------------------------------------------------------------


def test_a_folder_gives_pixels_classes_and_names(tmp_path):
    truth = folder_of(tmp_path, ["10", "9", "2"])
    found = read_images(tmp_path)
    assert found.schema.classes == ("2", "9", "10")  # by value
    assert found.schema.counts == (3, 3, 3, 0)
    assert found.names == sorted(truth)
    for name, pixels, label in zip(found.names, found.pixels, found.labels, strict=True):
        np.testing.assert_array_equal(pixels.transpose(1, 2, 0), truth[name])
        assert found.schema.classes[label] == name.split("/")[0]


@pytest.mark.parametrize("form", ["npz", "npy", "idx", "idx.gz", "parquet", "struct", "array"])
def test_the_same_images_in_every_container(tmp_path, form):
    images, labels = np.stack([photo(c=1) for _ in range(6)]), np.array([0, 1, 2, 0, 1, 2])
    beside = None
    if form == "npz":
        source = tmp_path / "set.npz"
        np.savez(source, x=images, y=labels)
    elif form == "npy":
        source, beside = tmp_path / "set.npy", tmp_path / "labels.npy"
        np.save(source, images)
        np.save(beside, labels)
    elif form.startswith("idx"):
        packed = gzip.compress if form.endswith("gz") else bytes
        end = ".gz" if form.endswith("gz") else ""
        source = tmp_path / f"train-images-idx3-ubyte{end}"
        header = struct.pack(">4B3I", 0, 0, 8, 3, *images.shape)
        source.write_bytes(packed(header + images.tobytes()))
        other = tmp_path / f"train-labels-idx1-ubyte{end}"
        other.write_bytes(
            packed(struct.pack(">4BI", 0, 0, 8, 1, 6) + labels.astype(np.uint8).tobytes())
        )
    elif form == "array":
        source, beside = images, labels
    else:
        encoded = []
        for image in images:
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, format="PNG")
            encoded.append(buffer.getvalue())
        column = encoded if form == "parquet" else [{"bytes": b, "path": "x.png"} for b in encoded]
        source = tmp_path / "set.parquet"
        pl.DataFrame({"image": column, "label": labels}).write_parquet(source)
    assert is_images(source)
    found = read_images(source, labels=beside)
    np.testing.assert_array_equal(found.pixels[:, 0], images)
    np.testing.assert_array_equal(found.labels, labels)
    assert found.schema.size == (12, 16)


def test_a_table_is_not_taken_for_images(tmp_path):
    pl.DataFrame({"x": [1, 2], "raw": [b"abc", b"d"]}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    for data in (tmp_path / "t.parquet", tmp_path / "t.csv", "-", pl.DataFrame({"x": [1]})):
        assert not is_images(data)
    assert not is_images(np.zeros((5, 3)))


def test_classes_from_a_csv_win_over_sub_folders(tmp_path):
    folder_of(tmp_path, ["a", "b"], each=2)
    (tmp_path / "labels.csv").write_text("file,class\na/0.png,cat\n./b/1.png,dog\nb/0.png,cat\n")
    found = read_images(tmp_path)
    told = [*found.schema.classes, None]
    by_name = {n: told[at] for n, at in zip(found.names, found.labels, strict=True)}
    assert by_name == {"a/0.png": "cat", "a/1.png": None, "b/0.png": "cat", "b/1.png": "dog"}
    assert found.schema.counts == (2, 1, 1)


def test_hidden_files_and_other_files_are_left_alone(tmp_path):
    folder_of(tmp_path, ["a"])
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("x")
    save(photo(), tmp_path / ".hidden" / "x.png")
    found = read_images(tmp_path)
    assert len(found) == 3
    assert found.skipped.count == 0


# -- modes --------------------------------------------------------------------------------------


def test_sixteen_bits_are_rounded_to_eight(tmp_path):
    deep = RNG.integers(0, 65536, (12, 16), dtype=np.uint16)
    deep[0, :2] = 0, 65535
    save(deep, tmp_path / "a.png")
    found = read_images(tmp_path)
    np.testing.assert_array_equal(found.pixels[0, 0], np.rint(deep / 257))


def test_cmyk_palette_and_bits(tmp_path):
    colour = Image.new("RGB", (16, 12), (200, 30, 60))
    colour.convert("CMYK").save(tmp_path / "a.jpg", quality=100)
    colour.convert("P").save(tmp_path / "b.png")
    colour.save(tmp_path / "c.webp", lossless=True)
    Image.new("1", (16, 12), 1).save(tmp_path / "d.png")
    found = read_images(tmp_path)
    assert found.schema.channels == 3
    # JPEG and the palette of 6 levels a channel move a colour by a few levels.
    for image in found.pixels[:3]:
        assert np.abs(image.mean((1, 2)) - [200, 30, 60]).max() < 16
    assert (found.pixels[3] == 255).all()


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("L", (16, 12), v) for v in (10, 200)]
    for name in ("a.gif", "b.webp"):
        options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
    found = read_images(tmp_path)
    assert len(found) == 2
    assert (found.pixels == 10).all()


def test_channels_are_as_few_as_the_images_show(tmp_path):
    grey, colour = photo(c=1), photo()
    half = np.dstack([colour, np.full((12, 16), 100, np.uint8)])
    full = np.dstack([colour, np.full((12, 16), 255, np.uint8)])
    for name, image, channels in [
        ("grey", np.dstack([grey] * 3), 1), ("full", full, 3), ("half", half, 4)
    ]:  # fmt: skip
        save(image, tmp_path / name / "a.png")
        assert read_images(tmp_path / name).schema.channels == channels


def test_transparency_that_is_not_kept_is_laid_over_white(tmp_path):
    clear = np.zeros((12, 16, 4), np.uint8)
    save(clear, tmp_path / "a.png")
    found = read_images(tmp_path, schema=ImageSchema(12, 16, 3))
    assert (found.pixels == 255).all()
    assert found.reduced == 1


def test_colour_in_a_grey_set_is_counted(tmp_path):
    truth = folder_of(tmp_path, ["a"])
    found = read_images(tmp_path, schema=ImageSchema(12, 16, 1))
    assert found.reduced == 3
    luma = truth["a/0.png"] @ [0.299, 0.587, 0.114]
    assert np.abs(found.pixels[0, 0] - luma).max() <= 1  # rounding, in Pillow by integers


def test_the_orientation_of_a_camera_is_applied(tmp_path):
    image = Image.fromarray(photo())
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees
    image.save(tmp_path / "a.png", exif=exif)
    found = read_images(tmp_path)
    expected = np.rot90(np.asarray(image), -1).transpose(2, 0, 1)
    np.testing.assert_array_equal(found.pixels[0], expected)


# -- size ---------------------------------------------------------------------------------------


def test_mixed_sizes_take_the_median_and_keep_proportions(tmp_path):
    for i, (h, w) in enumerate([(20, 30), (22, 30), (40, 60)]):
        save(photo(h, w), tmp_path / f"{i}.png")
    found = read_images(tmp_path)
    assert found.schema.size == (22, 30)
    assert "3 sizes" in found.schema.note
    assert read_images(tmp_path, size=(8, 10)).pixels.shape == (3, 3, 8, 10)


def test_large_images_are_made_smaller_by_default(tmp_path):
    save(photo(300, 600), tmp_path / "a.png")
    assert read_images(tmp_path).schema.size == (32, 64)


@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
def test_the_three_ways_to_resize(how):
    # A disc of 20 pixels' radius in the middle of 100 x 50.
    y, x = np.mgrid[:50, :100]
    disc = (np.hypot(y - 24.5, x - 49.5) < 20).astype(np.uint8) * 255
    out = np.asarray(resized(Image.fromarray(disc), (50, 50), how)) >= 128
    radius = {"crop": (20, 20), "pad": (10, 10), "stretch": (20, 10)}[how]
    high, wide = (np.count_nonzero(out.any(axis)) / 2 for axis in (1, 0))
    assert (high, wide) == pytest.approx(radius, abs=1)
    ys, xs = np.nonzero(out)
    assert (ys.mean(), xs.mean()) == pytest.approx((24.5, 24.5), abs=0.6)


@settings(deadline=None, max_examples=30)
@given(arrays(np.uint8, st.tuples(st.just(2), st.just(1), st.integers(1, 20), st.integers(1, 20))))
def test_edges_are_extended_for_the_network_and_cut_again(pixels):
    height, width = pixels.shape[2:]
    schema = ImageSchema(height, width, 1)
    c, h, w = schema.shape
    assert (h % 4, w % 4, c) == (0, 0, 1)
    assert min(h, w) >= 8
    wide = schema.extend(pixels)
    assert wide.shape == (2, *schema.shape)
    np.testing.assert_array_equal(schema.cut(wide), pixels)
    assert (wide[:, :, -1, -1] == pixels[:, :, -1, -1]).all()


# -- what is bad is named, counted and left out -------------------------------------------------


def png_of(width, height):
    """A valid PNG that says it has so many pixels, in a few hundred bytes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def bad_files():
    buffer = io.BytesIO()
    Image.fromarray(photo(64, 64)).save(buffer, format="PNG")
    whole = buffer.getvalue()
    return {
        "a.png": (b"", "is empty"),
        "b.jpg": (b"hello, this is text", "is not a PNG"),
        "c.png": (whole[: len(whole) // 2], "cannot be read"),
        "d.png": (png_of(60_000, 60_000), "pixels"),
        "e.png": (png_of(9_000, 9_000), "at most 67,108,864 pixels"),
        "f.gif": (b"GIF89a" + b"\0" * 20, ""),
        "g.webp": (b"RIFF\x10\0\0\0WEBPVP8 " + b"\xff" * 8, ""),
        "h.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "is not a PNG"),
    }


def test_each_bad_file_is_named_with_its_reason(tmp_path):
    truth = folder_of(tmp_path, ["ok"])
    for name, (content, _) in bad_files().items():
        (tmp_path / name).write_bytes(content)
    found = read_images(tmp_path)
    assert len(found) == len(truth)
    assert found.names == sorted(truth)
    assert found.skipped.count == len(bad_files())
    for name, why in found.skipped.first:
        assert bad_files()[name][1] in why
    lines = found.skipped.lines(most=2)
    assert len(lines) == 3
    assert "8 images in all" in lines[-1]


def test_nothing_left_is_an_error_that_says_why(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"a\.png is empty"):
        read_images(tmp_path)
    with pytest.raises(DataError, match=r"none of 1 images can be read: a\.png is empty"):
        read_images(tmp_path, schema=ImageSchema(8, 8, 1))


def test_empty_folder_and_folder_without_images(tmp_path):
    with pytest.raises(DataError, match="it is empty"):
        read_images(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"x")
    (tmp_path / "labels-idx1-ubyte.gz").write_bytes(b"x")
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(DataError, match=r"no images in it \(found 2 \.gz, 1 \.csv\)"):
        read_images(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        read_images(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((5, 7), np.uint8), "has shape"),
        (np.zeros((5, 7, 7, 2), np.uint8), "has shape"),
        (np.zeros((0, 7, 7), np.uint8), "there are no images"),
        (np.full((5, 7, 7), 300), "from 300 to 300; expected 0 to 255"),
        (np.full((5, 7, 7), 16.0), "from 16 to 16; expected 0 to 1"),
        (np.full((5, 7, 7), np.nan), "expected 0 to 1"),
        (np.full((5, 7, 7), "a"), "expected numbers"),
        (np.zeros((5, 7, 7), np.complex64), "expected numbers"),
    ],
)
def test_arrays_that_are_no_images(values, message, tmp_path):
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(DataError, match=message):
        read_images(tmp_path / "a.npy")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float32, np.bool_])
def test_array_types_of_the_same_picture(dtype):
    eight = np.array([0, 255, 255, 0], np.uint8).reshape(1, 2, 2).repeat(3, 0)
    scale = {np.uint16: 257, np.float32: 1 / 255, np.bool_: 1 / 255}.get(dtype, 1)
    found = read_images((eight * np.float64(scale)).round(9).astype(dtype))
    np.testing.assert_array_equal(found.pixels[:, 0], eight)


def test_layouts_of_colour():
    last = np.stack([photo() for _ in range(4)])
    a, b = read_images(last), read_images(last.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert a.pixels.shape == (4, 3, 12, 16)


def test_pickled_arrays_are_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"x": 1}] * 3), allow_pickle=True)
    np.savez(tmp_path / "b.npz", x=np.array([[{"x": 1}]] * 3))
    for name in ("a.npy", "b.npz"):
        with pytest.raises(DataError):
            read_images(tmp_path / name)


def test_damaged_containers(tmp_path):
    for name in ("a.npz", "a.npy", "a.parquet"):
        (tmp_path / name).write_bytes(b"not at all")
        with pytest.raises(DataError, match=name):
            read_images(tmp_path / name)
    short = tmp_path / "images-idx3-ubyte"
    short.write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, 5, 4, 4) + b"\1" * 79)
    with pytest.raises(DataError, match="5 x 4 x 4 = 80 bytes; found 79"):
        read_images(short)
    short.write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, 2**31, 2**15, 2**15))
    with pytest.raises(DataError, match=r"needs about .* of memory, and .* are free"):
        read_images(short)


def test_an_npz_of_several_arrays_is_ambiguous(tmp_path):
    x = np.zeros((3, 8, 8), np.uint8)
    np.savez(tmp_path / "a.npz", train=x, test=x)
    with pytest.raises(DataError, match=r"found train \(3, 8, 8\), test \(3, 8, 8\)"):
        read_images(tmp_path / "a.npz")


def test_labels_of_another_length(tmp_path):
    x = np.zeros((3, 8, 8), np.uint8)
    for labels in ([0, 1], np.zeros((3, 2)), np.arange(4)):
        with pytest.raises(DataError, match="for 3 images"):
            read_images(x, labels=labels)
    with pytest.raises(DataError, match=r"label 0\.5 is not a class"):
        read_images(x, labels=[0.5, 1.0, 2.0])
    (tmp_path / "images-idx3-ubyte").write_bytes(
        struct.pack(">4B3I", 0, 0, 8, 3, 3, 8, 8) + x.tobytes()
    )
    (tmp_path / "labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, 2) + b"\0\1")
    with pytest.raises(DataError, match="2 labels for 3 images"):
        read_images(tmp_path / "images-idx3-ubyte")


def test_a_csv_that_names_other_files(tmp_path):
    folder_of(tmp_path / "x", ["a"])
    (tmp_path / "l.csv").write_text("file,class\nq.png,1\n")
    with pytest.raises(DataError, match="names none of the images"):
        read_images(tmp_path / "x", labels=tmp_path / "l.csv")
    (tmp_path / "l.csv").write_text("file,class\na/0.png,1\na/0.png,2\n")
    with pytest.raises(DataError, match="twice"):
        read_images(tmp_path / "x", labels=tmp_path / "l.csv")


# -- schema -------------------------------------------------------------------------------------


def test_the_schema_survives_a_file_and_can_be_edited(tmp_path):
    schema = read_images(np.zeros((3, 30, 20, 3), np.uint8), labels=["b", "a", None]).schema
    schema.save(tmp_path / "schema.json")
    assert ImageSchema.load(tmp_path / "schema.json") == schema
    assert schema.classes == ("a", "b")
    assert schema.counts == (1, 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 0}, "height is 0"),
        ({"width": 500}, "width is 500"),
        ({"height": 8.5}, "height is 8.5"),
        ({"height": None}, "height is None"),
        ({"channels": "cmyk"}, "channels is 'cmyk'"),
        ({"resize": "zoom"}, "resize is 'zoom'"),
        ({"classes": [1]}, r"classes\[0\] is 1; expected text"),
        ({"classes": ["a", "a"]}, "listed twice"),
        ({"kind": "table"}, "kind"),
        ({"version": 9}, "version 9"),
    ],
)
def test_a_malformed_schema(change, message):
    good = ImageSchema(8, 8, 1).to_json()
    with pytest.raises(SchemaError, match=message):
        ImageSchema.from_json({**good, **change})


def test_a_class_that_the_schema_does_not_list():
    schema = ImageSchema(8, 8, 1, classes=("a",))
    with pytest.raises(SchemaError, match="class 'b' is not listed"):
        read_images(np.zeros((2, 8, 8), np.uint8), labels=["a", "b"], schema=schema)


def test_too_many_classes():
    x = np.zeros((1001, 2, 2), np.uint8)
    with pytest.raises(SchemaError, match="1,001 classes"):
        read_images(x, labels=np.arange(1001))


def test_the_fingerprint_sees_pixels_labels_and_size():
    x = np.stack([photo(c=1) for _ in range(5)])
    base = read_images(x, labels=[0, 1, 0, 1, 0])
    other = x.copy()
    other[4, 3, 2] ^= 1
    prints = {
        fingerprint(base),
        fingerprint(read_images(other, labels=[0, 1, 0, 1, 0])),
        fingerprint(read_images(x, labels=[0, 1, 0, 1, 1])),
        fingerprint(read_images(x)),
        fingerprint(read_images(x, size=(12, 12), labels=[0, 1, 0, 1, 0])),
    }
    assert len(prints) == 5
    assert fingerprint(read_images(x.copy(), labels=[0, 1, 0, 1, 0])) == fingerprint(base)


# -- many ---------------------------------------------------------------------------------------


def test_many_files_hold_one_image_at_a_time(tmp_path, monkeypatch):
    """Decoded one by one into their place: no second image is alive when the next is opened."""
    import weakref

    for i in range(300):
        save(photo(8, 8, 1), tmp_path / f"{i:04d}.png")
    alive, most = [], []
    real = decoding.decode

    def watched(data, *more):
        most.append(sum(ref() is not None for ref in alive))
        image = real(data, *more)
        alive.append(weakref.ref(image))
        return image

    monkeypatch.setattr("interfuse.kinds.images.data.read.decode", watched)
    found = read_images(tmp_path)
    assert len(found) == 300
    assert max(most) <= 1


def test_an_array_is_never_named_by_its_values():
    with pytest.raises(DataError, match=r"^array: has 1 image; expected at least 2"):
        interfuse.fit(np.zeros((1, 8, 8), np.uint8), kind="images")
