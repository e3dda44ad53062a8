"""Torch modules that predict a clean record from a noisy one; one small file each."""

from interfuse.networks.table import TableNet

__all__ = ["NETWORKS", "TableNet"]

NETWORKS = {"table": TableNet}
