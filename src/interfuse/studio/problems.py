"""Errors as problem+json (RFC 9457): the library's own sentences in `detail`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from interfuse.errors import InterfuseError

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


def answer(status: int, detail: str, headers: Any = None, **more: Any) -> JSONResponse:
    """A problem as a response."""
    return JSONResponse(body(status, detail, **more), status, headers, MEDIA)


def install(app: FastAPI) -> None:
    """Let every error of an application be a problem."""

    @app.exception_handler(Problem)
    async def _ours(request: Request, error: Problem) -> JSONResponse:
        headers = {"Retry-After": "5"} if error.status in (429, 503) else None
        return answer(error.status, error.detail, headers, **error.more)

    @app.exception_handler(InterfuseError)
    async def _of_library(request: Request, error: InterfuseError) -> JSONResponse:
        return answer(422, str(error))

    @app.exception_handler(HTTPException)
    async def _of_http(request: Request, error: HTTPException) -> JSONResponse:
        return answer(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def _of_body(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return answer(422, f"{place}: {first['msg']}.")
