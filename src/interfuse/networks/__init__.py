"""Torch modules that predict a clean record from a noisy one; one small file each."""

from interfuse.networks.table import TableNet
from interfuse.networks.unet import UNet

__all__ = ["NETWORKS", "TableNet", "UNet"]

NETWORKS = {"table": TableNet, "unet": UNet}
