"""What the commands do where the model is one of images."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.console import counted, facts, summary, tell, warn
from interfuse.errors import ConditionError, DataError, OptionError

if TYPE_CHECKING:
    import numpy as np

    from interfuse.kinds.images.data import ImageSchema
    from interfuse.kinds.images.model import ImageModel
    from interfuse.kinds.verb import Asked

DEFAULT_IMAGES = 64
MOST_IN_GRID = 400
GRID = ".png"
ARRAYS = ".npz"
ALPHA = "alpha"


def print_image_schema(schema: ImageSchema) -> None:
    """Print what images were taken for."""
    from interfuse.kinds.images.data import describe

    facts("", describe(schema))


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Height and width of "32" or "48x32" (width x height, as people say it).

    Raises:
        OptionError: it is neither.
    """
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(p.strip().isascii() and p.strip().isdigit() for p in parts):
        raise OptionError(f"--size: {text!r} is no size; expected 32, or 48x32 (width x height).")
    width, height = int(parts[0]), int(parts[-1])
    return height, width


def parse_class(texts: Sequence[str]) -> dict[str, object]:
    """Read `--given class=7`; `class=` is an image without a class.

    Raises:
        ConditionError: anything else.
    """
    out: dict[str, object] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name.strip() != "class":
            raise ConditionError(f"--given: {text!r} is not class=VALUE, all that images know.")
        if out:
            raise ConditionError("--given: the class is given twice. Give it once.")
        out["class"] = value.strip() or None
    return out


def generate(
    model: ImageModel,
    asked: Asked,
    *,
    rows: int | None = None,
    given: Sequence[str] = (),
    seed: int = 0,
    steps: int | None = None,
    guidance: float = 1.0,
    device: str | None = None,
) -> None:
    """`interfuse generate`: see `generate_images`."""
    known = parse_class(given)
    generate_images(
        model, asked.target, rows, known, seed=seed, steps=steps, guidance=guidance, device=device
    )


def impute(model: ImageModel, asked: Asked, *, mask: str | None = None, **options: Any) -> None:
    """`interfuse impute`: see `impute_images`."""
    impute_images(model, asked.run, asked.source, asked.target, mask, **options)


def detect(model: ImageModel, asked: Asked, *, device: str | None = None) -> None:
    """`interfuse detect`: see `detect_images`."""
    detect_images(model, asked.source, asked.target, device=device)


def generate_images(
    model: ImageModel,
    target: str | Path,
    count: int | None = None,
    given: dict[str, object] | None = None,
    *,
    seed: int = 0,
    steps: int | None = None,
    guidance: float = 1.0,
    device: str | None = None,
) -> None:
    """Draw images and write them.

    Args:
        model: a fitted model of images.
        target: a .png for a grid, a .npz for arrays `images` and `labels`; else a new folder, with
            a sub-folder for each class if there are classes.
        count: how many; 64 if None.
        given: `{"class": 7}`.
        seed: of all draws.
        steps: of the sampler.
        guidance: see `ImageModel.generate`.
        device: where to compute.

    Raises:
        DataError: the target exists, or cannot be written to.
        OptionError: more images than one grid shows.
    """
    count = DEFAULT_IMAGES if count is None else count
    path = _check_target(target)
    if path.suffix.lower() == GRID and count > MOST_IN_GRID:
        raise OptionError(
            f"--rows: {count:,} images are too many for one picture; a grid shows up to "
            f"{MOST_IN_GRID}. Give a folder or a .npz."
        )
    drawn = model.generation(given=given, seed=seed, steps=steps, guidance=guidance, device=device)
    begin = time.monotonic()
    batches = counted(drawn.batches(count), count, "generating", "images", lambda b: len(b[0]))
    _write(model, batches, path)
    tell(summary(count, time.monotonic() - begin, path, "images"))


def impute_images(
    model: ImageModel,
    run: Path,
    source: str | Path,
    target: str | Path,
    mask: str | Path | None = None,
    *,
    given: dict[str, object] | None = None,
    seed: int = 0,
    steps: int | None = None,
    guidance: float = 1.0,
    device: str | None = None,
) -> None:
    """Fill the holes of images.

    Args:
        model: a fitted model of images (`model.schema.kind == "images"`).
        run: its run folder, for messages.
        source: an image, a folder, or another set of images.
        target: a folder for PNG files of the same names, a .png for one image, or a .npz.
        mask: an image that is white where there are holes, or a folder with one for each; None or
            "alpha" where a hole is an alpha of 0.
        given: `{"class": 7}` where the class is known.
        seed: of all draws.
        steps: of the sampler.
        guidance: see `ImageModel.generate`.
        device: where to compute.

    Raises:
        DataError: see `interfuse.kinds.images.data.holes`; or the target exists.
    """
    from interfuse.kinds.images.answer import shown
    from interfuse.kinds.images.data.holes import read_with_holes

    path = _check_target(target)
    masks = None if mask is None or str(mask) == ALPHA else mask
    images, known = read_with_holes(source, model.schema, masks)
    for line in images.lines():
        warn(line)
    if path.suffix.lower() == GRID and len(images) > 1:
        raise DataError(f"{path}: is one file for {len(images):,} images. Give a folder or a .npz.")
    if known.all():
        warn(f"{source}: no pixel is a hole; the images come back as they are.")
    begin = time.monotonic()
    filled = model.impute(
        shown(images.pixels),
        known,
        given=given,
        seed=seed,
        steps=steps,
        guidance=guidance,
        device=device,
    )
    pixels = filled[:, None] if filled.ndim == 3 else filled.transpose(0, 3, 1, 2)
    _write_named(pixels, images.names, path)
    holes = int((~known).sum())
    tell(f"{holes:,} pixels drawn, {int(known.sum()):,} kept as they were.")
    tell(summary(len(images), time.monotonic() - begin, path, "images"))


def detect_images(
    model: ImageModel,
    source: str | Path,
    target: str | Path,
    *,
    device: str | None = None,
) -> None:
    """Score how odd images are; writes file, score and p_value.

    Args:
        model: a fitted model of images (`model.schema.kind == "images"`).
        source: an image, a folder, or another set of images.
        target: a table: .csv, .parquet ...; - is standard output.
        device: where to compute.
    """
    import polars as pl

    from interfuse.io.write import check_target, write
    from interfuse.kinds.images.answer import shown

    check_target(target)
    images = model.read(source)
    begin = time.monotonic()
    scores = model.detect(shown(images.pixels), device=device)
    write(
        pl.DataFrame({"file": images.names, "score": scores.score, "p_value": scores.p_value}),
        target,
    )
    tell(summary(len(images), time.monotonic() - begin, target, "images"))


def show_images(run: Path, model: ImageModel) -> list[tuple[str, str]]:
    """Rows about a model of images for `interfuse show`."""
    from interfuse.kinds.images.data import describe
    from interfuse.run import store

    rows = list(describe(model.schema))
    skipped = model.record["data"].get("skipped", 0)
    if skipped:
        first = "; ".join(f"{n} {why}" for n, why in model.record["data"]["skipped_first"][:3])
        rows.append(("Skipped", f"{skipped:,}: {first}"))
    pictures = sorted((run / store.PREVIEWS).glob("*.png"))
    if pictures:
        rows.append(("Previews", f"{len(pictures)}, the last {pictures[-1]}"))
    return rows


# -- writing ------------------------------------------------------------------------------------


def _check_target(target: str | Path) -> Path:
    """The path, if it is one that can be written to.

    Raises:
        DataError: it is not.
    """
    path = Path(target)
    if str(target) == "-":
        raise DataError("--output: images cannot go to standard output. Give a folder or a file.")
    if not path.resolve().parent.is_dir():
        raise DataError(f"{path}: the folder {path.parent} does not exist. Make it first.")
    if path.suffix.lower() in (GRID, ARRAYS):
        if path.is_dir():
            raise DataError(f"{path}: is a folder; expected the name of a file to write.")
        return path
    if path.suffix:
        raise DataError(
            f"{path}: expected a new folder, a {GRID} (one picture) or a {ARRAYS} (arrays)."
        )
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError(f"{path}: exists and is not an empty folder. Choose a new one.")
    return path


def _write(model: ImageModel, batches: Iterator[tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    import numpy as np

    from interfuse.kinds.images.answer import shown
    from interfuse.kinds.images.data import grid, write_npz, write_png, writing_folder
    from interfuse.kinds.images.model import NO_CLASS

    suffix = path.suffix.lower()
    if suffix in (GRID, ARRAYS):
        parts = list(batches)
        pixels = np.concatenate([p for p, _ in parts])
        if suffix == GRID:
            write_png(grid(pixels), path)
            return
        arrays = {"images": shown(pixels)}
        if model.schema.classes:
            names = [model.class_name(i) or NO_CLASS for _, at in parts for i in at]
            arrays["labels"] = np.array(names)
        write_npz(path, **arrays)
        return
    with writing_folder(path) as folder:
        i = 0
        for pixels, labels in batches:
            for image, label in zip(pixels, labels, strict=True):
                place = folder
                if model.schema.classes:
                    place = folder / _safe(model.class_name(label) or NO_CLASS)
                    place.mkdir(exist_ok=True)
                _plain_png(image, place / f"{i:06d}.png")
                i += 1


def _write_named(pixels: np.ndarray, names: list[str], path: Path) -> None:
    from interfuse.kinds.images.answer import shown
    from interfuse.kinds.images.data import write_npz, write_png, writing_folder

    suffix = path.suffix.lower()
    if suffix == ARRAYS:
        write_npz(path, images=shown(pixels))
    elif suffix == GRID:
        write_png(pixels[0], path)
    else:
        with writing_folder(path) as folder:
            for image, name in zip(pixels, names, strict=True):
                out = (folder / name).with_suffix(".png")
                if out.exists():  # a.jpg beside a.png
                    out = folder / f"{name}.png"
                out.parent.mkdir(parents=True, exist_ok=True)
                _plain_png(image, out)


def _plain_png(image: np.ndarray, path: Path) -> None:
    """Write inside a folder that is itself not there yet."""
    from interfuse.kinds.images.data.decode import to_image

    to_image(image).save(path, format="PNG")


def _safe(name: str) -> str:
    """A class as the name of a folder."""
    out = "".join("_" if c in '/\\\0<>:"|?*' else c for c in name).strip(". ")
    return out[:100] or "_"
