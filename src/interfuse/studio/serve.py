"""`interfuse studio`: the server, on this machine alone unless told otherwise."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from interfuse.console import say, tell
from interfuse.errors import OptionError
from interfuse.io.files import replacing
from interfuse.studio.front import studio
from interfuse.studio.places import HIDDEN
from interfuse.studio.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TOKEN = "token"


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8321,
    names: tuple[str, ...] = (),
    open_browser: bool = True,
    **limits: Any,
) -> None:
    """Serve a folder until Ctrl-C.

    Args:
        folder: whose run folders are listed and where new ones go.
        host: the address to listen at.
        port: 0 for any that is free.
        names: further names under which this server is reached.
        open_browser: whether to open the page.
        limits: of `Settings`.

    Raises:
        OptionError: nothing can be served there.
    """
    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        raise OptionError(
            f"studio: needs FastAPI and uvicorn ({missing[0]} is missing). Install them with: "
            'pip install "interfuse[studio]"'
        )
    import uvicorn

    listening = _bound(host, port)
    port = listening.getsockname()[1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        token = _token(folder)
    except OSError as error:
        raise OptionError(f"{folder}: cannot be served ({error.strerror}).") from error
    served = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]", *names)}
    settings = Settings(
        folder, token, frozenset(served | set(names)), f"interfuse_{port}",
        **{name: value for name, value in limits.items() if value is not None},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/?token={token}"
    say(f"The studio of {folder} is at\n  {address}\nCtrl-C ends it; fits that run go on.")
    if host not in LOOPBACK:
        tell(f"It listens at {host}: whoever has the address above and reaches this machine can "
             "read and write that folder.")  # fmt: skip
    if open_browser:
        threading.Timer(0.6, webbrowser.open, [address]).start()
    config = uvicorn.Config(
        studio(settings), log_level="error", access_log=False, server_header=False,
        date_header=False, timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)  # who is quick is kept waiting, not sent away
    except OSError as error:
        listening.close()
        raise OptionError(
            f"--port: {host}:{port} cannot be listened at ({error.strerror}). Is a studio running "
            "already? Choose another, or 0 for any."
        ) from error
    return listening


def _token(folder: Path) -> str:
    """The folder's token: the same after a restart, so that an open page goes on."""
    path = folder / HIDDEN / _TOKEN
    with contextlib.suppress(OSError):
        found = path.read_text(encoding="ascii").strip()
        if len(found) >= 32:
            return found
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(32)
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
    return token
