"""What the `config.json` of every kind has, and how its parts are put together again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from interfuse.core.kernel import Gaussian
from interfuse.core.solvers import SAMPLERS, Sampling
from interfuse.errors import OptionError, RunError
from interfuse.io.records import checked, short
from interfuse.run.record import ADVICE

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Some = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Layers = Annotated[int, Meta(ge=0, le=1_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Config = TypeVar("Config")


class KernelEntry(Struct):
    """The noise that a network was trained with."""

    schedule: dict[str, Any]
    window: tuple[Share, Share]

    def gaussian(self) -> Gaussian:
        """The kernel."""
        return Gaussian.from_json({"schedule": self.schedule, "window": self.window})


class SamplingEntry(Struct):
    """How numbers are drawn unless asked otherwise; see `core.solvers.Sampling`."""

    solver: str
    steps: Some
    fill: Some

    def sampling(self) -> Sampling:
        """The same for the core.

        Raises:
            OptionError: there is no such solver.
        """
        if self.solver not in SAMPLERS:
            known = ", ".join(SAMPLERS)
            raise OptionError(f"solver: {self.solver!r} is unknown; use one of {known}.")
        return Sampling(self.solver, self.steps, self.fill)


class NetworkConfig(Struct, kw_only=True):
    """What kinds with a network have in common.

    Older runs have no kernel and no sampling: the defaults are theirs.
    """

    network: Any
    kernel: KernelEntry | None = None
    sampling: SamplingEntry | None = None


def read_config(folder: Path, parts: Mapping[str, Any], kind: type[Config]) -> Config:
    """The `config.json` of a run folder.

    Raises:
        RunError: an entry that is missing, or is not what it must be.
    """
    return checked(parts["config.json"], kind, str(folder / "config.json"), RunError, ADVICE)


@contextlib.contextmanager
def put_together(folder: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a model is made of its parts into one clear error.

    Checksums say that a part is as it was written. Parts that were changed together with their
    checksums can be anything at all, so that any error is one of the run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    try:
        yield
    except RunError:
        raise
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic of polars is no Exception
        what = " ".join(str(error).split())
        raise RunError(
            f"{folder}: its parts do not fit together ({type(error).__name__}: "
            f"{short(what, 300)[1:-1] if what else ''}). {ADVICE}"
        ) from error


def fits(folder: Path, *claims: tuple[bool, str]) -> None:
    """Check what parts say of one another.

    Args:
        folder: of the run.
        claims: whether it is so, and what.

    Raises:
        RunError: the first that is not so.
    """
    for so, what in claims:
        if not so:
            raise RunError(f"{folder}: its parts do not fit together: {what} differ. {ADVICE}")
