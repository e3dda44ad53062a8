"""One file a kind of column; importing this package registers them all."""

from interfuse.data.fields import category, number, stated
from interfuse.data.fields.base import FIELDS, Cell, Encoded, Field, field_class

__all__ = ["FIELDS", "Cell", "Encoded", "Field", "category", "field_class", "number", "stated"]
