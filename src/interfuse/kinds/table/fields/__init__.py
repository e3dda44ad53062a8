"""One file a kind of column; importing this package registers its own."""

from interfuse.kinds.table.fields import (
    address,
    address_list,
    category,
    hostname,
    identifier,
    mac,
    message,
    number,
    plain,
    points,
    port,
    stated,
    subnet,
    url,
    user_agent,
)
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
    "address",
    "address_list",
    "category",
    "field_class",
    "hostname",
    "identifier",
    "message",
    "mac",
    "number",
    "plain",
    "points",
    "port",
    "register_field",
    "stated",
    "subnet",
    "url",
    "user_agent",
]
