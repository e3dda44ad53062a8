"""One file a kind of column; importing this package registers them all."""

from interfuse.kinds.table.fields import category, number, stated
from interfuse.kinds.table.fields.base import FIELDS, Cell, Encoded, Field, field_class

__all__ = ["FIELDS", "Cell", "Encoded", "Field", "category", "field_class", "number", "stated"]
