"""Access logs and syslog: the examples of Apache, Nginx and the RFCs, there and back."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from interfuse.errors import DataError

COMMON = [
    '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
    '::1 - - [10/Oct/2000:13:55:37 -0700] "GET /a\\"b HTTP/1.1" 404 -',
    '192.0.2.4 - - [10/Oct/2000:13:55:38 -0700] "\\x16\\x03\\x01" 400 226',
    '192.0.2.4 - - [10/Oct/2000:13:55:38 -0700] "-" 408 -',
    '192.0.2.4 - - [10/Oct/2000:13:55:39 -0700] "GET /" 200 5',
    '192.0.2.5 - john doe [10/Oct/2000:13:55:40 -0700] "POST /x y HTTP/1.1" 301 0',
]
ENDS = [' "http://example.org/" "Mozilla/4.08 [en]"', ' "-" "a \\"quoted\\" agent"', ' "-" "-"',
        ' "-" ""', ' "-" "x\\\\"', ' "-" "curl/7"']  # fmt: skip
COMBINED = [row + end for row, end in zip(COMMON, ENDS, strict=True)]
NGINX = [f'{row} "192.0.2.{i}, 192.0.2.9" rt=0.00{i} up="-"' for i, row in enumerate(COMBINED)]
VHOST = ["www.example.org:443 " + row for row in COMBINED]


@pytest.mark.parametrize("rows", [COMMON, COMBINED, NGINX, VHOST])
def test_every_line_comes_back(rows, sheet, again):
    for written in again(sheet("\n".join(rows * 5) + "\n", "access.log")):
        assert written.splitlines() == rows * 5


def test_parts_have_their_types(sheet):
    frame = sheet("\n".join(NGINX * 5) + "\n").frame.collect()
    assert frame["time"].dtype == pl.Datetime("us", "Etc/GMT+7")
    assert frame["status"].dtype == frame["bytes"].dtype == pl.Int64
    assert frame["method"].head(6).to_list() == ["GET", "GET", None, None, "GET", None]
    paths = ["/apache_pb.gif", '/a"b', "\\x16\\x03\\x01", None, "/", "POST /x y HTTP/1.1"]
    assert frame["path"].head(6).to_list() == paths
    assert frame["agent"].head(4).to_list() == ["Mozilla/4.08 [en]", 'a "quoted" agent', None, ""]
    assert frame["rt"].head(3).to_list() == [0.0, 0.001, 0.002]


def test_lines_that_are_none_are_counted(sheet):
    read = sheet("\n".join([*COMBINED * 5, "rubbish", *COMBINED]) + "\n" + COMBINED[0][:60])
    assert read.frame.collect().height == 36
    assert "the log was cut within it, and it is left out" in read.notes[0]
    assert "line 31 is left out: it seems to be no line of an access log" in read.notes[1]


def test_zones_that_differ(sheet, again):
    rows = [row.replace("-0700", "+0200") if i % 3 else row for i, row in enumerate(COMBINED)]
    read = sheet("\n".join(rows * 5) + "\n")
    assert read.frame.collect()["time"].dtype == pl.Datetime("us", "UTC")
    assert "zones differ from row to row" in read.notes[0]
    _, text = again(read)
    assert text.splitlines() == rows * 5


def test_mostly_rubbish_is_not_a_log(sheet):
    with pytest.raises(DataError, match="lines are no rows"):
        sheet("\n".join(COMBINED * 20 + ["rubbish, and more"] * 300) + "\n")


def test_packed(sheet):
    content = gzip.compress("\n".join(COMBINED).encode())
    assert sheet(content, "access.log.gz").frame.collect().height == 6


BSD = [
    "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
    "<30>Feb  5 17:32:19 h systemd[1]: Started x.",
]
NEW = [
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed",
    "<165>1 2003-08-24T05:14:15.000Z 192.0.2.1 myproc 8710 - - %% It's time",
    '<165>1 2003-10-11T22:14:15.003Z m evntslog - ID47 [exampleSDID@32473 iut="3"][x a="b]"] An',
    '<165>1 2003-10-11T22:14:15.003Z m evntslog - ID47 [e@1 i="3"]',
]
PLAIN = [row[4:] for row in BSD]
ISO = [row.replace("Feb  5 ", "2024-03-21T").replace("Oct 11 ", "2024-03-21T") for row in PLAIN]
ISO = [row.replace(":15 ", ":15.000001+01:00 ").replace(":18 ", ":18.250000+01:00 ")
       .replace(":19 ", ":19.125000+01:00 ") for row in ISO]  # fmt: skip


@pytest.mark.parametrize("rows", [BSD, NEW, PLAIN, ISO])
def test_syslog_comes_back(rows, sheet, again):
    read = sheet("\n".join(rows * 9) + "\n", "messages.log")
    assert read.columns[""]["format"] == "syslog"
    for written in again(read):
        assert written.splitlines() == rows * 9


def test_syslog_has_no_year_and_says_so(sheet):
    read = sheet("\n".join(BSD * 9) + "\n")
    frame = read.frame.collect()
    assert read.notes == (read.notes[0],)
    assert "its times have no year; 2000 stands for it" in read.notes[0]
    assert frame.select("facility", "severity").row(0) == (4, 2)
    assert frame["program"].head(3).to_list() == ["su", None, "systemd"]
    assert frame["pid"].head(3).to_list() == [None, None, 1]
