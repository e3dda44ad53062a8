"""The network of tables; its smooth rows, and its twin that reveals one cell at a time."""

from interfuse.kinds.table.net.network import TableNet

__all__ = ["NETWORKS", "TableNet"]

NETWORKS = {"table": TableNet}
"""By the name in `config.json`."""
