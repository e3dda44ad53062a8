"""Pictures of data, training and answers, with matplotlib: `pip install "interfuse[plots]"`.

Every function draws on the axes that it is given, or on new ones, and returns them; titles, sizes
and files are the caller's. Real data is grey-blue, what a model drew is orange, all through.

>>> import numpy as np
>>> from interfuse import plots
>>> ax = plots.training([(1000, 1.0, 2.0, 2.1), (2000, 2.0, 1.8, 1.9)])
>>> ax.get_xlabel()
'examples'
"""

from interfuse.canvas import INK, MODEL, REAL
from interfuse.kinds.images.plots import image_grid
from interfuse.kinds.series.plots import anomalies, fan
from interfuse.kinds.table.plots.cells import odd_cells
from interfuse.kinds.table.plots.columns import marginals
from interfuse.kinds.table.plots.filled import intervals, shares
from interfuse.kinds.table.plots.pairs import correlations
from interfuse.run.curve import training

__all__ = [
    "INK",
    "MODEL",
    "REAL",
    "anomalies",
    "correlations",
    "fan",
    "image_grid",
    "intervals",
    "marginals",
    "odd_cells",
    "shares",
    "training",
]
