"""Logs by layouts, W3C, names and values: the examples of the programs' manuals, there and back."""

from __future__ import annotations

import polars as pl
import pytest

AGENT = "Mozilla/5.0 (X11; Linux) Firefox/1"
LOGS = {
    "haproxy": [
        "Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] "
        'http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET '
        '/index.html HTTP/1.1"',
        "Feb  6 12:14:15 localhost haproxy[14389]: 10.0.1.3:33318 [06/Feb/2009:12:14:15.655] "
        'http-in http-in/<NOSRV> -1/-1/-1/-1/8490 408 212 - - cR-- 0/0/0/0/0 0/0 "<BADREQ>"',
        "Feb  6 12:12:56 localhost haproxy[14387]: 10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt "
        "bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
    ],
    "squid": [
        "1286536308.779    180 192.168.0.224 TCP_MISS/200 411 GET http://a.example/ u2 "
        "DIRECT/192.0.2.9 text/html",
        "1286536309.586      5 192.168.0.7 TCP_DENIED/407 3852 CONNECT b.example:443 - "
        "HIER_NONE/- -",
    ],
    "aws-elb": [
        "2015-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 "
        f'0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "{AGENT}" - -',
        "2015-05-13T23:39:44.945958Z my-lb 192.168.131.40:2818 - -1 -1 -1 503 0 0 0 "
        f'"GET http://www.example.com:80/x HTTP/1.1" "{AGENT}" - -',
    ],
    "aws-s3": [
        "79a5 amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5 3E57427F3EXAMPLE "
        'REST.GET.VERSIONING - "GET /amzn-s3-demo-bucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" '
        '"S3Console/0.4" - s9lzHYrFp76ZVxRcpX9 SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader '
        "b.s3.us-west-1.amazonaws.com TLSV1.2 - -",
    ],
    "aws-vpc": [
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 "
        "1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
    ],
    "bind": [
        "22-Apr-2024 10:15:03.123 queries: info: client @0x7f8b4c 192.0.2.7#53124 (example.com): "
        "query: example.com IN A +E(0)K (192.0.2.1)",
    ],
    "dnsmasq": [
        "Mar 10 08:00:00 dnsmasq[842]: query[A] www.example.com from 192.168.1.20",
        "Mar 10 08:00:00 dnsmasq[842]: forwarded www.example.com to 9.9.9.9",
        "Mar 10 08:00:01 dnsmasq[842]: reply www.example.com is <CNAME>",
        "Mar 10 08:00:01 dnsmasq[842]: cached www.example.com is 192.0.2.4",
    ],
    "tcpdump": [
        "2025-03-10 08:00:00.122856 IP 10.0.0.2.50412 > 192.0.2.80.443: Flags [S], seq 173, win "
        "64240, options [mss 1460,sackOK,nop,wscale 7], length 0",
        "2025-03-10 08:00:00.142856 IP 10.0.0.2.50412 > 192.0.2.80.443: Flags [P.], seq 1:518, "
        "ack 1, win 502, length 517",
        "2025-03-10 08:00:01.122856 IP 10.0.0.2.5353 > 192.0.2.53.53: 41231+ A? example.com. (29)",
        "2025-03-10 08:00:02.122856 IP6 fe80::1.546 > ff02::1:2.547: UDP, length 60",
        "2025-03-10 08:00:03.122856 IP 10.0.0.2 > 10.0.0.1: ICMP echo request, id 7, seq 1, "
        "length 64",
        "2025-03-10 08:00:04.122856 ARP, Request who-has 10.0.0.1 tell 10.0.0.2, length 28",
    ],
    "fast-log": [
        "10/05/2010-10:08:59.667372  [**] [1:2009187:4] ET WEB_CLIENT ACTIVEX iDefense [**] "
        "[Classification: Web Application Attack] [Priority: 3] {TCP} 192.0.2.33:80 -> "
        "192.168.1.4:56068",
        "10/05/2010-10:08:59.667372  [**] [1:2100384:6] GPL ICMP PING [**] [Classification: Misc "
        "activity] [Priority: 3] {ICMP} 192.0.2.33:8 -> 192.168.1.4:0",
    ],
    "nginx-error": [
        '2024/03/21 10:30:00 [error] 29#29: *1 open() "/usr/share/nginx/html/x" failed (2: No such '
        'file or directory), client: 172.17.0.1, server: localhost, request: "GET /x HTTP/1.1", '
        'host: "localhost"',
        "2024/03/21 10:30:01 [notice] 1#1: signal process started",
    ],
    "apache-error": [
        "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client "
        "72.15.99.187:1200] AH00128: File does not exist: /usr/local/apache2/htdocs/favicon.ico",
    ],
    "yaf": [
        "2025-03-10 08:00:00.122 - 08:00:01.122 (1.000 sec) tcp 10.0.0.2:51000 => 192.0.2.9:80 "
        "0a1b2c3d:3d2c1b0a S/APSF:AS/APSF (5/400 <-> 4/900) rtt 20 ms",
        "2025-03-10 08:00:02.122 - 08:00:02.122 (0.000 sec) udp 10.0.0.2:51000 => 192.0.2.9:53 "
        "(1/60 ->)",
    ],
    "cef": [
        "CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 "
        r"dst=192.0.2.2 spt=1232 msg=a rule \= of two words",
    ],
    "leef": [
        "LEEF:1.0|Microsoft|MSExchange|4.0 SP1|15345|src=192.0.2.0\tdst=172.50.123.1\tsev=5\t"
        "cat=an anomaly",
    ],
    "netfilter": [
        "Mar 10 08:00:00 fw kernel: [51424.775585] [UFW BLOCK] IN=eth0 OUT= MAC=00:16:3e:5e:6c:00:"
        "00:1b:17:a0:2d:01:08:00 SRC=192.0.2.9 DST=10.0.0.5 LEN=40 TOS=0x00 PREC=0x00 TTL=67 "
        "ID=8558 DF PROTO=TCP SPT=2150 DPT=161 WINDOW=1024 RES=0x00 SYN URGP=0",
        "Mar 10 08:00:01 fw kernel: [51425.775585] [UFW BLOCK] IN=eth0 OUT= MAC=00:16:3e:5e:6c:00:"
        "00:1b:17:a0:2d:01:08:00 SRC=192.0.2.9 DST=10.0.0.5 LEN=40 TOS=0x00 PREC=0x00 TTL=67 "
        "ID=8558 PROTO=UDP SPT=2150 DPT=161 LEN=20",
    ],
    "logfmt": [
        'time=2024-03-21T10:30:00Z level=info msg="a \\"b\\" c" bytes=12 from=192.0.2.1:80',
        'date=2019-05-10 time=11:37:47 logid="0000000013" type="traffic" srcip=10.1.100.11',
    ],
    "rwcut": [
        "            sIP|sPort|pro|   packets|   flags|                  sTime|",
        "       10.0.0.2|51000|  6|        12|FS PA   |2025/03/10T08:00:00.122|",
        "    2001:db8::1|   53| 17|         1|        |2025/03/10T08:00:01.122|",
    ],
    "w3c": [
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time c-ip cs-method cs(User-Agent) sc-status time-taken",
        "2025-03-10 08:00:00 10.0.0.7 GET Mozilla/5.0+(X11) 200 31",
        "2025-03-10 08:00:01 10.0.0.8 HEAD - 404 2",
    ],
}  # fmt: skip


def lines_of(name):
    """So many of each that a format is found by them."""
    rows = [LOGS[name][1]] if name == "logfmt" else LOGS[name]
    heads = [r for r in rows if r[:1] == "#" or "sIP|" in r]
    return [*heads, *[r for r in rows if r not in heads] * 12]


@pytest.mark.parametrize("name", LOGS)
def test_every_line_comes_back(name, sheet, again):
    read = sheet("\n".join(lines_of(name)) + "\n", "some.log")
    assert read.columns[""]["format"] == name
    assert not any("left out" in note for note in read.notes)
    for written in again(read):
        assert written.splitlines() == lines_of(name)


def test_pairs_of_several_sorts_of_lines(sheet, again):
    rows = [LOGS["logfmt"][0], LOGS["logfmt"][0].replace(" bytes=12", "")] * 20
    read = sheet("\n".join(rows) + "\n", "app.log")
    frame = read.frame.collect()
    assert frame["bytes"].to_list()[:2] == [12, None]
    assert frame["msg"][0] == 'a "b" c'
    assert again(read)[-1].splitlines() == rows


@pytest.mark.parametrize(
    "head",
    [
        "<134>1 2024-03-21T10:30:00.123Z gate.example - - - - ",
        "<134>1 2024-03-21T10:30:00Z gate threat 4012 ID47 - ",
        '<134>1 2024-03-21T10:30:00+02:00 gate threat - ID47 [meta a="b \\] c"][x y="1"] ',
        "<134>1 2024-03-21T10:30:00Z gate ",
        "<134>Mar 21 10:30:00 gate ",
    ],
)
@pytest.mark.parametrize("name", ["cef", "leef", "logfmt"])
def test_heads_of_syslog_come_back(name, head, sheet, again):
    rows = [head + line for line in lines_of(name)]
    read = sheet("\n".join(rows) + "\n", "some.log")
    assert read.columns[""]["format"] == name
    assert not any("left out" in note for note in read.notes)
    if "ID47" in head:
        assert read.frame.collect()["syslog.id"].unique().to_list() == ["ID47"]
    for written in again(read):
        assert written.splitlines() == rows


def test_parts_have_their_types(sheet):
    frame = sheet("\n".join(lines_of("haproxy")) + "\n").frame.collect()
    assert frame["time"].dtype == pl.Datetime("ms")
    assert frame["tq"].head(3).to_list() == [10, -1, None]
    assert frame["url"].head(3).to_list() == ["/index.html", "<BADREQ>", None]
    frame = sheet("\n".join(lines_of("netfilter")) + "\n").frame.collect()
    assert frame["SYN"].head(2).to_list() == [True, None]
    assert frame["MAC.src"][0] == "00:1b:17:a0:2d:01"
    frame = sheet("\n".join(lines_of("w3c")) + "\n").frame.collect()
    assert frame["time"].dtype == pl.Datetime("us")
    assert frame["cs(User-Agent)"].to_list()[:2] == ["Mozilla/5.0 (X11)", None]
    frame = sheet("\n".join(lines_of("fast-log")) + "\n").frame.collect()
    assert frame["time"][0].month == 10, "months come first in alerts, whatever the others say"
    assert frame["sid"].dtype == pl.String, "a number that names a rule"


def test_flows_as_nfdump_prints_them(sheet):
    rows = [
        "Date first seen          Duration Proto      Src IP Addr:Port          Dst IP Addr:Port   "
        "Packets    Bytes Flows",
        *["2025-03-10 08:00:00.122    1.4037 UDP       10.2.2.102:53050 ->      34.2.76.45:53    "
          "    20    1.2 M     1"] * 8,
        "Summary: total flows: 8, total bytes: 9.6 M, total packets: 160",
    ]  # fmt: skip
    read = sheet("\n".join(rows) + "\n", "flows.txt")
    frame = read.frame.collect()
    assert (frame.height, read.notes) == (8, ())
    assert frame["bytes"].unique().to_list() == [1_200_000]
    assert frame["dst_port"].unique().to_list() == ["53"]


def test_a_program_among_others_is_syslog(sheet):
    other = "Feb  6 12:14:14 localhost sshd[3]: Connection closed by 192.0.2.9 port 22 [preauth]"
    rows = [*LOGS["haproxy"] * 4, *[other] * 12]
    assert sheet("\n".join(rows) + "\n").columns[""]["format"] == "syslog"
