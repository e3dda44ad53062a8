"""Errors that a user can act on.

Every error raised for bad input derives from `InterfuseError` and its message says, in this order,
where (the file, the column, the option), what was found, what was expected and what to do.
The command line prints the message alone and exits with code 2.

What is no error but changes what people get (rows left out, values converted or averaged, a
condition beyond the data) is an `InterfuseWarning`: the command line prints it behind "warning:",
Python gives it to `warnings`.
"""

from __future__ import annotations

import warnings
from collections import abc


class InterfuseWarning(UserWarning):
    """Something about data, a condition or an answer that people should know of.

    Examples:
        >>> import warnings, interfuse
        >>> warnings.simplefilter("error", interfuse.InterfuseWarning)  # notes become errors
    """


class InterfuseError(Exception):
    """Base of all errors caused by input, files or options rather than by a bug."""


class DataError(InterfuseError):
    """A data file or frame cannot be read, or holds values that cannot be used."""


class NoRowsError(DataError):
    """A data file has no rows; among others that have some, it can be left out."""


class SchemaError(InterfuseError):
    """A schema is malformed, or does not fit the data it is used with."""


class RunError(InterfuseError):
    """A run folder is missing, incomplete, altered, in use, or of a newer version."""


class ConditionError(InterfuseError):
    """A condition (`given`) names an unknown column or a value that cannot be used."""


class OptionError(InterfuseError):
    """An option has a value outside its range, or options contradict each other."""


def note(texts: str | abc.Iterable[str], stacklevel: int = 3) -> None:
    """Warn of each of some texts, as of the line that called who calls this.

    Args:
        texts: for people, one or more.
        stacklevel: as `warnings.warn` counts: 2 is the caller of this function.
    """
    for text in [texts] if isinstance(texts, str) else texts:
        warnings.warn(text, InterfuseWarning, stacklevel=stacklevel)
