"""Time series: frames, files and arrays onto regular grids, and back.

It knows no mathematics of diffusion.
"""

from interfuse.kinds.series.data.grid import Grid
from interfuse.kinds.series.data.guess import looks_like_series
from interfuse.kinds.series.data.read import read_series
from interfuse.kinds.series.data.schema import Channel, Covariate, SeriesSchema, Static
from interfuse.kinds.series.data.seriesset import SeriesSet, grid_of
from interfuse.kinds.series.data.writer import FrameWriter

__all__ = [
    "Channel",
    "Covariate",
    "FrameWriter",
    "Grid",
    "SeriesSchema",
    "SeriesSet",
    "Static",
    "grid_of",
    "looks_like_series",
    "read_series",
]
