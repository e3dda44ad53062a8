"""The whole studio as one ASGI application: guard, page, and the routes behind them.

The page is files alone, so it is served from the first moment on. The routes need FastAPI and
everything that describes kinds, most of the work of a start: they are loaded beside it, while a
browser opens, and requests to them wait until they are there.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from importlib import resources
from typing import Any

from interfuse.studio.guard import App, Guard, Message
from interfuse.studio.settings import Settings

INDEX = "index.html"
_MEDIA = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


def studio(settings: Settings, *, warm: bool = True) -> App:
    """A studio.

    Args:
        settings: what is served, to whom, and how much.
        warm: whether to start a process for questions before the first one comes.
    """
    return Guard(_Front(settings, warm), settings)


def page_files() -> dict[str, tuple[str, bytes]]:
    """By path, the media type and the bytes of the page and of all that it loads."""
    files = {}
    for file in (resources.files("interfuse.studio") / "static").iterdir():
        media = _MEDIA.get(file.name.rpartition(".")[2])
        if media is not None:
            files[f"/static/{file.name}"] = media, file.read_bytes()
    return {"/": files[f"/static/{INDEX}"], **files}


class _Front:
    def __init__(self, settings: Settings, warm: bool) -> None:
        self.settings, self.warm = settings, warm
        self._files = page_files()
        self._open = AsyncExitStack()
        self._loading: asyncio.Task[App] | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        file = self._files.get(scope["path"]) if scope["type"] == "http" else None
        if file is not None and scope["method"] in ("GET", "HEAD"):
            await _send(send, *file, with_body=scope["method"] == "GET")
            return
        routes = await self._routes()
        await routes(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        """Begin and end with the server; it listens before the routes are loaded."""
        await receive()
        loading = asyncio.ensure_future(self._routes())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.wait([loading])
        await self._open.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _routes(self) -> App:
        """The routes, once they are there; one who leaves meanwhile does not end the loading."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        return await asyncio.shield(self._loading)

    async def _load(self) -> App:
        def make() -> Any:
            from interfuse.studio.app import create_app

            return create_app(self.settings, warm=self.warm)

        app = await asyncio.to_thread(make)
        await self._open.enter_async_context(app.router.lifespan_context(app))
        return app


async def _send(send: Any, media: str, content: bytes, *, with_body: bool) -> None:
    head = [(b"content-type", media.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": content if with_body else b""})
