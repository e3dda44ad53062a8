"""Values as text in a file.

Text formats have no types, so these are written in forms that `interfuse.io.read` reads back:

| type | CSV, TSV | JSON lines |
|---|---|---|
| date, time | `2024-02-29`, `23:59:58` and a fraction of 3, 6 or 9 digits | the same, as text |
| date and time | `2024-02-29T23:59:58`, fraction of 3, 6 or 9 digits by the unit | the same |
| ... with a zone | the same instant in UTC, ending in `Z` | the same |
| duration | ISO 8601, `P1DT2H3.5S` | the same |
| boolean | `true`, `false` | the same, bare |
| number not finite | `inf`, `-inf`; a NaN is written as missing | missing |
| missing | nothing between the delimiters; empty text is `""` | `null` |
"""

from __future__ import annotations

import polars as pl

_DIGITS = {"ms": "%.3f", "us": "%.6f", "ns": "%.9f"}


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with temporal columns in the forms of the module's table."""
    out = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            form = "%Y-%m-%dT%H:%M:%S" + _DIGITS[dtype.time_unit or "us"]
            if dtype.time_zone is None:
                column = column.dt.to_string(form)
            else:
                column = column.dt.convert_time_zone("UTC").dt.to_string(form + "Z")
        elif dtype == pl.Duration:
            column = column.dt.to_string("iso")
        elif dtype == pl.Time:
            column = column.dt.to_string("%H:%M:%S%.9f")
        elif dtype == pl.Date:
            column = column.dt.to_string("%Y-%m-%d")
        elif dtype.is_float():
            column = column.fill_nan(None)
        out.append(column)
    return frame.with_columns(out)
