"""What routes share: settings, places and workers; they hold no state of fits or answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from interfuse.studio.places import Places
from interfuse.studio.settings import Settings
from interfuse.studio.workers import Workers


@dataclass
class Studio:
    """One server.

    Attributes:
        settings: of it.
        places: where things lie.
        workers: what answers questions.
        asking: by answer, what computes it now; it is begun again if the server ended meanwhile.
    """

    settings: Settings
    places: Places
    workers: Workers
    asking: dict[str, asyncio.Task[None]] = field(default_factory=dict)


def studio(request: Request) -> Studio:
    """The server that a request reached."""
    return request.app.state.studio


Has = Annotated[Studio, Depends(studio)]
