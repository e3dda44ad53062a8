"""A folder with a small model in it, and a studio that serves it in this process."""

from __future__ import annotations

import warnings

import pytest
from shopping import HOST, TOKEN, shop

import interfuse

pytest.importorskip("fastapi", reason="the extra studio is not installed")


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A folder with one run that the library made."""
    folder = tmp_path_factory.mktemp("home")
    interfuse.fit(shop(), examples=4_000, folder=folder / "sessions")
    return folder


@pytest.fixture(scope="session")
def client(home):
    """A client of a studio of that folder, which brings the token."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from starlette.testclient import TestClient

    from interfuse.studio.front import studio
    from interfuse.studio.settings import Settings

    settings = Settings(
        home, TOKEN, frozenset({HOST}), workers=1, fits=1, upload_bytes=2**20, columns=50
    )
    with TestClient(studio(settings), headers={"Authorization": f"Bearer {TOKEN}"}) as ready:
        yield ready


@pytest.fixture(scope="session")
def run(client):
    """The id of the run."""
    (found,) = [r for r in client.get("/v1/runs").json() if r["name"] == "sessions"]
    return found["id"]


@pytest.fixture(scope="session")
def upload(client):
    """The id of the data as an upload."""
    body = shop().write_csv().encode()
    answer = client.post("/v1/uploads", params={"name": "shop.csv"}, content=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]
