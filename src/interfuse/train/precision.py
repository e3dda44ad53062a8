"""Where to compute, and in which precision.

bfloat16 keeps float32's range with 8 bits of mantissa; matrix products run in it where the
processor has instructions for them (AVX512-BF16, AMX, any CUDA GPU since Ampere), everything that
sums many terms stays in float32.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from interfuse.errors import OptionError

PRECISIONS = ("auto", "bf16", "fp32")


def choose_device(name: str | None = None) -> torch.device:
    """The device asked for, or CUDA, else MPS, else the CPU.

    Raises:
        OptionError: no such device on this machine.
    """
    if name in (None, "auto"):
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available():
            return torch.device("mps")
        return torch.device("cpu")
    try:
        device = torch.device(name or "cpu")
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise OptionError(
            f"device: {name!r} cannot be used here ({reason}). Use cpu, cuda or mps."
        ) from error
    return device


def has_fast_bf16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are faster than in float32 on `device`."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type == "cpu":
        probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
        return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)
    return False


def choose_precision(name: str, device: torch.device) -> str:
    """Resolve "auto" to "bf16" or "fp32" for `device`.

    Raises:
        OptionError: unknown name.
    """
    if name not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise OptionError(f"precision: {name!r} is unknown; expected one of {known}.")
    if name == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    return name


@contextlib.contextmanager
def autocast(device: torch.device, precision: str) -> Iterator[None]:
    """Run matrix products in `precision`."""
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        yield
