"""Routes of fits: planned, started, watched, stopped, resumed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from interfuse.io.files import write_json
from interfuse.kinds import Option, all_kinds
from interfuse.run import store
from interfuse.studio import describe, jobs
from interfuse.studio.events import stream
from interfuse.studio.places import Places, plain_name, read_json, short
from interfuse.studio.problems import Problem
from interfuse.studio.state import Has
from interfuse.studio.words import arguments, call, command_line, keywords

router = APIRouter(prefix="/v1", tags=["fits"])


class Wanted(BaseModel):
    """What is to be fitted, and how."""

    model_config = ConfigDict(extra="forbid")
    upload: Annotated[str, Field(description="the id of an upload", max_length=16)]
    options: Annotated[
        dict[str, Any],
        Field(description="of `interfuse fit`, by keyword: kind, seconds, seed, kinds, ..."),
    ] = {}
    columns_schema: Annotated[
        dict[str, Any] | None,
        Field(description="a schema, edited, as a plan has it", alias="schema"),
    ] = None
    name: Annotated[str, Field(description="of the run folder", max_length=100)] = ""


def _options(said: dict[str, Any]) -> tuple[Option, ...]:
    """Those of all fits, and those of kinds: which do not fit, the command says."""
    own = {o.name: o for kind in reversed(all_kinds()) for o in kind.options}
    return (*describe.OF_FIT, *own.values())


def _words(places: Places, wanted: Wanted) -> tuple[list[str], Path]:
    """The arguments of a fit, without its run folder, and its data."""
    source = places.data_of(wanted.upload)
    said = arguments(_options(wanted.options), wanted.options, places.data_of)
    if wanted.columns_schema is not None:
        text = json.dumps(wanted.columns_schema)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        path = places.upload(wanted.upload) / f"schema-{name}.json"
        write_json(path, wanted.columns_schema)
        said.append(f"--schema={path}")
    return ["fit", str(source), *said], source


@router.post("/plans")
async def plan(wanted: Wanted, has: Has) -> dict[str, Any]:
    """What an upload is taken for and why, what is to be known of it, and what a fit will cost."""
    return await _planned(wanted, has)


async def _planned(wanted: Wanted, has: Any) -> dict[str, Any]:
    places = has.places
    words, source = _words(places, wanted)
    key = hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]
    kept = places.upload(wanted.upload) / f"plan-{key}.json"
    found = read_json(kept)
    if found is None:
        found = await _plan(words, source, has)
        write_json(kept, found)
    if found["error"]:
        raise Problem(422, found["error"])
    if len(found["columns"]) > has.settings.columns:
        raise Problem(
            422, f"{source.name}: has {len(found['columns']):,} columns; this server fits up to "
                 f"{has.settings.columns:,}. Drop some, or start it with a larger --max-columns."
        )  # fmt: skip
    return found


async def _plan(words: list[str], source: Path, has: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": "", "found": "", "schema": None, "columns": [], "facts": [],
                           "estimate": "", "warnings": [], "hints": [], "error": None}  # fmt: skip

    def listen(event: dict[str, Any]) -> None:
        text = str(event.get("text", "")).replace(str(source), source.name)
        match event["event"]:
            case "schema":
                out["kind"], out["found"] = event["kind"], event["found"]
                out["schema"] = event["schema"]
                out["columns"] = describe.columns(event["schema"])
            case "facts":
                out["facts"] += event["rows"]
            case "warning":
                out["warnings"].append(text)
            case "error":
                out["error"] = text
            case "notice" if event["stage"] == "estimate":
                out["estimate"] = text
            case "message" if other := re.search(r" --kind (\w+) -o RUN$", text):
                out["hints"].append({"text": text.split(". ")[0] + ".", "kind": other[1]})

    code = await has.workers.run([*words, "--dry-run"], listen)
    if code and not out["error"]:
        out["error"] = "the data could not be read."
    return out


@router.post("/fits", status_code=202)
async def start(wanted: Wanted, has: Has, response: Response) -> dict[str, Any]:
    """Start a fit in a run folder of its own; it goes on whatever becomes of this server."""
    places: Places = has.places
    planned = await _planned(wanted, has)
    words, source = _words(places, wanted)
    if jobs.running(places) >= has.settings.fits:
        raise Problem(
            429, f"{has.settings.fits} fits run already, the most this server allows. Stop one, "
                 "or wait for it."
        )  # fmt: skip
    run = places.new_run(wanted.name or source.name)
    options = wanted.options
    said = [w for w in words[2:] if not w.startswith("--schema=")]
    if wanted.columns_schema is not None:
        said.append("--schema=schema.json")
    note = {
        "upload": wanted.upload,
        "source": str(source),
        "kind": planned["kind"],
        "command": command_line(["fit", source.name, "-o", run.name, *said]),
        "python": "import interfuse\n\nmodel = "
        + call("interfuse.fit", source.name, folder=run.name,
               **keywords(_options(options), options)),
    }  # fmt: skip
    job = jobs.start(places, run, [*words, "-o", str(run)], note)
    response.headers["Location"] = f"/v1/fits/{job.id}"
    return _answer(places, job.id, run)


def _answer(places: Places, id: str, run: Path | None) -> dict[str, Any]:
    note = jobs.Job.of(places, id).known() or {}
    shown = {name: note.get(name) for name in ("command", "python", "kind", "upload")}
    name = run.name if run is not None else note.get("run")
    return {"name": name, **jobs.state(places, id, run), **shown}


def _run_of(places: Places, id: str) -> Path | None:
    """The folder of a fit; None if it was begun here and has none yet.

    Raises:
        Problem: there is no such fit.
    """
    run = places.runs().get(id)
    if run is not None:
        return run
    note = jobs.Job.of(places, id).known() if plain_name(id) == id else None
    if note is None or len(id) != 16:
        raise Problem(404, f"fit {short(id)}: there is none of this id.")
    folder = places.folder / str(note["place"])
    return folder if folder.is_dir() else None


@router.get("/fits")
async def listed(has: Has) -> list[dict[str, Any]]:
    """All fits that were started here."""
    places: Places = has.places
    ids = sorted(path.stem for path in places.fits.glob("*.json"))
    return [_answer(places, id, _run_of(places, id)) for id in ids]


@router.get("/fits/{id}")
async def one(id: str, has: Has) -> dict[str, Any]:
    """What a fit is doing."""
    return _answer(has.places, id, _run_of(has.places, id))


@router.get("/fits/{id}/events", response_class=StreamingResponse)
async def events(
    id: str, has: Has, last_event_id: Annotated[str, Header()] = "0"
) -> StreamingResponse:
    """What a fit says, as server-sent events; with Last-Event-ID those behind it."""
    places: Places = has.places
    run = _run_of(places, id)
    job = jobs.Job.of(places, id)
    path = job.words if job.words.exists() or run is None else run / store.EVENTS

    def ended() -> bool:
        return jobs.state(places, id, run)["status"] != "running"

    after = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(stream(path, after, ended), 200, headers, "text/event-stream")


@router.delete("/fits/{id}", status_code=202)
async def stop(id: str, has: Has) -> dict[str, Any]:
    """End a fit as Ctrl-C does: what was learned is saved, and it can be resumed."""
    run = _run_of(has.places, id)
    jobs.stop(has.places, id)
    return _answer(has.places, id, run)


@router.post("/fits/{id}/resume", status_code=202)
async def resume(id: str, has: Has, response: Response) -> dict[str, Any]:
    """Go on with a fit that was stopped or lost its process."""
    places: Places = has.places
    run = _run_of(places, id)
    note = jobs.Job.of(places, id).known()
    if run is None or note is None or jobs.state(places, id, run)["status"] != "stopped":
        raise Problem(409, "there is nothing to resume: the fit runs, is complete, or was started "
                           "elsewhere.")  # fmt: skip
    if jobs.running(places) >= has.settings.fits:
        raise Problem(429, f"{has.settings.fits} fits run already. Stop one, or wait for it.")
    jobs.start(places, run, ["fit", note["source"], "-o", str(run), "--resume"], note)
    response.headers["Location"] = f"/v1/fits/{id}"
    return _answer(places, id, run)
