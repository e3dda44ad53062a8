"""Digits and marks of other scripts: １２．５, ١٢٫٥, १२.५."""

from __future__ import annotations

import polars as pl

_ZEROS = "０٠۰०০๐"
"""Zero of full-width, Arabic, Persian, Devanagari, Bengali and Thai digits."""
_ARABIC = {"٫": ".", "٬": ",", "٪": "%"}
_MARKS = {
    "０": {"．": ".", "，": ",", "－": "-", "％": "%", "＄": "$", "￥": "¥", "（": "(", "）": ")",
           "＋": "+"},
    "٠": _ARABIC, "۰": _ARABIC,
}  # fmt: skip


def is_script(said: str) -> bool:
    """Whether a text is what `script_of` gives."""
    marks = _MARKS.get(said[:1], {})
    return said[:1] in _ZEROS and set(said[1:]) <= set(marks) if said else True


def script_of(texts: pl.Series) -> str:
    """The zero of the digits that most texts are written with, and its own marks in them.

    Empty if they are the digits of ASCII.
    """
    if not texts.str.contains(r"[^\x00-\x7f]").any():
        return ""
    for zero in _ZEROS:
        digits = "".join(chr(ord(zero) + i) for i in range(10))
        if 2 * int(texts.str.contains(f"[{digits}]").sum()) > len(texts):
            return zero + "".join(
                m for m in _MARKS.get(zero, ()) if texts.str.contains(m, literal=True).any()
            )
    return ""


def _digits(script: str) -> dict[str, str]:
    return {chr(ord(script[0]) + i): str(i) for i in range(10)}


def read_digits(text: pl.Expr, script: str) -> pl.Expr:
    """Texts of that script with digits and marks of ASCII."""
    if not script:
        return text
    plain = _digits(script) | _MARKS.get(script[0], {})
    return text.str.replace_many(list(plain), list(plain.values()))


def write_digits(text: str, script: str) -> str:
    """The inverse, of the marks that `script` holds."""
    if not script:
        return text
    marks = {k: v for k, v in _MARKS.get(script[0], {}).items() if k in script}
    back = {v: k for k, v in (_digits(script) | marks).items()}
    return text.translate(str.maketrans(back))
