"""Options that fit some kinds of model and not others."""

from __future__ import annotations

from collections.abc import Mapping

from interfuse.errors import OptionError

OF = {"table": "of a table", "images": "of images", "series": "of time series"}


def refuse(kind: str, wanted: str, options: Mapping[str, object]) -> None:
    """Refuse options that are for another kind of model than the one at hand.

    Args:
        kind: of the model.
        wanted: the kind that the options are for, or words for several.
        options: names, with dashes, and values; those that are not given are None, False or empty.

    Raises:
        OptionError: one is given.
    """
    for name, value in options.items():
        if value is None or value is False or value == []:
            continue
        whose = f"models {OF[wanted]}" if wanted in OF else wanted
        raise OptionError(
            f"{name}: is for {whose}; this one is {OF.get(kind, f'of {kind}')}. Drop it."
        )
