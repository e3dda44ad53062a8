"""Moved to `interfuse.kinds.series.judge`."""

from interfuse._moved import moved

__getattr__ = moved(
    __name__,
    {
        "Discrimination": "interfuse.kinds.series.judge",
        "Likeness": "interfuse.kinds.series.judge",
        "Volumes": "interfuse.kinds.series.judge",
        "autocorrelation": "interfuse.kinds.series.judge",
        "average_precision": "interfuse.kinds.series.judge",
        "block_bootstrap": "interfuse.kinds.series.judge",
        "coverage": "interfuse.kinds.series.judge",
        "crps": "interfuse.kinds.series.judge",
        "discriminate": "interfuse.kinds.series.judge",
        "interval": "interfuse.kinds.series.judge",
        "likeness": "interfuse.kinds.series.judge",
        "mase": "interfuse.kinds.series.judge",
        "mean_absolute_error": "interfuse.kinds.series.judge",
        "period_length": "interfuse.kinds.series.judge",
        "quantile_loss": "interfuse.kinds.series.judge",
        "quantile_of_draws": "interfuse.kinds.series.judge",
        "spectrum": "interfuse.kinds.series.judge",
        "volumes": "interfuse.kinds.series.judge",
        "weighted_quantile_loss": "interfuse.kinds.series.judge",
        "width": "interfuse.kinds.series.judge",
    },
)
