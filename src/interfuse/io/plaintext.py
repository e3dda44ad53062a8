"""Whether a file is text in UTF-8."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from interfuse.errors import DataError
from interfuse.io.csvlayout import opened

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_PAGES = (
    (re.compile(rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)\b"), "a page in HTML"),
    (re.compile(rb"version https://git-lfs\.github\.com/spec/"), "a pointer of Git LFS to a file"),
)


def _check_start(start: bytes, where: str) -> None:
    """Raise for other encodings, and for what servers send in place of a file."""
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if not encoding and (half := _half_empty(start)):
        encoding = half
    if encoding:
        raise DataError(
            f"{where}: is encoded as {encoding.removesuffix('LE').removesuffix('BE')}; expected "
            f"UTF-8. Recode it, for example with `iconv -f {encoding} -t UTF-8`."
        )
    word = next((said for sign, said in _PAGES if sign.match(start)), "")
    if word:
        raise DataError(f"{where}: is {word}, not the data. Fetch the file itself.")


def _half_empty(start: bytes) -> str:
    """UTF-16 without a mark: of text in ASCII every second byte is a NUL."""
    some = start[:200]
    for at, name in ((1, "UTF-16LE"), (0, "UTF-16BE")):
        if len(some) >= 8 and not any(some[at::2]) and all(some[1 - at :: 2]):
            return name
    return ""


def check_text(source: Path | bytes, where: str) -> None:
    """Raise unless the bytes are UTF-8 text without NUL."""
    decoder, offset = codecs.getincrementaldecoder("utf-8")(), 0
    feeds, returns = False, 0
    with opened(source) as file:
        while True:
            chunk = file.read(_CHUNK)
            if offset == 0:
                _check_start(chunk, where)
            if b"\0" in chunk:
                raise DataError(
                    f"{where}: is binary, not text: a NUL at byte {offset + chunk.index(0)}. "
                    "Expected delimited text; if it is Parquet or Arrow, name it so."
                )
            carried = len(decoder.getstate()[0])
            try:
                if not chunk or carried or not chunk.isascii():
                    decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                at = offset - carried + error.start
                raise DataError(
                    f"{where}: is not UTF-8: byte 0x{error.object[error.start]:02x} at byte {at}. "
                    "Recode it, for example with `iconv -f WINDOWS-1252 -t UTF-8`."
                ) from None
            if not chunk:
                break
            feeds = feeds or b"\n" in chunk
            returns += 0 if feeds else chunk.count(b"\r")
            offset += len(chunk)
    if returns > 1 and not feeds:
        raise DataError(
            f"{where}: its lines end in a carriage return alone; expected a line feed. Write it "
            "anew, for example with `tr '\\r' '\\n'`."
        )
