"""One file a kind of column; importing this package registers its own."""

from interfuse.kinds.table.fields import category, number, points, stated
from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.fields.cells import Cell, Encoded
from interfuse.kinds.table.fields.registry import FIELDS, field_class, register_field
from interfuse.kinds.table.fields.spec import Claim, Facts, Spec

__all__ = [
    "FIELDS",
    "Cell",
    "Claim",
    "Encoded",
    "Facts",
    "Field",
    "Spec",
    "category",
    "field_class",
    "number",
    "points",
    "register_field",
    "stated",
]
