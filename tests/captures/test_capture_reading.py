"""Captures of all sorts are read as what was put into them, or refused in one clear error."""

import gzip
import shutil
import struct
import subprocess

import polars as pl
import pytest
from crafted import (
    A4,
    B4,
    enhanced,
    ethernet,
    interface,
    ip4,
    ip6,
    pcap,
    section,
    tcp,
    udp,
)

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.read import read_sheet

FOUR, SIX = ip4(udp()), ip6(udp())
V4, V6 = struct.pack("<I", 2), struct.pack(">I", 30)
WIRELESS = b"\x08\0" + bytes(22) + b"\xaa\xaa\x03\0\0\0\x08\0"
LINKS = {
    "ethernet": (1, ethernet(FOUR)),
    "ethernet and IPv6": (1, ethernet(SIX)),
    "one tag": (1, ethernet(b"\0\5\x08\0" + FOUR, b"\x81\0")),
    "a stack of tags": (1, ethernet(b"\0\5\x81\0\0\6\x86\xdd" + SIX, b"\x88\xa8")),
    "labels": (1, ethernet(b"\0\1\0\x40\0\1\1\x40" + FOUR, b"\x88\x47")),
    "PPPoE": (1, ethernet(b"\x11\0\0\1" + struct.pack("!H", len(FOUR) + 2) + b"\0\x21" + FOUR,
                          b"\x88\x64")),
    "SNAP": (1, ethernet(b"\xaa\xaa\x03\0\0\0\x08\0" + FOUR, struct.pack("!H", len(FOUR) + 8))),
    "loopback": (0, V4 + FOUR),
    "loopback of the other order": (0, V6 + SIX),
    "raw of BSD": (12, FOUR),
    "raw": (101, SIX),
    "cooked": (113, bytes(14) + b"\x08\0" + FOUR),
    "cooked, version 2": (276, b"\x86\xdd" + bytes(18) + SIX),
    "radiotap": (127, b"\0\0\x0a\0" + bytes(6) + WIRELESS + FOUR),
    "IPv4": (228, FOUR),
    "IPv6": (229, SIX),
    "PPP": (9, b"\xff\x03\0\x21" + FOUR),
}  # fmt: skip


def flows(content, tmp_path, name="a.pcap", **file):
    path = tmp_path / name
    path.write_bytes(content)
    return read_sheet(path, file=file).frame.collect()


def noted(content, tmp_path):
    with pytest.warns(InterfuseWarning) as told:
        frame = flows(content, tmp_path)
    return frame, " | ".join(str(w.message) for w in told)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("link", LINKS)
def test_every_link_type_carries_the_same_packet(link, order, tmp_path):
    number, frame = LINKS[link]
    got = flows(pcap([frame], number, order), tmp_path).row(0, named=True)
    head = 20 if got["src_ip"] == "10.0.0.1" else 40
    ends = ("10.0.0.1", "192.0.2.7") if head == 20 else ("2001:db8::1", "2001:db8::2")
    assert (got["src_ip"], got["dst_ip"]) == ends
    assert (got["src_port"], got["dst_port"], got["protocol"]) == (40000, 53, "udp")
    assert (got["fwd_bytes"], got["fwd_payload"], got["bwd_packets"]) == (head + 20, 12, 0)


def test_times_are_those_of_the_file(tmp_path):
    one, two = ethernet(FOUR), ethernet(ip4(udp(5, 53, 40000), ends=(B4, A4)))
    at = [1_700_000_000_123_456_789, 1_700_000_001_123_456_790]
    fine = flows(pcap([one, two], fine=True, times=at), tmp_path)
    assert fine.schema["start"] == pl.Datetime("ns", "UTC")
    assert fine["start"].dt.timestamp("ns").to_list() == at[:1]
    assert fine["duration"].to_list() == [1.000000001]
    coarse = flows(pcap([one, two], times=[t // 1000 for t in at]), tmp_path)
    assert coarse["start"].dt.timestamp("us").to_list() == [at[0] // 1000]


def test_a_snap_length_and_padding_change_no_flow(tmp_path):
    frames = [ethernet(ip4(tcp(2, options=20), 6)), ethernet(ip4(tcp(24, 900), 6))]
    padded = [frame + bytes(6) for frame in frames]
    whole = flows(pcap(frames), tmp_path)
    for other in (pcap(frames, snap=68), pcap(padded)):
        assert flows(other, tmp_path).equals(whole)
    assert whole["fwd_payload"].to_list() == [900]
    assert whole["fwd_flags"].to_list() == ["...AP.S."]


def test_fragments_belong_to_the_flow_of_the_first(tmp_path):
    first = ip4(udp(24), fragment=0x2000)
    later = ip4(bytes(40), fragment=4)
    lost = ip4(bytes(40), fragment=4, ident=8)
    frame, said = noted(pcap([ethernet(p) for p in (first, later, lost)]), tmp_path)
    assert frame["fwd_packets"].to_list() == [2]
    assert frame["fwd_payload"].to_list() == [24 + 40]
    assert "1 frame left out: fragments whose first part is not in the capture" in said


def test_segments_that_the_network_card_cuts_have_the_length_of_their_frame(tmp_path):
    packet = ip4(tcp(24, 5000), 6, total=0)
    assert flows(pcap([ethernet(packet)]), tmp_path)["fwd_bytes"].to_list() == [5040]


def test_what_is_cut_is_counted_and_said(tmp_path):
    frames = [ethernet(FOUR), b"", ethernet(b"\0\1" + bytes(26), b"\x08\x06"), ethernet(FOUR)]
    frame, said = noted(pcap(frames)[:-5], tmp_path)
    assert frame["fwd_packets"].to_list() == [1]
    assert "cut short or damaged behind packet 3: its last 65 bytes" in said
    assert "2 frames left out: not of IP" in said
    assert "1 packet in 1 flow, with time-outs of 120 s without a packet and 1800 s" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pcap([]), "is a capture without a packet"),
        (pcap([ethernet(b"\0\1" + bytes(26), b"\x08\x06")]), "none of its 1 frames is a whole"),
        (pcap([ethernet(FOUR)], 147), "1 of link type 147, which is not known"),
        (pcap([ethernet(FOUR)])[:20], "has 20 bytes; a pcap file has a header of 24"),
        (pcap([])[:4] + b"\1\0" + pcap([])[6:], "is pcap of version 1; expected 2"),
        (section()[:8] + bytes(20), "begins as pcapng but its first block is no section header"),
        (b"a,b\n1,2\n", "is named as pcap but does not start as such a file does"),
    ],
)
def test_what_holds_nothing_is_one_clear_error(content, words, tmp_path):
    with pytest.raises(DataError, match=words):
        flows(content, tmp_path)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_has_interfaces_of_their_own_clocks(order, tmp_path):
    nano = struct.pack(order + "HHB3x", 9, 1, 9)
    binary = struct.pack(order + "HHB3x", 9, 1, 0x80 | 10)
    later = struct.pack(order + "HHq", 14, 8, 1000)
    answer = ip4(udp(5, 53, 40000), ends=(B4, A4))
    content = (
        section(order)
        + interface(1, nano, order)
        + interface(101, binary + later, order)
        + enhanced(0, 1_000_000_000_000, ethernet(FOUR), order)
        + enhanced(1, 512, answer, order)
        + enhanced(5, 512, answer, order)
    )
    frame, said = noted(content, tmp_path)
    assert frame["start"].dt.timestamp("us").to_list() == [1000 * 10**6]
    assert frame["duration"].to_list() == [0.5]  # 512 ticks of 2^-10 s after 1000 s
    assert frame["bwd_payload"].to_list() == [5]
    assert "1 packets name an interface that the capture does not describe" in said


def test_names_may_say_the_other_format_and_files_may_be_packed(tmp_path):
    content = section() + interface(1) + enhanced(0, 10**9, ethernet(FOUR))
    plain = flows(content, tmp_path, "a.pcapng")
    assert flows(content, tmp_path, "a.pcap").equals(plain)
    assert flows(gzip.compress(content), tmp_path, "a.pcapng.gz").equals(plain)
    assert flows(content, tmp_path, "capture").equals(plain)


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_tshark_sees_the_same_packets(tmp_path):
    frames = [LINKS[name][1] for name in ("ethernet", "one tag", "a stack of tags", "SNAP")]
    frames += [ethernet(ip4(tcp(18, 3), 6)), ethernet(ip6(tcp(17, 9), 6))]
    flows(pcap(frames), tmp_path)
    asked = ["ip.src", "ipv6.src", "udp.srcport", "tcp.srcport", "tcp.len", "udp.length"]
    fields = [part for name in asked for part in ("-e", name)]
    said = subprocess.run(
        ["tshark", "-r", tmp_path / "a.pcap", "-T", "fields", *fields],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    ours = flows(pcap(frames), tmp_path)
    theirs = {tuple(v for v in line.split("\t")[:4] if v) for line in said}
    assert theirs == {(r[0], str(r[1])) for r in ours.select("src_ip", "src_port").rows()}
    payload = sum(int(row.split("\t")[4] or 0) for row in said)
    assert payload == ours.filter(protocol="tcp")["fwd_payload"].sum() == 12
