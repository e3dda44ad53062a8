"""Only who has the token, under the right name, from the right page; and nothing but our files."""

from __future__ import annotations

import pytest
from shopping import TOKEN

from interfuse.studio.places import plain_name

COOKIE = {"Cookie": f"interfuse={TOKEN}", "Authorization": ""}


@pytest.mark.parametrize("headers", [
    {"Authorization": ""},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "", "Cookie": "interfuse=wrong"},
])  # fmt: skip
def test_nothing_is_told_without_the_token(client, headers):
    for path in ("/", "/v1/runs", "/v1/openapi.json", "/static/main.js"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_foreign_name_is_not_served(client):
    """DNS rebinding: a page elsewhere makes its name lead to this machine."""
    assert client.get("/v1/runs", headers={"Host": "evil.example"}).status_code == 421


def test_the_token_in_the_address_becomes_a_cookie(client):
    headers = {"Authorization": ""}
    answer = client.get(f"/?token={TOKEN}", headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert client.get("/", headers=COOKIE).status_code == 200
    client.cookies.clear()
    wrong = client.get("/?token=x", headers=headers, follow_redirects=False)
    assert wrong.status_code == 401


def test_another_page_cannot_use_the_cookie(client):
    """Ports of one machine are one site to a browser, so SameSite alone is not enough."""
    for headers in ({"Origin": "http://localhost:3000"}, {"Origin": "null"}, {}):
        answer = client.post("/v1/uploads/demo", headers={**COOKIE, **headers})
        assert answer.status_code == 403
    same = client.post("/v1/uploads/demo", headers={**COOKIE, "Origin": "http://testserver"})
    assert same.status_code == 201


def test_the_page_may_load_our_files_alone(client):
    for path in ("/", "/v1/runs", "/static/main.js"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    page = client.get("/").text
    assert "<script>" not in page
    assert "style=" not in page
    assert "http:" not in page.replace("http://www.w3.org", "")


def test_bodies_are_limited(client):
    large = client.post("/v1/uploads?name=a.csv", content=b"x" * (2**20 + 1))
    assert large.status_code == 413
    chunks = client.post("/v1/uploads?name=a.csv", content=iter([b"x" * 2**19] * 3))
    assert chunks.status_code == 413
    form = client.post("/v1/plans", content=b"[" * (5 * 2**20))
    assert form.status_code == 413


@pytest.mark.parametrize(("name", "plain"), [
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\me\\flows.csv", "flows.csv"),
    (".bashrc", "bashrc"),
    ("a\x00b\n.csv", "a_b_.csv"),
    ("数据 1.csv", "数据 1.csv"),
    ("..", "data"),
    ("x" * 400 + ".csv", "x" * 120 + ".csv"),
])  # fmt: skip
def test_a_name_from_a_client_is_no_path(name, plain):
    assert plain_name(name) == plain


@pytest.mark.parametrize("id", ["%2e%2e%2fuploads", "..%5c", "0" * 16, "etc"])
def test_ids_lead_nowhere_else(client, id):
    for path in ("uploads", "runs", "answers", "fits"):
        assert client.get(f"/v1/{path}/{id}").status_code in (404, 405)


def test_every_option_that_reads_takes_an_upload(client, upload):
    """Whatever kinds declare from now on: the name in its help says that it is a file."""
    from interfuse.kinds import all_kinds

    options = [o for kind in all_kinds() for o in kind.options]
    asked = [o for kind in all_kinds() for verb in kind.verbs for o in verb.options]
    files = {o.name for o in options if o.reads_file}
    assert {"labels", "users", "items"} <= files
    assert {"given_file", "mask", "forward"} <= {o.name for o in asked if o.reads_file}
    for name in files:
        said = {"upload": upload, "options": {name: "/etc/passwd"}}
        answer = client.post("/v1/plans", json=said)
        assert answer.status_code == 404, name


def test_files_of_the_server_cannot_be_named(client, run):
    """An option that reads a file takes the id of an upload, nothing else."""
    for said in ("/etc/passwd", "../sessions/run.json", "-"):
        answer = client.post(f"/v1/runs/{run}/generate", json={"options": {"given_file": said}})
        assert answer.status_code == 404
        assert "upload" in answer.json()["detail"]
