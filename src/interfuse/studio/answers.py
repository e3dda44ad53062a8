"""Routes of questions and answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from interfuse.studio import asking, preview
from interfuse.studio.guard import REPORT_POLICY
from interfuse.studio.places import QUESTION
from interfuse.studio.problems import Problem
from interfuse.studio.state import Has, Studio

router = APIRouter(prefix="/v1", tags=["answers"])
WAIT = 30.0
"""Seconds after which an answer that is not there yet is one that will be: 202 and a Location."""

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
    "arrows": "application/vnd.apache.arrow.stream",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
}
_WRITTEN_AS = {"json": "jsonl", "arrows": "arrow"}
"""Formats that are made of what the command line writes."""
_ENDING = re.compile(r"[a-z0-9]{1,12}(\.(gz|zst|bz2|xz))?")


class Asked(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid")
    options: Annotated[
        dict[str, Any],
        Field(description="of the command, by keyword: rows, given, seed, draws, interval, ..."),
    ] = {}
    data: Annotated[
        str | None, Field(description="the id of an upload, if it is about data", max_length=16)
    ] = None
    format: Annotated[
        str | None,
        Field(description="csv, json, jsonl, parquet, arrow, arrows (a stream), png, ...; else "
                          "what the header Accept says; else csv", max_length=16),
    ] = None  # fmt: skip


def _format(said: str | None, accept: str, usual: str) -> str:
    if usual == "html":
        return usual
    if said is None:
        for name, media in MEDIA.items():
            if media.split(";")[0] in accept:
                return name
        return usual
    if not _ENDING.fullmatch(said):
        raise Problem(422, f"format: is {said!r}; expected an ending such as {', '.join(MEDIA)}.")
    return said


@router.post("/runs/{id}/{question}", responses={202: {"description": "it is being computed"}})
async def ask(
    id: str,
    question: str,
    asked: Asked,
    request: Request,
    has: Has,
    accept: Annotated[str, Header()] = "*/*",
    prefer: Annotated[str, Header()] = "",
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Ask a model. 200 with the answer; 202 where it takes long, or with Prefer: respond-async."""
    run = has.places.run(id)
    form = _format(asked.format, accept, asking.usual_ending(run, question))
    ending = _WRITTEN_AS.get(form, form)
    kept = asking.question_of(has, run, question, asked.options, asked.data, ending)
    answer = asking.begin(has, kept, idempotency_key)
    task = asking.work(has, answer)
    if task is not None:
        wait = 0.0 if "respond-async" in prefer else WAIT
        if await asking.gone(request, task, wait):
            place = f"/v1/answers/{answer}"
            return JSONResponse(asking.state(has, answer), 202, {"Location": place})
    return _file(has, answer, form)


@router.get("/answers/{id}")
async def one(id: str, has: Has) -> dict[str, Any]:
    """What is known of an answer: how far it is, what was said, the command and the Python."""
    return asking.state(has, id)


@router.get("/answers")
async def listed(has: Has, run: Annotated[str, Query(max_length=16)] = "") -> list[dict[str, Any]]:
    """Answers, the newest first; of one run if it is named."""
    folders = [p for p in has.places.answers.iterdir() if (p / QUESTION).exists()]
    folders.sort(key=lambda p: -p.stat().st_mtime)
    found = [asking.state(has, p.name) for p in folders[:200]]
    return [answer for answer in found if not run or answer["run"] == run]


@router.get("/answers/{id}/file")
async def file(
    id: str, has: Has, format: Annotated[str | None, Query(max_length=16)] = None
) -> Response:
    """The answer itself, as the command line wrote it; JSON and Arrow streams are made of it."""
    return _file(has, id, format)


@router.get("/answers/{id}/preview")
async def shown(
    id: str,
    has: Has,
    rows: Annotated[int, Query(ge=1, le=5000)] = 50,
    by: Annotated[str | None, Query(max_length=1000)] = None,
) -> dict[str, Any]:
    """The first rows of an answer as text, or those that are largest in a column of numbers."""
    return await asyncio.to_thread(preview.of, has.places.answer_file(id), rows, by)


@router.get("/answers/{id}/distributions")
async def distributed(
    id: str, has: Has, beside: Annotated[str, Query(max_length=16)] = ""
) -> list[dict[str, Any]]:
    """How the columns of an answer are distributed, beside those of an answer or upload."""
    path = has.places.answer_file(id)
    other = has.places.table(beside) if beside else None
    return await asyncio.to_thread(preview.distributions, path, other)


@router.delete("/answers/{id}", status_code=204)
async def forget(id: str, has: Has) -> None:
    """Remove an answer, or stop computing it."""
    asking.forget(has, id)


def _file(has: Studio, id: str, form: str | None) -> Response:
    state = asking.state(has, id)
    if state["status"] == "failed":
        raise Problem(state.get("status_code", 422), state["error"], warnings=state["warnings"])
    path = has.places.answer_file(id)
    ending = path.name.rpartition(".")[2]
    form = form or ending
    headers = {
        "X-Interfuse-Answer": id,
        "Content-Location": f"/v1/answers/{id}/file",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
    }
    if form == "html":
        headers |= {"Content-Security-Policy": REPORT_POLICY, "Content-Disposition": "inline"}
    if form == "json" and ending == "jsonl":
        headers["Content-Disposition"] = headers["Content-Disposition"].replace(".jsonl", ".json")
        return StreamingResponse(_array(path), 200, headers, MEDIA["json"])
    if form == "arrows" and ending == "arrow":
        return StreamingResponse(preview.arrow_stream(path), 200, headers, MEDIA["arrows"])
    if form != ending:
        raise Problem(406, f"format: this answer is {ending}; ask again with format {form!r}.")
    return FileResponse(path, 200, headers, MEDIA.get(ending, "application/octet-stream"))


def _array(path: Path) -> Iterator[bytes]:
    """Lines of JSON as one array."""
    with path.open("rb") as lines:
        before = b"["
        for line in lines:
            yield before + line.rstrip(b"\n")
            before = b",\n"
        yield b"[]" if before == b"[" else b"]\n"
