"""What every fuzz of whole fits holds: all the way, or one line of the library's own."""

import warnings

from interfuse.errors import InterfuseError


def all_the_way(try_one, seeds, folder):
    """Try each seed; what it was refused by is one line, and no other error passes."""
    refused = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            try:
                refused.append(try_one(seed, folder))
            except InterfuseError as error:
                refused.append(str(error))
            except BaseException as error:
                raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    return refused
