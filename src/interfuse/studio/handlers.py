"""Every error of the application as a problem."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from interfuse.errors import InterfuseError
from interfuse.studio.problems import MEDIA, Problem, body


def _answer(status: int, detail: str, headers: Any = None, **more: Any) -> JSONResponse:
    return JSONResponse(body(status, detail, **more), status, headers, MEDIA)


def install(app: FastAPI) -> None:
    """Let every error of an application be a problem."""

    @app.exception_handler(Problem)
    async def _ours(request: Request, error: Problem) -> JSONResponse:
        headers = {"Retry-After": "5"} if error.status in (429, 503) else None
        return _answer(error.status, error.detail, headers, **error.more)

    @app.exception_handler(InterfuseError)
    async def _of_library(request: Request, error: InterfuseError) -> JSONResponse:
        return _answer(422, str(error))

    @app.exception_handler(HTTPException)
    async def _of_http(request: Request, error: HTTPException) -> JSONResponse:
        return _answer(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def _of_body(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return _answer(422, f"{place}: {first['msg']}.")
