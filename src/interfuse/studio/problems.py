"""Errors as problem+json (RFC 9457): the library's own sentences in `detail`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

MEDIA = "application/problem+json"


class Problem(Exception):
    """An answer that is an error.

    Args:
        status: of HTTP.
        detail: what was found, what was expected and what to do.
        more: further members.
    """

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more


def body(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """The members of a problem."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
