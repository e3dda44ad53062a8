"""Flows as nfdump and CICFlowMeter write them."""

from __future__ import annotations

import polars as pl
import pytest

from interfuse.errors import DataError

NAMES = "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt,ismc,mpls1,cl,eng,tr"
FLOWS = [
    f"2024-03-21 10:30:{i:02d}.{i:03d},2024-03-21 10:31:{i:02d}.500,{i}.500,192.0.2.{i},"
    f"{'fe80::1' if i % 2 else '198.51.100.7'},{1024 + i},{2048 if i % 3 == 0 else 443},"
    f"{'ICMP' if i % 3 == 0 else 'TCP'},{'........' if i % 3 == 0 else '...AP.SF'},{i},{40 * i},"
    f"00:00:00:00:00:{i:02x},0-0-0,    0.000,17/1,2024-03-21 10:32:00.071"
    for i in range(10, 40)
]
SUMMARY = ["Summary", "flows,bytes,packets,avg_bps,avg_pps,avg_bpp", "30,29400,735,0,0,40"]


def test_nfdump(sheet, again):
    read = sheet("\n".join([NAMES, *FLOWS, *SUMMARY]) + "\n", "flows.csv")
    assert read.columns[""]["format"] == "nfdump"
    assert not read.notes
    types = {n: str(t.base_type()) for n, t in read.frame.collect_schema().items()}
    assert {types[n] for n in ("ts", "te", "tr")} == {"Datetime"}
    assert {types[n] for n in ("sp", "dp", "ipkt", "ibyt")} == {"Int64"}
    assert {types[n] for n in ("sa", "pr", "flg", "ismc", "mpls1", "eng")} == {"String"}
    values, text = again(read, "o.csv")
    assert text.splitlines() == [NAMES, *FLOWS]
    assert [line.replace(" " * 4, "") for line in text.splitlines()] == values.splitlines()


def test_lists_of_nfdump_one_behind_the_other_and_cut(sheet):
    whole = "\n".join([NAMES, *FLOWS, *SUMMARY]) + "\n"
    assert sheet(whole + whole, "flows.csv").frame.collect().height == 60
    read = sheet("\n".join([NAMES, *FLOWS, FLOWS[0][:50]]), "flows.csv")
    assert read.frame.collect().height == 30
    assert "cut within it" in read.notes[0]
    with pytest.raises(DataError, match="holds no flow"):
        sheet("\n".join([NAMES, "No matching flows", *SUMMARY[:2], "0,0,0,0,0,0"]) + "\n", "f.csv")


def test_columns_with_commas_can_be_added(sheet, again):
    read = sheet("\n".join([NAMES, *FLOWS]) + "\n", "flows.csv")
    with_words = read.frame.with_columns(pl.lit("1,024 to 2,048").alias("expected"))
    read = type(read)(with_words, read.columns)
    (text,) = again(read, "o.csv")
    assert sheet(text, "o.csv").frame.collect()["expected"].unique().to_list() == ["1,024 to 2,048"]


OLD = [" Destination Port", " Flow Duration", " Total Fwd Packets", "Flow Bytes/s",
       " Fwd Header Length", " Bwd Header Length", " Fwd Header Length", " Label"]  # fmt: skip
NEW = ["Dst Port", "Protocol", "Timestamp", "Flow Duration", "Tot Fwd Pkts", "Flow Byts/s", "Label"]


def old(i, twice=None):
    rate = "Infinity" if i % 9 == 0 else "NaN" if i % 11 == 0 else f"{1.5 * i}"
    label = "Web Attack \x96 XSS" if i % 5 == 0 else "BENIGN"
    return f"443,{i % 4},{i % 7},{rate},{20 * i},{i},{20 * i if twice is None else twice},{label}"


def new(i):
    rate = "Infinity" if i % 9 == 0 else 1.5 * i
    return f"80,6,{1 + i % 9:02d}/02/2018 08:{i:02d}:01,{i % 4},{i % 7},{rate},Benign"


def test_the_old_headings_of_cicflowmeter(sheet, again):
    content = "\n".join([",".join(OLD), *map(old, range(1, 60))]) + "\n"
    read = sheet(content.encode("latin-1"), "friday.csv")
    frame = read.frame.collect()
    assert frame.columns == [n.strip() for n in (*OLD[:6], OLD[7])]
    assert all(t.is_numeric() for n, t in frame.schema.items() if n != "Label")
    assert frame["Flow Bytes/s"].is_infinite().sum() == 6
    assert frame["Flow Bytes/s"].null_count() == 5
    assert frame["Label"][4] == "Web Attack – XSS"
    assert "read as Windows-1252" in read.notes[0]
    assert "column 'Fwd Header Length.1' holds what 'Fwd Header Length' does" in read.notes[1]
    for text in again(read, "o.csv"):
        assert text == content.replace("\x96", "–")


def test_a_second_column_that_differs_stays(sheet):
    rows = [old(i, twice=i % 3).replace("\x96", "-") for i in range(1, 60)]
    read = sheet("\n".join([",".join(OLD), *rows]) + "\n", "a.csv")
    assert "Fwd Header Length.1" in read.frame.collect_schema()


def test_the_new_headings_and_days_first(sheet, again):
    rows = list(map(new, range(60)))
    content = "\n".join([",".join(NEW), *rows[:30], ",".join(NEW), *rows[30:]]) + "\n"
    read = sheet(content, "02-14-2018.csv")
    frame = read.frame.collect()
    # No day is above 12, so that only the format says which comes first.
    assert frame["Timestamp"].dt.month().unique().to_list() == [2]
    assert "1 line repeats the names between the rows: left out" in read.notes[0]
    for text in again(read, "o.csv"):
        assert text.splitlines() == [",".join(NEW), *rows]
