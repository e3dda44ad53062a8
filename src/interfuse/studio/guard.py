"""Who is let in, and what a browser may do with what comes back.

A studio reads and writes files of whoever started it. So: a token with every request; no request
under a foreign name (DNS rebinding), none that another page sent (cross-site request forgery), no
body larger than a form except an upload; and a policy that lets a page load nothing but the
server's own files and run no script but them, whatever a column may be called.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from importlib import resources
from typing import Any
from urllib.parse import parse_qs

from interfuse.studio.problems import MEDIA, Problem, body
from interfuse.studio.settings import Settings

Message = MutableMapping[str, Any]
App = Callable[..., Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
REPORT_POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'self'"
)
"""Of a report, which is a page by itself that has its style inside and no script."""
FORM_BYTES = 4 * 2**20
_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """ASGI middleware in front of everything.

    Args:
        app: what is guarded.
        settings: token, hosts and cookie.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                named = {name.lower() for name, _ in given}
                given += [(k, v) for k, v in _HEADERS.items() if k not in named]
                message = {**message, "headers": given}
            await send(message)

        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        try:
            if self._first_visit(scope, headers):
                await self._welcome(with_headers)
                return
            self._check(scope["method"], headers)
            limited = self._limited(scope, headers, receive)
            await self.app(scope, limited, with_headers)
        except Problem as problem:
            page = problem.status == 401 and "text/html" in headers.get("accept", "")
            await _refuse(with_headers, problem, page)

    def _first_visit(self, scope: Message, headers: dict[str, str]) -> bool:
        """Whether the token came in the address, which it then shall leave."""
        if scope["path"] != "/" or scope["method"] != "GET":
            return False
        self._check_host(headers)
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
        return bool(given) and self._right(given[0])

    async def _welcome(self, send: Any) -> None:
        cookie = f"{self.settings.cookie}={self.settings.token}"
        kept = f"{cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"
        head = [(b"location", b"/"), (b"set-cookie", kept.encode())]
        await send({"type": "http.response.start", "status": 303, "headers": head})
        await send({"type": "http.response.body", "body": b""})

    def _right(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self.settings.token.encode())

    def _check_host(self, headers: dict[str, str]) -> None:
        if headers.get("host", "") not in self.settings.hosts:
            raise Problem(421, "host: this server is not called so. Use the address it printed.")

    def _check(self, method: str, headers: dict[str, str]) -> None:
        """Check name, token and origin.

        Raises:
            Problem: one is wrong.
        """
        self._check_host(headers)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if not self._right(token.strip()):
                raise Problem(401, "token: it is not that of this server.")
            return
        jar = SimpleCookie()
        try:
            jar.load(headers.get("cookie", ""))
        except CookieError:
            jar.clear()
        found = jar.get(self.settings.cookie)
        if found is None or not self._right(found.value):
            raise Problem(
                401,
                "token: missing. Open the address that interfuse studio printed, or send the "
                "header Authorization: Bearer TOKEN.",
            )
        origin = headers.get("origin")
        if (
            method not in _SAFE
            and origin != f"http://{headers['host']}"
            and (headers.get("sec-fetch-site") != "same-origin")
        ):
            raise Problem(403, "origin: another page sent this request; it was not carried out.")

    def _limited(self, scope: Message, headers: dict[str, str], receive: Any) -> Any:
        """What receives a body that is no longer than a form, or than an upload may be."""
        upload = scope["path"].startswith("/v1/uploads")
        most = self.settings.upload_bytes if upload else FORM_BYTES
        told = headers.get("content-length", "0")
        if told.isdigit() and int(told) > most:
            raise Problem(413, f"the body has {int(told):,} bytes; at most {most:,} are taken.")
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise Problem(413, f"the body has more than {most:,} bytes, the most taken.")
            return message

        return limited


async def _refuse(send: Any, problem: Problem, page: bool) -> None:
    if page:
        text = (resources.files("interfuse.studio") / "static" / "token.html").read_bytes()
        kind = b"text/html; charset=utf-8"
    else:
        text = json.dumps(body(problem.status, problem.detail)).encode()
        kind = MEDIA.encode()
    head = [(b"content-type", kind), (b"content-length", str(len(text)).encode())]
    if problem.status == 401:
        head.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": problem.status, "headers": head})
    await send({"type": "http.response.body", "body": text})
