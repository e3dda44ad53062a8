"""A process that runs commands, one after the other: `python -m interfuse.studio.worker`.

A line on standard input is a JSON list of arguments, as they are typed behind `interfuse`; the
answer is what the command says with `--json`, a line each, up to its `end`. Libraries stay loaded
between commands, which is all that tells this from starting the command line anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys


def main() -> None:
    """Run commands until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line has it
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # nothing that is printed by the way gets between the lines
    from interfuse.cli.main import execute

    _load()
    for line in sys.stdin.buffer:
        execute(json.loads(line), out.write)
        _give_back()


def _give_back() -> None:
    """Return freed memory to the system, where its library can.

    What answers need stays the same, but glibc keeps what they freed in pieces that the next one
    does not fit in: without this a worker grows by some MiB each ten answers.
    """
    with contextlib.suppress(OSError, AttributeError):  # macOS and musl have no such function
        ctypes.CDLL(None).malloc_trim(0)


def _load() -> None:
    """Load what every question needs, before the first one."""
    import torch  # noqa: F401

    from interfuse.kinds import all_kinds

    all_kinds()


if __name__ == "__main__":
    main()
