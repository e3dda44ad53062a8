"""Routes of run folders: those that were made here, and those of the command line."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from interfuse.errors import RunError
from interfuse.studio import describe, jobs
from interfuse.studio.places import Places, read_json
from interfuse.studio.state import Has

router = APIRouter(prefix="/v1", tags=["runs"])


@router.get("/kinds")
async def kinds() -> list[dict[str, Any]]:
    """Kinds of data, with the options of their fits and the questions to their models."""
    return describe.kinds()


@router.get("/runs")
async def listed(has: Has) -> list[dict[str, Any]]:
    """All run folders, the newest first, and fits that have none yet."""
    places: Places = has.places
    out = []
    for id, run in places.runs().items():
        record = read_json(run / "run.json")
        if record is not None:
            out.append({**jobs.state(places, id, run), **describe.brief(run, record)})
    there = {run["id"] for run in out}
    for path in places.fits.glob("*.json"):
        note = read_json(path)
        if path.stem not in there and note is not None:
            state = jobs.state(places, path.stem, None)
            out.append({**state, "name": note["run"], "kind": note.get("kind"), "source": "",
                        "rows": None, "changed": path.stat().st_mtime})  # fmt: skip
    return sorted(out, key=lambda run: -run["changed"])


@router.get("/runs/{id}")
async def one(id: str, has: Has) -> dict[str, Any]:
    """A run folder: how it was fitted, its columns, and what it can be asked."""
    run = has.places.run(id)
    try:
        found = describe.whole(run)
    except RunError as error:
        return {"name": run.name, **jobs.state(has.places, id, run), "error": str(error)}
    note = jobs.Job.of(has.places, id).known() or {}
    shown = {name: note.get(name) for name in ("command", "python", "upload")}
    return {**found, **jobs.state(has.places, id, run), **shown}
