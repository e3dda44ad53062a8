"""Axes in one style. matplotlib is imported when a picture is asked for, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from interfuse.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, LINE = "#1d2430", "#5d6675", "#dfe2e7"
REAL, MODEL, ODD = "#8296b3", "#d1581f", "#b3261e"
_COLUMN = 3.6  # inches


def axes(ax: Axes | None, size: tuple[float, float] = (6.4, 3.6)) -> Axes:
    """The axes given, or new ones, with light spines.

    Raises:
        OptionError: matplotlib is not installed.
    """
    return style(_pyplot().subplots(figsize=size, layout="constrained")[1] if ax is None else ax)


def many_axes(count: int, across: int, height: float = 2.4, axs: Any = None) -> list[Axes]:
    """`count` axes, `across` a row; those left over are taken away.

    Raises:
        OptionError: matplotlib is not installed, or `axs` holds fewer axes.
    """
    if axs is not None:
        found = list(np.ravel(np.asarray(axs, dtype=object)))
        if len(found) < count:
            raise OptionError(f"ax: holds {len(found)} axes; expected {count}.")
        return [style(ax) for ax in found[:count]]
    across = min(across, count)
    down = -(-count // across)
    figure, made = _pyplot().subplots(
        down,
        across,
        figsize=(_COLUMN * across, height * down),
        layout="constrained",
        squeeze=False,
    )
    flat = list(made.ravel())
    for ax in flat[count:]:
        figure.delaxes(ax)
    return [style(ax) for ax in flat[:count]]


def style(ax: Axes) -> Axes:
    """Light spines and grid, small type."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(LINE)
    ax.tick_params(colors=SOFT, labelsize=8, length=3)
    ax.xaxis.label.set(color=SOFT, size=9)
    ax.yaxis.label.set(color=SOFT, size=9)
    ax.title.set(color=INK, size=10)
    ax.set_axisbelow(True)
    return ax


def legend(ax: Axes, **options: Any) -> None:
    """A legend without a frame."""
    ax.legend(frameon=False, fontsize=8, labelcolor=SOFT, **options)


def few_ticks(ax: Axes, most: int) -> None:
    """At most `most` intervals between the marks below, so that their labels stay apart."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(most))


def mark_times(ax: Axes, times: np.ndarray) -> None:
    """Short labels below, if they are times."""
    if np.issubdtype(times.dtype, np.datetime64):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(maxticks=8)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        ax.xaxis.get_offset_text().set(size=8, color=SOFT)


def short(text: object, length: int = 18) -> str:
    """Text of at most `length` characters, none of them a sign of matplotlib's own."""
    words = " ".join(str(text).split())
    words = words if len(words) <= length else words[: length - 1] + "…"
    return words.replace("$", r"\$")


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise OptionError(
            "plots: matplotlib is not installed, and pictures need it. "
            'Install it with: pip install "interfuse[plots]"'
        ) from None
    return plt
