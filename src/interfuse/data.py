"""Moved to `interfuse.io` and `interfuse.kinds.table`."""

from interfuse._moved import moved, moved_modules

__getattr__ = moved(
    __name__,
    {
        "ColumnSpec": "interfuse.kinds.table.schema",
        "Origin": "interfuse.io.origin",
        "Schema": "interfuse.kinds.table.schema",
        "TableCodec": "interfuse.kinds.table.codec",
        "check_target": "interfuse.io.write",
        "describe": "interfuse.kinds.table.schema",
        "fingerprint": "interfuse.io.read",
        "from_polars": "interfuse.io.frames",
        "infer_schema": "interfuse.kinds.table.infer",
        "read": "interfuse.io.read",
        "to_polars": "interfuse.io.frames",
        "write": "interfuse.io.write",
    },
)

__path__ = moved_modules(
    __name__,
    {
        "interfuse.data.images": ("interfuse.kinds.images.data",),
        "interfuse.data.series": ("interfuse.kinds.series.data",),
        "interfuse.data": ("interfuse.io", "interfuse.kinds.table"),
    },
)
