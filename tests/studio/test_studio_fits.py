"""Fits are processes that outlive the server: planned, started, watched, stopped, resumed."""

from __future__ import annotations

import json

import pytest
from shopping import shop, until

from interfuse.studio import jobs
from interfuse.studio.events import stream
from interfuse.studio.places import Places


def test_a_plan_says_what_the_data_is(client, upload):
    plan = client.post("/v1/plans", json={"upload": upload}).json()
    assert plan["kind"] == "table"
    assert [c["name"] for c in plan["columns"]] == shop().columns
    assert all(c["note"] for c in plan["columns"])
    assert "memory" in plan["estimate"]
    said = {"upload": upload, "options": {"kinds": ["pages=category"]}}
    changed = client.post("/v1/plans", json=said).json()
    assert changed["columns"][0]["kind"] == "category"
    bad = client.post("/v1/plans", json={**said, "options": {"kinds": ["pages=colour"]}})
    assert bad.status_code == 422
    assert "colour" in bad.json()["detail"]


def test_too_many_columns_are_refused(client):
    wide = ",".join(f"c{i}" for i in range(60))
    rows = "\n".join(",".join(str((i * j) % 7) for i in range(60)) for j in range(30))
    sent = client.post("/v1/uploads?name=wide.csv", content=f"{wide}\n{rows}\n".encode()).json()
    answer = client.post("/v1/fits", json={"upload": sent["id"]})
    assert answer.status_code == 422
    assert "60 columns" in answer.json()["detail"]


@pytest.fixture(scope="module")
def stopped(client, upload, home):
    """A fit that was watched for a while and then stopped."""
    asked = {"upload": upload, "options": {"examples": 40_000_000}, "name": "long"}
    begun = client.post("/v1/fits", json=asked)
    assert begun.status_code == 202, begun.text
    place = begun.headers["location"]
    until(lambda: client.get(place).json()["training"])
    yield client, place, begun.json()
    note = jobs.Job.of(Places(home), begun.json()["id"]).known()
    if jobs.runs_now(note):
        jobs.stop(Places(home), begun.json()["id"])


def test_a_fit_lives_without_its_server(stopped, home):
    client, place, begun = stopped
    assert client.get(place).json()["status"] == "running"
    assert begun["command"] == "interfuse fit shop.csv -o long --examples 40000000"
    other = Places(home)  # all that another server has of it
    seen = jobs.state(other, begun["id"], home / "long")
    assert seen["status"] == "running"
    assert jobs.running(other) == 1
    full = client.post("/v1/fits", json={"upload": _another(client)})
    assert full.status_code == 429

    assert client.delete(place).status_code == 202
    until(lambda: client.get(place).json()["status"] == "stopped")
    assert client.get(place).json()["resumable"]
    assert client.delete(place).status_code == 409

    before = client.get(place).json()["training"]["examples"]
    assert client.post(f"{place}/resume").status_code == 202
    more = until(
        lambda: (t := client.get(place).json()["training"]) and t["examples"] > before and t
    )
    assert more["examples"] > before
    client.delete(place)
    until(lambda: client.get(place).json()["status"] == "stopped")

    whole = client.get(f"{place}/events").text
    ids = [int(line[4:]) for line in whole.splitlines() if line.startswith("id: ")]
    assert ids == sorted(set(ids))
    rest = client.get(f"{place}/events", headers={"Last-Event-ID": str(ids[3])}).text
    assert [int(x[4:]) for x in rest.splitlines() if x.startswith("id: ")] == ids[4:]
    kinds = {json.loads(x[6:]).get("event") for x in whole.splitlines() if x.startswith("data: {")}
    assert {"schema", "notice", "training", "end"} <= kinds


def _another(client) -> str:
    body = shop(100).write_csv().encode()
    return client.post("/v1/uploads?name=b.csv", content=body).json()["id"]


async def _told(path, after, over):
    return [part async for part in stream(path, after, lambda: over)]


def test_events_go_on_behind_the_last_one_and_mind_a_cut_line(tmp_path):
    import asyncio

    path = tmp_path / "events.jsonl"
    lines = [json.dumps({"event": "message", "text": f"{i}"}) for i in range(4)]
    path.write_text("\n".join(lines) + '\n{"event": "mess')
    told = asyncio.run(_told(path, 2, True))
    assert [t.splitlines()[0] for t in told] == ["id: 3", "id: 4", "event: over"]


def test_the_end_of_a_process_with_a_number_used_again_is_seen(tmp_path):
    import os

    assert not jobs.runs_now({"pid": os.getpid(), "pid_begun": 1.0})
    assert not jobs.runs_now(None)
    assert not jobs.runs_now({"pid": "1"})
