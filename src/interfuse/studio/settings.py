"""What a studio serves, to whom, and how much."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

GIB = 2**30


@dataclass(frozen=True)
class Settings:
    """Settings of one server.

    Attributes:
        folder: whose run folders are listed and where new ones go.
        token: what every request has to bring, as a cookie or a header.
        hosts: values of the header Host that are served: a page elsewhere whose name was made to
            lead to this machine (DNS rebinding) is not.
        cookie: the name of the cookie; browsers share cookies between the ports of a machine.
        upload_bytes: of one upload.
        total_bytes: of all uploads and answers that are kept.
        columns: that a fit may have.
        fits: that may run at a time; each keeps a core or more busy.
        workers: processes that answer questions; each holds a model in memory.
        waiting: questions that may wait for one.
        rows: that one question may ask for.
    """

    folder: Path
    token: str
    hosts: frozenset[str] = frozenset()
    cookie: str = "interfuse"
    upload_bytes: int = 4 * GIB
    total_bytes: int = 32 * GIB
    columns: int = 2_000
    fits: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))
    workers: int = 2
    waiting: int = 64
    rows: int = 10_000_000
