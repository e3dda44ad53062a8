"""Time series: frames, files and arrays onto regular grids, and back.

It knows no mathematics of diffusion.
"""

from interfuse.data.series.grid import Grid
from interfuse.data.series.guess import looks_like_series
from interfuse.data.series.read import read_series
from interfuse.data.series.schema import Channel, Covariate, SeriesSchema, Static
from interfuse.data.series.seriesset import SeriesSet, grid_of
from interfuse.data.series.writer import FrameWriter

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
