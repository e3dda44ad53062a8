"""How answers about series are judged: forecasts and filled gaps, anomalies, generated windows.

Plain functions of arrays; they know nothing of models.
"""

from interfuse.kinds.series.judge.anomalies import (
    Volumes,
    average_precision,
    period_length,
    volumes,
)
from interfuse.kinds.series.judge.draws import (
    coverage,
    crps,
    interval,
    mase,
    mean_absolute_error,
    quantile_loss,
    quantile_of_draws,
    weighted_quantile_loss,
    width,
)
from interfuse.kinds.series.judge.windows import (
    Discrimination,
    Likeness,
    autocorrelation,
    block_bootstrap,
    discriminate,
    likeness,
    spectrum,
)

__all__ = [
    "Discrimination",
    "Likeness",
    "Volumes",
    "autocorrelation",
    "average_precision",
    "block_bootstrap",
    "coverage",
    "crps",
    "discriminate",
    "interval",
    "likeness",
    "mase",
    "mean_absolute_error",
    "period_length",
    "quantile_loss",
    "quantile_of_draws",
    "spectrum",
    "volumes",
    "weighted_quantile_loss",
    "width",
]
