"""Data: files and frames to cells and back, exactly. It knows no mathematics of diffusion."""

from interfuse.data.codec import TableCodec
from interfuse.data.frames import from_polars, to_polars
from interfuse.data.infer import infer_schema
from interfuse.data.origin import Origin
from interfuse.data.read import fingerprint, read
from interfuse.data.schema import ColumnSpec, Schema, describe
from interfuse.data.write import check_target, write

__all__ = [
    "ColumnSpec",
    "Origin",
    "Schema",
    "TableCodec",
    "check_target",
    "describe",
    "fingerprint",
    "from_polars",
    "infer_schema",
    "read",
    "to_polars",
    "write",
]
