"""One image file, of any origin, to pixels; each way in which it can be bad has a reason.

Read are PNG, JPEG, WebP, BMP, GIF and TIFF (of several pictures the first); the bytes say which,
not the name. The rules, in this order:

* a picture of more than `MOST_PIXELS` is not unpacked: a file of a few kilobytes may hold billions;
* the orientation that a camera wrote down is applied;
* 16 bits become 8 by rounding, 255 v / w, where w is the white of the bits used (`data.levels`);
* CMYK and palettes become RGB;
* transparency of any sort becomes an alpha channel.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from interfuse.errors import DataError
from interfuse.kinds.images.data.levels import DEEP, FULL, Levels, scaled

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".webp", ".gif", ".bmp", ".tif", ".tiff",
)  # fmt: skip
PEAK, CUT, SEVERAL = "interfuse peak", "interfuse cut", "interfuse several"
"""What `decode` notes in the `info` of an image: the greatest of its values of more than 8 bits,
whether some were above white, and whether the file holds more pictures."""
MOST_PIXELS = 1 << 26
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class Unreadable(Exception):
    """One file cannot be used; the message is the reason."""


def need_pillow() -> None:
    """Check that Pillow is there.

    Raises:
        DataError: it is not.
    """
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise DataError(
            "images: the package pillow is needed to read and write them and is not installed. "
            "Install it with: pip install 'interfuse[images]'"
        ) from None


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """Keep Pillow's warnings about odd files to ourselves: they become reasons, or mean nothing."""
    need_pillow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode(
    data: Path | bytes,
    least: tuple[int, int] | None = None,
    levels: Levels = Levels(),  # noqa: B008
) -> Image:
    """Open an image as L, RGB or RGBA; call it inside `decoding`.

    Args:
        data: a file or its bytes.
        least: height and width that will be made of it. A JPEG much larger than that is unpacked
            at half, a quarter or an eighth of its size, which is several times faster.
        levels: what is white.

    Raises:
        Unreadable: with the reason.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        if (isinstance(data, Path) and data.stat().st_size == 0) or data == b"":
            raise Unreadable("is empty (0 bytes)")
        with Image.open(data if isinstance(data, Path) else io.BytesIO(data), "r", FORMATS) as file:
            w, h = file.size
            if w * h > MOST_PIXELS:
                raise Unreadable(
                    f"has {w:,} x {h:,} pixels; at most {MOST_PIXELS:,} pixels are unpacked"
                )
            if least is not None and file.format == "JPEG":
                side = 2 * max(least)
                file.draft(None, (side, side))  # type: ignore[arg-type]
            several = bool(getattr(file, "is_animated", False))
            out = _eight_bits(ImageOps.exif_transpose(file), levels)
            out.info[SEVERAL] = several
            return out
    except UnidentifiedImageError:
        raise Unreadable("is not a PNG, JPEG, WebP, GIF, BMP or TIFF") from None
    except Image.DecompressionBombError:
        raise Unreadable(f"has more than {MOST_PIXELS:,} pixels, which are not unpacked") from None
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from None
    except Exception as error:  # decoders of damaged bytes raise nearly anything
        raise Unreadable(f"is damaged ({type(error).__name__}: {error})") from None


def _eight_bits(image: Image, levels: Levels) -> Image:
    from PIL import Image

    mode = image.mode
    if mode.startswith("F"):
        raise Unreadable("holds fractions, whose scale is not known; store 8 or 16 bits")
    if mode.startswith("I"):
        wide = np.asarray(image).astype(np.int64)
        white = levels.deep or DEEP
        out = Image.fromarray(scaled(wide, white))
        out.info[PEAK] = int(wide.max())
        out.info[CUT] = bool(wide.max() > white or wide.min() < 0)
        return out
    alpha = mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    if alpha:
        out = image.convert("RGBA")
    elif mode in ("1", "L"):
        out = image.convert("L")
    else:
        out = image.convert("RGB")
    out.load()
    if levels.eight == 1 and peak_of(out) == 1:
        pixels = np.array(out)
        pixels[..., : 3 if pixels.ndim > 2 else None] *= FULL
        return Image.fromarray(pixels)
    return out


def peak_of(image: Image) -> int:
    """The greatest value of its colours, of 8 bits."""
    pixels = np.asarray(image)
    return int(pixels[..., :3].max() if pixels.ndim > 2 else pixels.max())


def needs(image: Image) -> int:
    """How few channels hold what an image shows: 1, 3 or 4."""
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return 1
    if pixels.shape[2] == 4 and (pixels[..., 3] < 255).any():
        return 4
    return 1 if (pixels[..., :1] == pixels[..., 1:3]).all() else 3


def resized(image: Image, size: tuple[int, int], how: str = "crop") -> Image:
    """An image of height and width `size`; one that has that size already is left alone."""
    from PIL import Image

    (h, w), (width, height) = size, image.size
    if (width, height) == (w, h):
        return image
    bicubic = Image.Resampling.BICUBIC
    if how == "pad":
        scale = min(h / height, w / width)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        canvas = Image.new(image.mode, (w, h))
        small = image.resize(inner, bicubic, reducing_gap=2.0)
        canvas.paste(small, ((w - inner[0]) // 2, (h - inner[1]) // 2))
        return canvas
    box = (0.0, 0.0, float(width), float(height))
    if how == "crop":
        scale = max(h / height, w / width)
        left, top = (width - w / scale) / 2, (height - h / scale) / 2
        box = (max(left, 0.0), max(top, 0.0), min(width - left, width), min(height - top, height))
    return image.resize((w, h), bicubic, box=box, reducing_gap=2.0)


def with_channels(image: Image, channels: int) -> Image:
    """The image in mode L, RGB or RGBA; a transparency that is not kept is laid over white."""
    from PIL import Image

    if image.mode == "RGBA" and channels < 4:
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image).convert("RGB")
    return image.convert(_MODES[channels])


def to_pixels(image: Image) -> np.ndarray:
    """(c, h, w) uint8 of an image in mode L, RGB or RGBA."""
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def to_image(pixels: np.ndarray) -> Image:
    """The inverse of `to_pixels`."""
    from PIL import Image

    if len(pixels) == 1:
        return Image.fromarray(np.ascontiguousarray(pixels[0]))
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
