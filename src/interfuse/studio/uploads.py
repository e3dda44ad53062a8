"""Routes of uploads: files from a client, streamed to the disk as they come."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import time
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from interfuse.io.files import write_json
from interfuse.studio import preview
from interfuse.studio.places import Places, new_id, plain_name, read_json, remove
from interfuse.studio.problems import Problem
from interfuse.studio.state import Has

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
CHUNK = 2**20
"""Bytes that are gathered before they are written."""
DEMO = "shoppers.parquet"
_NOTE = "upload.json"

Name = Annotated[str, Query(description="its name: the ending says the format", max_length=255)]


def _describe(folder: Path) -> dict[str, Any]:
    note = read_json(folder / _NOTE) or {}
    files = [p for p in (folder / "data").iterdir() if not p.name.startswith(".")]
    size = sum(p.stat().st_size for p in files)
    names = sorted(p.name for p in files)
    return {
        "id": folder.name,
        "name": note.get("name", ""),
        "files": len(names),
        "bytes": size,
        "created": note.get("created"),
        "sha256": note.get("sha256"),
    }


async def _received(request: Request, into: Path, has: Any) -> str:
    """Write the body, and return its SHA-256; nothing is left of one that does not end."""
    free = min(
        has.settings.total_bytes - has.places.kept_bytes(), shutil.disk_usage(into.parent).free
    )
    digest, size, parts = hashlib.sha256(), 0, bytearray()
    temporary = into.with_name("." + into.name[:100] + ".part")

    def put(block: bytes) -> None:
        digest.update(block)
        file.write(block)

    try:
        with temporary.open("wb") as file:
            async for part in request.stream():
                size += len(part)
                if size > free:
                    raise Problem(
                        507, "there is no room for this upload. Remove uploads or answers that "
                             "are not needed, or allow more with --max-total."
                    )  # fmt: skip
                parts += part
                if len(parts) >= CHUNK:
                    block, parts = bytes(parts), bytearray()
                    await asyncio.to_thread(put, block)
            put(bytes(parts))
        if not size:
            raise Problem(422, f"{into.name}: is empty; expected data.")
        temporary.replace(into)
    finally:
        temporary.unlink(missing_ok=True)
    return digest.hexdigest()


@router.post("", status_code=201)
async def upload(request: Request, has: Has, name: Name) -> dict[str, Any]:
    """Send a file as the body of the request."""
    places: Places = has.places
    folder = places.uploads / new_id()
    (folder / "data").mkdir(parents=True)
    try:
        digest = await _received(request, folder / "data" / plain_name(name), has)
        note = {"name": plain_name(name), "created": time.time(), "sha256": digest}
        write_json(folder / _NOTE, note)
    except BaseException:
        remove(folder)
        raise
    return _describe(folder)


@router.post("/demo", status_code=201)
async def demo(has: Has) -> dict[str, Any]:
    """The table that comes with the package: 12,330 sessions of a web shop."""
    folder = has.places.uploads / new_id()
    (folder / "data").mkdir(parents=True)
    shipped = resources.files("interfuse") / "shipped" / DEMO
    (folder / "data" / DEMO).write_bytes(shipped.read_bytes())
    digest = hashlib.sha256(shipped.read_bytes()).hexdigest()
    write_json(folder / _NOTE, {"name": DEMO, "created": time.time(), "sha256": digest})
    return _describe(folder)


@router.post("/{id}/files", status_code=201)
async def another(id: str, request: Request, has: Has, name: Name) -> dict[str, Any]:
    """Send one more file of the same data: files of one sort, or the images of a folder."""
    folder = has.places.upload(id)
    target = folder / "data" / plain_name(name)
    if target.exists():
        raise Problem(409, f"{plain_name(name)}: is there already. Send it under another name.")
    await _received(request, target, has)
    for plan in folder.glob("plan-*.json"):
        plan.unlink()
    return _describe(folder)


@router.get("")
async def listed(has: Has) -> list[dict[str, Any]]:
    """All uploads."""
    return [_describe(p) for p in sorted(has.places.uploads.iterdir()) if (p / _NOTE).exists()]


@router.get("/{id}")
async def one(id: str, has: Has) -> dict[str, Any]:
    """One upload."""
    return _describe(has.places.upload(id))


@router.get("/{id}/preview")
async def shown(
    id: str, has: Has, rows: Annotated[int, Query(ge=1, le=500)] = 20, end: bool = False
) -> dict[str, Any]:
    """The first or last rows of an upload, and how its columns are distributed, if a table."""
    path = has.places.data_of(id)
    found = await asyncio.to_thread(lambda: preview.of(path, rows, end=end))
    return {**found, "distributions": await asyncio.to_thread(preview.distributions, path, None)}


@router.delete("/{id}", status_code=204)
async def forget(id: str, has: Has) -> None:
    """Remove an upload; a fit of it can be resumed no more."""
    remove(has.places.upload(id))
