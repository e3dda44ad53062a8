"""Models sent and fetched: whole or not at all, with a card, without places of this machine."""

from __future__ import annotations

import functools
import json
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import local_hub
import polars as pl
import pytest
from fsspec.config import conf

import interfuse
from interfuse.errors import OptionError, RunError
from interfuse.share import pull, push


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was fitted from a file."""
    place = tmp_path_factory.mktemp("share")
    frame = pl.DataFrame({"n|a": [i % 7 for i in range(200)], "c": ["x<y", "b"] * 100})
    frame.write_csv(place / "data.csv")
    interfuse.fit(place / "data.csv", examples=1_000, folder=place / "run")
    return place / "run"


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_model_comes_back_as_it_was(run, tmp_path, kind):
    url = str(tmp_path / "there" / "model") if kind == "folder" else "memory://models/a"
    push(run, url, overwrite=True)
    got = pull(url, tmp_path / "got")
    first, again = interfuse.load(run, kind="table"), interfuse.load(got, kind="table")
    assert pl.DataFrame(first.generate(20, seed=1)).equals(pl.DataFrame(again.generate(20, seed=1)))
    assert (got / "reference.safetensors").exists()


def test_a_model_is_fetched_from_a_web_server(run, tmp_path):
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    push(run, str(tmp_path / "site" / "model"))
    handler = functools.partial(SimpleHTTPRequestHandler, directory=tmp_path / "site")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        got = pull(f"http://127.0.0.1:{server.server_port}/model", tmp_path / "got")
        server.shutdown()
    assert interfuse.load(got, kind="table").generate(2).columns == ["n|a", "c"]


@pytest.fixture
def hub(monkeypatch):
    """A hub of this machine, which `hf://` means."""
    constants = pytest.importorskip("huggingface_hub.constants", reason="hf:// needs it")
    # The hub's own storage of large files, which is another service; without it they go by LFS.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with local_hub.hub() as (kept, address):
        asked = {"endpoint": address, "token": local_hub.TOKEN, "skip_instance_cache": True}
        monkeypatch.setitem(conf, "hf", asked)
        yield kept


# huggingface_hub sends files by a keyword that its own client of HTTP warns of.
OF_THE_HUB = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@OF_THE_HUB
def test_a_model_goes_to_a_hub_and_comes_back(run, tmp_path, hub):
    url = f"hf://{local_hub.REPO}"
    written = push(run, url)
    assert hub.files["README.md"].decode() == written
    assert written.startswith("---\nlibrary_name: interfuse")
    assert f"interfuse pull {url} run" in written
    assert hub.commits[-1] == "run.json", "last, so that what is there is whole"
    assert hub.files["weights.safetensors"] in hub.objects.values()
    got = pull(url, tmp_path / "got")
    first, again = interfuse.load(run, kind="table"), interfuse.load(got, kind="table")
    assert first.generate(20, seed=1).equals(again.generate(20, seed=1))
    with pytest.raises(RunError, match="already there"):
        push(run, url)
    push(run, url, overwrite=True, reference=False)
    assert "reference.safetensors" not in hub.files


@OF_THE_HUB
def test_a_hub_that_refuses_gets_no_run(run, tmp_path, hub, monkeypatch):
    with pytest.raises(OptionError, match=r"hf://someone/nothing: cannot be .*[Nn]ot [Ff]ound"):
        push(run, "hf://someone/nothing")
    with pytest.raises(RunError, match="no run is there"):
        pull("hf://someone/nothing", tmp_path / "got")
    hub.full = True
    with pytest.raises(OptionError, match=r"cannot be read or written .*codec.safetensors.*403"):
        push(run, f"hf://{local_hub.REPO}")
    monkeypatch.setitem(conf["hf"], "token", "hf_wrong")
    with pytest.raises(OptionError, match="cannot be read or written"):
        push(run, f"hf://{local_hub.REPO}")
    assert "run.json" not in hub.files, "what was sent until then is no run"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def bucket(monkeypatch):
    """An S3 of this machine with a bucket; needs moto[server] and s3fs."""
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    s3 = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    s3.start()
    host, port = s3.get_host_and_port()
    asked = {"endpoint_url": f"http://{host}:{port}", "key": "k", "secret": "s"}
    monkeypatch.setitem(conf, "s3", asked)
    fsspec.filesystem("s3").mkdir("models")
    yield "s3://models/flows"
    s3.stop()


def test_a_model_goes_to_s3_and_comes_back(run, tmp_path, bucket):
    push(run, bucket)
    got = pull(bucket, tmp_path / "got")
    assert (got / "weights.safetensors").read_bytes() == (run / "weights.safetensors").read_bytes()
    with pytest.raises(RunError, match="already there"):
        push(run, bucket)
    push(run, bucket, overwrite=True)
    with pytest.raises(OptionError, match="there is no bucket 'nosuchbucket'"):
        push(run, "s3://nosuchbucket/flows")
    assert not fsspec.filesystem("s3").exists("nosuchbucket")


def test_the_card_says_what_is_in_it_and_nothing_says_where_it_was(run, tmp_path):
    with_rows = push(run, str(tmp_path / "a"))
    without = push(run, str(tmp_path / "b"), reference=False)
    assert "holds rows of the data" in with_rows
    assert "No row of the data" in without
    assert not (tmp_path / "b" / "reference.safetensors").exists()
    assert "| n\\|a | number |" in with_rows
    assert "200 rows" in with_rows
    for name in ("README.md", "run.json"):
        assert str(run.parent) not in (tmp_path / "a" / name).read_text()
    assert json.loads((run / "run.json").read_text())["data"]["path"], "ours keeps it"
    assert interfuse.load(pull(str(tmp_path / "b"), tmp_path / "c")).detect is not None


def test_what_is_there_is_not_replaced_unasked(run, tmp_path):
    push(run, str(tmp_path / "a"))
    with pytest.raises(RunError, match="already there"):
        push(run, str(tmp_path / "a"))
    with pytest.raises(RunError, match="exists"):
        pull(str(tmp_path / "a"), tmp_path)


def test_a_damaged_or_missing_run_leaves_nothing(run, tmp_path):
    push(run, "memory://models/damaged", overwrite=True)
    system = fsspec.filesystem("memory")
    whole = system.cat_file("/models/damaged/weights.safetensors")
    system.pipe_file("/models/damaged/weights.safetensors", whole[:-8])
    with pytest.raises(RunError, match=r"memory://models/damaged.*checksum"):
        pull("memory://models/damaged", tmp_path / "got")
    system.rm_file("/models/damaged/weights.safetensors")
    with pytest.raises(RunError, match="is missing"):
        pull("memory://models/damaged", tmp_path / "got")
    with pytest.raises(RunError, match="no run is there"):
        pull("memory://nothing", tmp_path / "got")
    with pytest.raises(OptionError, match="cannot be reached"):
        pull("nosuchthing://a", tmp_path / "got")
    assert list(tmp_path.iterdir()) == []
