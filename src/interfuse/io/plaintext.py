"""Whether a file is text in UTF-8."""

from __future__ import annotations

import codecs
from pathlib import Path

from interfuse.errors import DataError
from interfuse.io.csvlayout import opened

_CHUNK = 1 << 20


def check_text(source: Path | bytes, where: str) -> None:
    """Raise unless the bytes are UTF-8 text without NUL."""
    decoder, offset = codecs.getincrementaldecoder("utf-8")(), 0
    feeds, returns = False, 0
    with opened(source) as file:
        while True:
            chunk = file.read(_CHUNK)
            if offset == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise DataError(
                    f"{where}: is encoded as UTF-16; expected UTF-8. Recode it, for example with "
                    "`iconv -f UTF-16 -t UTF-8`."
                )
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
