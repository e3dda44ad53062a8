"""The columns, pairs, groups and rows in which two sets of rows differ, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import torch

from interfuse.io.dtypes import to_text
from interfuse.kinds.table.ask.know.changed import Found
from interfuse.kinds.table.ask.know.levels import values_of_codes, words_of_codes
from interfuse.kinds.table.ask.know.view import View
from interfuse.language import t

ROWS = 20


def column_rows(view: View, found: Found, codes: np.ndarray, labels: np.ndarray) -> list[dict]:
    """A row a column, most changed first: by what, and its values in A and in B."""
    best: dict[int, tuple[float, float, str]] = {}
    for (columns, what), z, p in zip(found.names, found.z, found.adjusted, strict=True):
        if len(columns) != 1:
            continue
        key = (float(p), -abs(float(z)), what)
        best[columns[0]] = min(best.get(columns[0], (2.0, 0.0, "")), key)
    out = []
    for a, (p, minus_z, what) in sorted(best.items(), key=lambda item: item[1][:2]):
        one, two = in_words(view, a, codes, labels)
        out.append({"column": view.names[a], "p": p, "z": -minus_z, "by": what, "a": one, "b": two})
    return out


def pair_rows(view: View, found: Found, most: int = 40) -> list[dict]:
    """Pairs whose dependence changed, most first."""
    rows = [
        {"one": view.names[c[0]], "two": view.names[c[1]], "p": float(p), "z": float(z)}
        for (c, _), z, p in zip(found.names, found.z, found.adjusted, strict=True)
        if len(c) == 2
    ]
    rows.sort(key=lambda r: (r["p"], -abs(r["z"])))
    first: dict[frozenset[str], dict] = {}  # of a pair with the target there may be two statistics
    for row in rows:
        first.setdefault(frozenset((row["one"], row["two"])), row)
    return list(first.values())[:most]


def in_words(view: View, a: int, codes: np.ndarray, labels: np.ndarray) -> tuple[str, str]:
    """What a column holds in A and in B: means of numbers, else the share that changed most."""
    own = codes[:, view.ask.cells[a][0]]
    size = view.ask.sizes[view.ask.cells[a][0]]
    value = values_of_codes(view, a)
    numbers = np.isfinite(value).sum() > 2
    share = [
        np.bincount(own[(own >= 0) & (labels == s)], minlength=size)
        / max(((own >= 0) & (labels == s)).sum(), 1)
        for s in (0, 1)
    ]
    gap = share[1] - share[0]
    at = int(np.abs(gap).argmax()) if size else 0
    if numbers and not view.fields[a].dtype.is_temporal():
        fine = np.isfinite(value)
        means = [float(s[fine] @ value[fine] / max(s[fine].sum(), 1e-12)) for s in share]
        words = [t("mean {value:.4g}", value=m) for m in means]
        if abs(gap[at]) < 0.1:
            return words[0], words[1]
        label = words_of_codes(view, a)[at]
        one, two = (
            t("{mean}, {label} in {share:.0%}", mean=w, label=label, share=s[at])
            for w, s in zip(words, share, strict=True)
        )
        return one, two
    label = words_of_codes(view, a)[at]
    return f"{label}: {share[0][at]:.1%}", f"{label}: {share[1][at]:.1%}"


def odd_rows(
    view: View, codes: np.ndarray, frame: pl.DataFrame, number: np.ndarray, excess: np.ndarray
) -> list[dict]:
    """The rows with most of a number, and the cell that has most of it: found and expected.

    Args:
        view: the columns.
        codes: (n, q) of the rows.
        frame: the rows.
        number: (n,) what rows are chosen by.
        excess: (n, d) each cell's part of it.
    """
    top = np.argsort(-np.nan_to_num(number, nan=-np.inf), kind="stable")[:ROWS]
    worst = np.nan_to_num(excess[top], nan=-np.inf).argmax(1) if len(top) else np.zeros(0, int)
    out: list[dict[str, Any]] = []
    text = {n: to_text(frame[n]).fill_null(t("missing")) for n in frame.columns}
    for row, a in zip(top, worst, strict=True):
        name = view.names[a]
        said = ""
        if len(view.ask.cells[a]) and view.fields[a].cells[0].size:
            shares = view.ask.shares(codes[row : row + 1], view.all_but(int(a)), int(a))
            said = view.fields[a].expected(torch.from_numpy(shares).float())[0]
        found = text[name][int(row)] if name in text else t("missing")
        out.append(
            {
                "row": int(row),
                "number": float(number[row]),
                "column": name,
                "found": found,
                "expected": said,
                "excess": float(excess[row, a]) if np.isfinite(excess[row, a]) else 0.0,
            }
        )
    return out
