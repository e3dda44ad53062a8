"""Messages and identifiers: what few rows have is made anew, and not in the run folder."""

from __future__ import annotations

import re
import zlib

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.kinds.table.infer import infer_schema

USERS = ("root", "admin", "invalid user x")
SENT = [f"Failed password for {user} from %s port %d ssh2" for user in USERS]
DONE = ["Started Session %d of user alice.", 'GET /users/%d HTTP/1.1" 200']


def digest(*parts):
    return f"{zlib.crc32(repr(parts).encode()):08x}{zlib.adler32(repr(parts).encode()):08x}"


def table(n=900, seed=0):
    r = np.random.default_rng(seed)
    hosts = [f"93.184.{a}.{b}" for a in range(4) for b in range(60)]
    said = []
    for i in range(n):
        form = [*SENT, *DONE][i % 5]
        number = int(r.integers(10_000, 60_000))
        said.append(form % ((hosts[r.integers(len(hosts))], number) if i % 5 < 3 else number))
    uids = [f"C{digest(i // 3)}Xy{i // 3 % 10}" for i in range(n)]
    files = [",".join(f"F{digest(i // 2, k)}" for k in range(1 + i // 2 % 3)) for i in range(n)]
    return pl.DataFrame({
        "message": said, "uid": uids, "files": files,
        "own": [f"K{digest('own', i)}" for i in range(n)], "size": r.integers(60, 900, n),
        "words": [f"{a} {b}" for a, b in zip(said, uids, strict=True)],
        "browser": [("Firefox", "ChromeMobile", "InternetExplorer")[i % 3] for i in range(n)],
    })  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return table()


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    part = data.select("message", "uid", "files", "size")
    folder = tmp_path_factory.mktemp("fit") / "run"
    return interfuse.fit(part, examples=4_000, seed=0, folder=folder), folder


def test_columns_are_known_by_their_values(data):
    schema = infer_schema(data)
    kinds = {n: schema[n].kind for n in data.columns}
    assert kinds["message"] == kinds["words"] == "message"
    assert kinds["uid"] == kinds["files"] == "identifier"
    assert kinds["own"] == "key"
    assert kinds["browser"] == "category"


def test_what_is_drawn_says_the_same_with_other_names(data, model):
    drawn = model[0].generate(1_000)
    forms = {re.sub(r"\d\S*", "#", text) for text in data["message"]}
    found = [re.sub(r"\d\S*", "#", text) for text in drawn["message"]]
    assert np.mean([f in forms for f in found]) > 0.9
    assert len(drawn["message"].unique()) > 500
    # Of 90,000 numbers of sessions 180 are real: among 200 drawn ones .4 are by chance.
    assert len(set(drawn["message"]) & set(data["message"])) <= 4
    web = [text for text in drawn["message"] if text.startswith("GET")]
    assert np.mean([text.endswith('HTTP/1.1" 200') for text in web]) > 0.9
    counts = drawn["files"].str.count_matches(",").value_counts(normalize=True)
    assert counts["proportion"].min() > 0.2, "lists of one to three, a third each"
    for name in ("uid", "files"):
        assert not set(drawn[name]) & set(data[name])


def test_nothing_that_few_rows_have_is_in_the_run_folder(data, model):
    stored = b"".join(p.read_bytes() for p in model[1].rglob("*") if p.is_file())
    some = [w for text in data["files"][:60] for w in text.split(",")]
    some += data["uid"].unique()[:60].to_list()
    some += [re.search(r"93\.184\.\S+", t)[0] for t in data["message"] if "93." in t][:60]  # pyright: ignore[reportOptionalSubscript]
    assert not [word for word in some if word.encode() in stored]


def test_a_column_with_some_addresses_has_them_made_anew():
    frame = pl.DataFrame({
        "answer": [f"93.184.1.{i % 50}" if i % 2 else ("<CNAME>", "NODATA")[i // 2 % 2]
                   for i in range(400)],
        "remote": [f"93.184.1.{i % 50}:{1024 + i}" for i in range(400)],
        "version": [f"1.2.3.{i % 50}" if i % 2 else "none" for i in range(400)],
    })  # fmt: skip
    schema = infer_schema(frame)
    assert [schema[n].kind for n in frame.columns] == ["address_list", "address_list", "category"]
