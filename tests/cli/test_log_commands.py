"""A log in, a log out: fit, generate, impute and detect on Zeek's and Suricata's logs."""

from __future__ import annotations

import json
import random
import re

import pytest

from interfuse.io.read import read

HEAD = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tid.orig_p\tproto\tservice\tduration\torig_bytes\n"
    "#types\ttime\tport\tenum\tstring\tinterval\tcount\n"
)
ROW = re.compile(r"\d{10}\.\d{6}\t\d+\t(tcp|udp)\t(dns|http|-)\t(\d+\.\d{6}|-)\t(\d+|-)")


def conn(rows, seed=0):
    rng = random.Random(seed)
    out = []
    for i in range(rows):
        udp, hole = rng.random() < 0.5, rng.random() < 0.2
        out.append(
            f"{1379288667.7 + 3 * i:.6f}\t{rng.randrange(1024, 65536)}\t{'udp' if udp else 'tcp'}\t"
            f"{'dns' if udp else 'http'}\t{'-' if hole else f'{rng.random():.6f}'}\t"
            f"{'-' if hole else rng.randrange(2000)}"
        )
    return out


def rows_of(path):
    return [line for line in path.read_text().splitlines() if line[:1] != "#"]


@pytest.fixture(scope="module")
def eve(tmp_path_factory):
    path = tmp_path_factory.mktemp("eve") / "eve.json"
    rng = random.Random(1)
    rows = []
    for i in range(160):
        kind = "dns" if i % 4 == 0 else "flow"
        stamp = f"2024-04-07T22:{i // 60:02d}:{i % 60:02d}.251547+0100"
        row: dict[str, object] = {
            "timestamp": stamp,
            "event_type": kind,
            "proto": rng.choice(["TCP", "UDP"]),
        }
        row[kind] = {"bytes": rng.randrange(4000), "pkts": rng.randrange(9)}
        if row["proto"] == "TCP":
            row["tcp"] = {"flags": rng.choice(["1b", "1e"])}
        rows.append(json.dumps(row))
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_log_of_zeek_in_and_out(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = conn(100)
    (tmp_path / "conn.log").write_text(HEAD + "\n".join(rows) + "\n" + rows[0][:30])
    fitted = cli("fit", "conn.log", "-o", "run", "--examples", "300")
    assert fitted.code == 0, fitted.err
    assert "the log was cut within it, and it is left out" in fitted.err.replace("\n", " ")
    assert cli("generate", "run", "-n", "20", "-o", "synthetic.conn.log").code == 0
    text = (tmp_path / "synthetic.conn.log").read_text()
    assert [x for x in text.splitlines() if x[:2] in ("#f", "#t")] == HEAD.splitlines()[-2:]
    drawn = rows_of(tmp_path / "synthetic.conn.log")
    assert len(drawn) == 20
    assert all(ROW.fullmatch(row) for row in drawn)
    assert cli("generate", "run", "-n", "5", "-o", "a.csv").code == 0
    assert read("a.csv").collect().columns == HEAD.splitlines()[-2].split("\t")[1:]

    assert cli("impute", "run", "conn.log", "--draws", "2", "-o", "full.log").code == 0
    for before, after in zip(rows, rows_of(tmp_path / "full.log"), strict=True):
        cells = zip(before.split("\t"), after.split("\t"), strict=True)
        assert all(old == new if old != "-" else new != "-" for old, new in cells)

    assert cli("detect", "run", "conn.log", "-o", "odd.log").code == 0
    scored = read("odd.log").collect()
    assert scored.columns[6:] == ["score", "p_value", "cell", "found", "expected"]
    assert [r.rsplit("\t", 5)[0] for r in rows_of(tmp_path / "odd.log")] == rows


def test_events_in_and_out(cli, eve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = cli("fit", eve, "-o", "run")
    assert refused.code == 2
    assert "2 types: flow (120), dns (40)" in refused.err
    assert not (tmp_path / "run").exists()
    fitted = cli("fit", eve, "-o", "run", "--event-type", "flow", "--examples", "300")
    assert fitted.code == 0, fitted.err
    assert cli("generate", "run", "-n", "20", "-o", "synthetic.json").code == 0
    drawn = [json.loads(line) for line in (tmp_path / "synthetic.json").read_text().splitlines()]
    stamp = re.compile(r"2024-04-07T22:\d\d:\d\d\.\d{6}\+0100")
    assert all(stamp.fullmatch(row["timestamp"]) for row in drawn)
    assert all(set(row["flow"]) == {"bytes", "pkts"} for row in drawn)
    assert {row["event_type"] for row in drawn} == {"flow"}
    # The run knows which events it is of.
    assert cli("detect", "run", eve, "-o", "odd.jsonl").code == 0
    assert len((tmp_path / "odd.jsonl").read_text().splitlines()) == 120


def test_an_event_type_of_what_has_none(cli, table, tmp_path):
    refused = cli("fit", table, "-o", tmp_path / "run", "--event-type", "flow")
    assert refused.code == 2
    assert "event_type: is of files of several sorts of events" in refused.err


def test_a_log_from_what_was_none(cli, run, tmp_path):
    refused = cli("generate", run, "-o", tmp_path / "a.log")
    assert refused.code == 2
    assert "the extension .log is that of" in refused.err
    assert "Use one of .csv" in refused.err


def test_a_log_in_order_of_time_comes_back_in_it(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conn.log").write_text(HEAD + "\n".join(conn(100)) + "\n")
    assert cli("fit", "conn.log", "-o", "run", "--examples", "300").code == 0
    assert cli("generate", "run", "-n", "60", "-o", "drawn.log").code == 0
    times = [float(row.split("\t")[0]) for row in rows_of(tmp_path / "drawn.log")]
    assert len(set(times)) > 40
    assert times == sorted(times)
