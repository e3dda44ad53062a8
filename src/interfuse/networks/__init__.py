"""Torch modules that predict a clean record from a noisy one; one small file each."""

from interfuse.networks.table import TableNet
from interfuse.networks.temporal import SeriesNet
from interfuse.networks.unet import UNet

__all__ = ["NETWORKS", "SeriesNet", "TableNet", "UNet"]

NETWORKS = {"table": TableNet, "unet": UNet, "series": SeriesNet}
