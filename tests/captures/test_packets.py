"""Flows become packets that are metered as these flows again, with checksums that are right."""

import shutil
import struct
import subprocess

import polars as pl
import pytest
from odd_flows import odd_flows, records, sums

from interfuse.errors import DataError, InterfuseWarning, OptionError
from interfuse.io.capture.flows import COLUMNS
from interfuse.io.capture.mend import mend
from interfuse.io.read import read_sheet
from interfuse.io.write import write
from interfuse.io.written import Writing

FLOWS = mend(odd_flows(300, seed=3)).frame
KEY = ["start", "src_ip", "dst_ip", "protocol"]


def asked(**options):
    return Writing({}).asked(**options)


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    path = tmp_path_factory.mktemp("packets") / "a.pcap"
    assert write([FLOWS[:150], FLOWS[150:]], path, asked(seed=5)) == 300
    return path


def again(path):
    return read_sheet(path).frame.collect()


def test_packets_are_metered_as_the_flows_they_are_of(capture):
    both = FLOWS.join(again(capture), on=KEY, how="left", suffix="_again", nulls_equal=True)
    assert len(both) == len(FLOWS)

    def equal(*names):
        same = [pl.col(n).eq_missing(pl.col(f"{n}_again")) for n in names]
        return both.select(pl.all_horizontal(same).mean()).item()

    # Rows like these are no traffic: at most 2 % of them open again what they have closed.
    ways = [f"{way}_{n}" for way in ("fwd", "bwd") for n in ("packets", "bytes", "payload")]
    assert equal(*ways) >= 0.98
    assert equal("src_port", "dst_port", "icmp") >= 0.98
    assert equal("duration", "iat_max") >= 0.98
    assert equal("fwd_flags", "bwd_flags", "state") >= 0.98
    assert equal("fwd_size_max", "bwd_size_max") >= 0.85


def test_all_checksums_are_right_and_time_goes_on(capture):
    frames = records(capture.read_bytes())
    assert all(total == 0xFFFF for _, frame in frames for total in sums(frame))
    times = [time for time, _ in frames]
    assert times == sorted(times)
    assert len(frames) == FLOWS.select(pl.sum("fwd_packets") + pl.sum("bwd_packets")).item()


def test_tcp_goes_through_its_states(tmp_path):
    flow = FLOWS.filter(protocol="tcp").head(1).with_columns(
        src_ip=pl.lit("10.0.0.1"), dst_ip=pl.lit("10.0.0.2"), dst_port=pl.lit(9999),
        fwd_packets=pl.lit(6), bwd_packets=pl.lit(6), fwd_bytes=pl.lit(6 * 40 + 20 + 100),
        fwd_payload=pl.lit(100), bwd_bytes=pl.lit(6 * 40 + 20 + 3000), bwd_payload=pl.lit(3000),
        fwd_flags=pl.lit("...AP.SF"), bwd_flags=pl.lit("...AP.SF"), fwd_size_min=pl.lit(40),
        bwd_size_min=pl.lit(40), fwd_size_max=pl.lit(140), bwd_size_max=pl.lit(1500),
    )  # fmt: skip
    write(flow, tmp_path / "a.pcap", asked())
    frames = [frame[14:] for _, frame in records((tmp_path / "a.pcap").read_bytes())]
    heads = [struct.unpack("!HHIIBB", packet[20:34]) for packet in frames]
    flags = [head[5] for head in heads]
    assert flags[:3] == [2, 18, 16]
    assert flags[-3:-1] == [17, 17]
    assert flags[-1] == 16
    expected = {}
    for packet, (sport, _, seq, ack, words, bits) in zip(frames, heads, strict=True):
        size = len(packet) - 20 - (words >> 4) * 4
        assert seq == expected.setdefault(sport, seq)  # what comes next has the next number
        other = next((n for port, n in expected.items() if port != sport), None)
        assert other is None or not bits & 16 or ack == other  # all that came is acknowledged
        expected[sport] = (seq + size + (bits & 3 > 0)) % 2**32


def test_the_same_seed_gives_the_same_bytes_whatever_the_chunks(capture, tmp_path):
    write(FLOWS, tmp_path / "b.pcap", asked(seed=5))
    assert (tmp_path / "b.pcap").read_bytes() == capture.read_bytes()
    write(FLOWS, tmp_path / "c.pcap", asked(seed=6))
    assert (tmp_path / "c.pcap").read_bytes() != capture.read_bytes()


def test_formats_and_payloads_hold_the_same_flows(capture, tmp_path):
    whole = again(capture)
    write(FLOWS, tmp_path / "a.pcapng", asked(seed=5))
    assert again(tmp_path / "a.pcapng").equals(whole)
    for payload in ("none", "random"):
        write(FLOWS, tmp_path / "a.pcap.gz", asked(seed=5, payload=payload))
        assert again(tmp_path / "a.pcap.gz").select(COLUMNS).equals(whole.select(COLUMNS))
    write(FLOWS, tmp_path / "none.pcap", asked(seed=5, payload="none"))
    carried = FLOWS.filter(pl.col("protocol").is_in(["tcp", "udp"]))
    payload = carried.select(pl.sum("fwd_payload") + pl.sum("bwd_payload")).item()
    assert (tmp_path / "none.pcap").stat().st_size == capture.stat().st_size - payload
    fine = FLOWS.with_columns(pl.col("start").cast(pl.Datetime("ns", "UTC")))
    write(fine, tmp_path / "fine.pcap", asked(seed=5))
    assert (tmp_path / "fine.pcap").read_bytes()[:4] == b"\x4d\x3c\xb2\xa1"
    both = again(tmp_path / "fine.pcap").join(whole, on=KEY[1:], suffix="_coarse")
    assert both.select((pl.col("duration") == pl.col("duration_coarse")).mean()).item() >= 0.98


def test_flows_of_the_same_ends_are_told_apart_and_that_is_said(tmp_path):
    row = FLOWS.filter(protocol="udp").filter(pl.col("src_port") > 2000).head(1)
    with pytest.warns(InterfuseWarning, match="source port, which another flow .*: 2"):
        write(pl.concat([row] * 3), tmp_path / "a.pcap", asked())
    ports = again(tmp_path / "a.pcap")["src_port"].to_list()
    assert ports == [row["src_port"][0] + i for i in range(3)]


def test_what_cannot_be_sent_is_left_out_or_refused(tmp_path):
    bad = FLOWS.head(3).with_columns(src_ip=pl.Series(["host", "10.0.0.1", "10.0.0.1"]),
                                     dst_ip=pl.lit("10.0.0.2"),
                                     protocol=pl.Series(["tcp", "quic", "udp"]))  # fmt: skip
    with pytest.warns(InterfuseWarning) as told:
        write(bad, tmp_path / "a.pcap", asked())
    said = " | ".join(str(w.message) for w in told)
    assert "1 flow left out: an address that is none" in said
    assert "1 flow left out: a protocol that has no number" in said
    assert len(again(tmp_path / "a.pcap")) == 1
    with pytest.raises(DataError, match="column 'fwd_bytes' is not there"):
        write(FLOWS.drop("fwd_bytes"), tmp_path / "b.pcap")
    with pytest.raises(OptionError, match="--payload: 'zeros' is unknown; expected one of templ"):
        write(FLOWS, tmp_path / "b.pcap", asked(payload="zeros"))
    assert not (tmp_path / "b.pcap").exists()


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_tshark_finds_nothing_malformed_and_no_wrong_checksum(tmp_path):
    served = FLOWS.filter(pl.col("protocol").is_in(["tcp", "udp", "icmp", "ipv6-icmp"]))
    # Of the sizes that messages of these protocols have; SNMP is none of TCP.
    each = pl.col("fwd_payload") / pl.col("fwd_packets")
    asked_for = pl.col("icmp").fill_null("8/0").is_in(["8/0", "128/0"])
    streams = (pl.col("dst_port") == 161) & (pl.col("protocol") == "tcp")
    long = served.filter(each.is_between(300, 1400), asked_for, ~streams.fill_null(False))
    assert len(long) >= 15
    write(long.with_columns(bwd_packets=pl.lit(0)), tmp_path / "a.pcap", asked())
    checks = [f"-o{name}.check_checksum:TRUE" for name in ("ip", "tcp", "udp")]
    found = subprocess.run(
        ["tshark", "-r", tmp_path / "a.pcap", *checks, "-Y", "_ws.malformed || ip.checksum.status"
         " == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout == ""
