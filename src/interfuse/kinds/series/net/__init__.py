"""Simple answers, and the network of series that weighs them."""

from interfuse.kinds.series.net.temporal import SeriesNet

__all__ = ["NETWORKS", "SeriesNet"]

NETWORKS = {"series": SeriesNet}
"""By the name in `config.json`."""
