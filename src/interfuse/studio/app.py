"""The application behind the guard: routes and errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from interfuse.studio import answers, fits, handlers, runs, uploads
from interfuse.studio.places import Places
from interfuse.studio.settings import Settings
from interfuse.studio.state import Has, Studio
from interfuse.studio.workers import Workers

WARM_AFTER = 1.0
"""Seconds after which a process for questions is started: the first page comes before."""


async def _warmed(workers: Workers) -> None:
    await asyncio.sleep(WARM_AFTER)
    await workers.warm()


def create_app(settings: Settings, *, warm: bool = True) -> FastAPI:
    """The routes of a studio: `front.studio` puts guard and page before them.

    Args:
        settings: what is served, to whom, and how much.
        warm: whether to start a process for questions before the first one comes.
    """
    places = Places(settings.folder)
    has = Studio(settings, places, Workers(settings.workers, settings.waiting, places.folder))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        begun = asyncio.create_task(_warmed(has.workers)) if warm else None
        yield
        if begun is not None:
            begun.cancel()
        for task in list(has.asking.values()):
            task.cancel()
        await has.workers.close()

    app = FastAPI(
        title="interfuse studio",
        version=version("interfuse"),
        description="Fit diffusion models, and ask them. Fits are jobs; answers are files.",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.studio = has
    handlers.install(app)
    for part in (uploads, fits, runs, answers):
        app.include_router(part.router)

    @app.get("/v1", tags=["server"])
    async def about(has: Has) -> dict[str, Any]:
        """The server: its version, its folder's name, its limits."""
        s = has.settings
        limits = {"upload_bytes": s.upload_bytes, "columns": s.columns, "fits": s.fits,
                  "rows": s.rows}  # fmt: skip
        return {
            "version": version("interfuse"), "folder": has.places.folder.name, "limits": limits
        }  # fmt: skip

    return app
