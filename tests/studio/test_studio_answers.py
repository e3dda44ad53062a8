"""Answers are the command line's, byte for byte, in every format; errors are its sentences."""

from __future__ import annotations

import io
import json

import polars as pl
import pyarrow as pa
import pytest
from shopping import EVIL, shop, until

import interfuse
from interfuse.cli.main import execute
from interfuse.studio import preview


@pytest.fixture(scope="module")
def by_command(home, tmp_path_factory):
    """The same question at the command line."""
    path = tmp_path_factory.mktemp("cli") / "answer.csv"
    said = ["generate", str(home / "sessions"), "-n", "60", "--given", "buys=true", "--seed", "3"]
    assert execute([*said, "-o", str(path), "--quiet"]) == 0
    return path


ASKED = {"options": {"rows": 60, "given": ["buys=true"], "seed": 3}}


def test_the_bytes_are_those_of_the_command_and_of_python(client, run, home, by_command, tmp_path):
    answer = client.post(f"/v1/runs/{run}/generate", json=ASKED)
    assert answer.status_code == 200, answer.text
    assert answer.content == by_command.read_bytes()
    told = client.get(f"/v1/answers/{answer.headers['x-interfuse-answer']}").json()
    assert told["command"] == (
        "interfuse generate sessions --rows 60 --given buys=true --seed 3 -o sessions-generate.csv"
    )
    interfuse.ask(
        home / "sessions", "generate", to=tmp_path / "a.csv", rows=60, given=["buys=true"], seed=3
    )
    assert (tmp_path / "a.csv").read_bytes() == by_command.read_bytes()


def test_formats_hold_the_same_rows(client, run, by_command):
    rows = pl.read_csv(by_command)

    def got(accept: str) -> bytes:
        answer = client.post(f"/v1/runs/{run}/generate", json=ASKED, headers={"Accept": accept})
        assert answer.headers["content-type"].split(";")[0] == accept
        return answer.content

    assert pl.DataFrame(json.loads(got("application/json"))).equals(rows)
    assert pl.read_parquet(got("application/vnd.apache.parquet")).equals(rows)
    with pa.ipc.open_stream(got("application/vnd.apache.arrow.stream")) as stream:
        assert pl.DataFrame(stream.read_all()).equals(rows)


def test_a_key_gives_the_same_answer_again_and_no_other(client, run):
    key = {"Idempotency-Key": "order 66"}
    first = client.post(f"/v1/runs/{run}/generate", json=ASKED, headers=key)
    again = client.post(f"/v1/runs/{run}/generate", json=ASKED, headers=key)
    assert first.headers["x-interfuse-answer"] == again.headers["x-interfuse-answer"]
    other = {"options": {**ASKED["options"], "rows": 61}}
    refused = client.post(f"/v1/runs/{run}/generate", json=other, headers=key)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["detail"]


def test_the_same_question_is_answered_once(client, run):
    first, again = (client.post(f"/v1/runs/{run}/generate", json=ASKED) for _ in range(2))
    assert first.content == again.content
    assert first.headers["x-interfuse-answer"] == again.headers["x-interfuse-answer"]
    bad = {"options": {"given": ["colour=blue"]}}
    assert [client.post(f"/v1/runs/{run}/generate", json=bad).status_code for _ in range(2)] == [
        422, 422
    ]  # fmt: skip


def test_async_answers_are_resources(client, run, home):
    asked = client.post(
        f"/v1/runs/{run}/generate",
        json={"options": {"rows": 5, "seed": 9}},
        headers={"Prefer": "respond-async"},
    )
    assert asked.status_code == 202
    place = asked.headers["location"]
    done = until(lambda: (a := client.get(place).json())["status"] == "complete" and a)
    body = client.get(f"{place}/file").content
    assert len(body) == done["bytes"]
    assert pl.read_csv(io.BytesIO(body)).height == 5
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


def test_errors_are_the_librarys_sentences(client, run):
    asked = {"options": {"given": ["colour=red"]}}
    answer = client.post(f"/v1/runs/{run}/generate", json=asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("column 'colour': there is no column of this name")


@pytest.mark.parametrize(("question", "body", "status", "word"), [
    ("fly", {}, 404, "generate"),
    ("detect", {}, 422, "upload"),
    ("generate", {"data": "0" * 16}, 422, "takes no data"),
    ("generate", {"options": {"wings": 2}}, 422, "unknown"),
    ("generate", {"options": {"rows": 10**12}}, 422, "at once"),
    ("generate", {"options": {"seed": [1, 2]}}, 422, "one is expected"),
    ("generate", {"format": "../x"}, 422, "format"),
    ("generate", {"unknown": 1}, 422, "unknown"),
])  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(client, run, question, body, status, word):
    answer = client.post(f"/v1/runs/{run}/{question}", json=body)
    assert answer.status_code == status
    assert word in answer.json()["detail"]


def test_paths_of_this_machine_are_not_told(client, run, upload, home):
    bad = client.post("/v1/uploads?name=bad.csv", content=b"nothing\nhere\n").json()["id"]
    answer = client.post(f"/v1/runs/{run}/detect", json={"data": bad})
    assert answer.status_code == 422
    assert "bad.csv" in answer.json()["detail"]
    assert str(home) not in answer.text


def test_detect_and_its_preview(client, run, upload):
    answer = client.post(f"/v1/runs/{run}/detect", json={"data": upload})
    frame = pl.read_csv(io.BytesIO(answer.content))
    assert frame.height == shop().height
    id = answer.headers["x-interfuse-answer"]
    shown = client.get(f"/v1/answers/{id}/preview", params={"by": "score", "rows": 3}).json()
    best = frame["score"].arg_sort(descending=True)[:3]
    assert shown["numbers"] == [i + 1 for i in best.to_list()]
    assert EVIL in shown["columns"]


def test_explain_needs_no_data_and_answers_with_a_page(client, run, upload, home):
    (found,) = [q for q in client.get(f"/v1/runs/{run}").json()["questions"]
                if q["name"] == "explain"]  # fmt: skip
    assert (found["optional"], found["format"]) == (True, "html")
    of = next(o for o in found["options"] if o["name"] == "of")
    assert of["column"], "a form offers the columns"
    # A fit of 400 rows holds out too few to ask: the sentence says what to give.
    answer = client.post(f"/v1/runs/{run}/explain", json={"options": {"of": "buys"}})
    assert answer.status_code == 422
    assert "Give fresh rows as DATA" in answer.json()["detail"]
    fresh = shop(900)[400:].write_csv().encode()
    sent = client.post("/v1/uploads?name=fresh.csv", content=fresh).json()["id"]
    asked = {"options": {"of": "buys", "rows": 200, "language": "zh"}, "data": sent}
    answer = client.post(f"/v1/runs/{run}/explain", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "有什么可知" in answer.text
    assert EVIL not in answer.text, "the name of a column is markup"


def test_what_changed_is_the_page_of_the_command(client, home, tmp_path):
    """Byte for byte, though the rows lie elsewhere: no path of this machine is in it."""
    interfuse.fit(shop(4_400)[:4_000], examples=1_000, folder=home / "many")
    (run,) = [r["id"] for r in client.get("/v1/runs").json() if r["name"] == "many"]
    fresh = tmp_path / "later.csv"
    shop(4_400)[4_000:].write_csv(fresh)
    sent = client.post("/v1/uploads?name=later.csv", content=fresh.read_bytes()).json()["id"]
    answer = client.post(f"/v1/runs/{run}/compare", json={"data": sent})
    assert answer.status_code == 200, answer.text
    page = tmp_path / "change.html"
    assert execute(["compare", str(home / "many"), str(fresh), "-o", str(page)]) == 0
    assert answer.content == page.read_bytes()
    assert b"400 rows of later.csv" in answer.content
    said = client.get(f"/v1/answers/{answer.headers['X-Interfuse-Answer']}").json()
    assert said["command"] == "interfuse compare many later.csv -o many-compare.html"


def test_a_log_has_rows_and_distributions(tmp_path):
    """Text and empty columns of a format that is parsed as a whole."""
    log = tmp_path / "access.log"
    line = '10.0.0.{} - - [01/Mar/2026:00:00:{:02}+0000] "GET /{} HTTP/1.1" 200 {} "-" "curl/8"'
    line = line.replace("+0000", " +0000")
    log.write_text("".join(line.format(i % 9, i, i % 3, 100 * i) + "\n" for i in range(40)))
    seen = preview.of(log, 5)
    assert "host" in seen["columns"]
    assert len(seen["rows"]) == 5
    shown = {c["name"] for c in preview.distributions(log, None)}
    assert {"host", "path", "bytes"} <= shown
    assert not shown & {"ident", "user"}, "a column of nothing is no picture"


def test_distributions_share_their_bins(tmp_path):
    pl.DataFrame({"x": [0, 1, 2, 3], "c": ["a", "a", "b", None]}).write_csv(tmp_path / "a.csv")
    pl.DataFrame({"x": [0, 0, 10, 10], "c": ["z"] * 4}).write_csv(tmp_path / "b.csv")
    apart = pl.DataFrame({"key": [f"k{i}" for i in range(9)], "x": range(9)})
    apart.write_csv(tmp_path / "c.csv")
    assert [c["name"] for c in preview.distributions(tmp_path / "c.csv", None)] == ["x"]
    number, text = preview.distributions(tmp_path / "a.csv", tmp_path / "b.csv")
    assert (number["low"], number["high"]) == (0, 10)
    assert sum(number["shares"]) == pytest.approx(1)
    assert number["other"][0] == number["other"][-1] == 0.5
    shares = dict(zip(text["values"], text["shares"], strict=True))
    assert shares == pytest.approx({"z": 0, "a": 2 / 3, "b": 1 / 3}), "of values that are there"
    assert text["missing"] == 1
