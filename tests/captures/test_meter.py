"""Flows are those of a plain meter that takes packet after packet."""

import numpy as np
import pytest
from crafted import ethernet, ip4, pcap, tcp

from interfuse.errors import OptionError
from interfuse.io.capture.meter import meter
from interfuse.io.capture.network import Packets
from interfuse.io.read import read_sheet

SECOND = 10**9


def packets(n, seed):
    """Packets of few hosts and ports, so that flows meet, end and begin anew."""
    r = np.random.default_rng(seed)
    protocol = r.choice([6, 17, 1], n, p=[0.6, 0.3, 0.1])
    tcp_ = protocol == 6
    ports = r.integers(1, 4, (2, n))
    ports[:, protocol == 1] = -1
    flags = np.where(tcp_, r.choice([2, 16, 24, 17, 4, 18], n), -1)
    message = np.where(protocol == 1, r.choice([8 << 8, 0], n), -1)
    size, ends = r.integers(40, 1500, n), r.integers(0, 3, (2, n))
    return Packets(
        time=np.sort(r.integers(0, 4000 * SECOND, n)),
        version=np.full(n, 4),
        source=ends[0],
        target=ends[1],
        protocol=protocol,
        source_port=ports[0],
        target_port=ports[1],
        size=size,
        payload=size - 40,
        flags=flags,
        message=message,
        exchange=np.where(protocol == 1, (8 << 16) + r.integers(0, 2, n), -1),
    )


def plain(p, idle, active):
    """The definition, one packet after the other: rows (start, end, packets, bytes, flags)."""
    open_, done = {}, []
    for i in range(len(p)):
        here, there = (p.source[i], p.source_port[i]), (p.target[i], p.target_port[i])
        key = (p.protocol[i], p.exchange[i], *sorted([here, there]))
        flow = open_.get(key)
        opens = p.protocol[i] == 6 and p.flags[i] & 18 == 2
        if flow is not None and (
            p.time[i] - flow["end"] > idle * SECOND
            or p.time[i] - flow["start"] > active * SECOND
            or (opens and flow["closed"])
        ):
            done.append(flow)
            flow = None
        if flow is None:
            flow = open_[key] = {"start": p.time[i], "from": here, "n": [0, 0], "size": [0, 0],
                                 "flags": [0, 0], "closed": False}  # fmt: skip
        way = int(here != flow["from"])
        flow["end"] = p.time[i]
        flow["n"][way] += 1
        flow["size"][way] += p.size[i]
        flow["flags"][way] |= max(p.flags[i], 0)
        # Since the last SYN, or the start, a FIN or RST.
        flow["closed"] = (flow["closed"] and not opens) or (
            p.protocol[i] == 6 and p.flags[i] & 5 > 0
        )
    done += open_.values()
    return sorted((f["start"], f["end"], *f["n"], *f["size"], *f["flags"]) for f in done)


@pytest.mark.parametrize(("idle", "active"), [(120, 1800), (20, 100), (1000, 50)])
def test_flows_are_those_of_a_plain_meter(idle, active):
    p = packets(3000, seed=idle)
    got = meter(p, idle, active)
    f, b = got.forward, got.backward
    ours = zip(got.start, got.start + got.duration, f.packets, b.packets, f.size, b.size,
               f.flags, b.flags, strict=True)  # fmt: skip
    expected = plain(p, idle, active)
    assert len(expected) > 300
    assert sorted(tuple(map(int, row)) for row in ours) == [tuple(map(int, r)) for r in expected]


def test_time_outs_are_options_that_are_kept_and_checked(tmp_path):
    frames = [ethernet(ip4(tcp(16, 10), 6))] * 3
    content = pcap(frames, times=[0, 10 * 10**6, 40 * 10**6])
    (tmp_path / "a.pcap").write_bytes(content)
    sheet = read_sheet(tmp_path / "a.pcap", file={"idle_timeout": 15})
    assert sheet.frame.collect()["fwd_packets"].to_list() == [2, 1]
    assert sheet.columns[""] == {"format": "pcap", "idle_timeout": 15.0, "active_timeout": 1800.0}
    again = read_sheet(tmp_path / "a.pcap", file={"active_timeout": 30.0})
    assert again.frame.collect()["duration"].to_list() == [10.0, 0.0]
    for bad in (0, -1, float("nan"), "soon"):
        with pytest.raises(OptionError, match=r"--idle-timeout: is .* expected a number of"):
            read_sheet(tmp_path / "a.pcap", file={"idle_timeout": bad})
