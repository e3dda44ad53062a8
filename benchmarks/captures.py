"""`python -m benchmarks.captures`: captures in, captures out.

    python -m benchmarks.captures --data DATA [--only reading,speed,...] [--examples 200000]

`DATA/traces/zeek-captures` has 765 small captures of Zeek's tests, many malformed on purpose.

* reading: every one is read, or refused in one clear error; packets of IP are counted beside dpkt,
  the reader of others, where it is installed.
* speed: packets a second of CPU time, reading headers alone and metering flows too, as a ratio to
  dpkt on the same file in the same run.
* round: flows of all captures as packets and metered again, by the meter of interfuse and by
  nfstream, where it is installed, with the same time-outs.
* drawn: a model of the flows of half of the captures. Rules of the protocols that real flows of the
  other half, drawn flows, drawn flows as the network gives them, and columns shuffled each for
  itself break; and what tshark says of the packets of the drawn flows, where it is installed.

The split is by capture, never by flow.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.common import RESULTS, Results, circumstances, console
from interfuse.errors import DataError
from interfuse.evaluate.flow_rules import broken_flow_rules, share_broken
from interfuse.io.capture.files import Capture, mapped, read_pcap
from interfuse.io.capture.flows import flow_table
from interfuse.io.capture.mend import mend
from interfuse.io.capture.meter import meter
from interfuse.io.capture.network import decode
from interfuse.io.read import read_sheet
from interfuse.io.write import write
from interfuse.io.written import Writing

PARTS = ("reading", "speed", "round", "drawn")
PACKETS = 300_000
"""Of the capture whose reading is timed."""
KEY = ("start", "src_ip", "dst_ip", "protocol")
COUNTS = ("fwd_packets", "bwd_packets", "fwd_bytes", "bwd_bytes")
_IP = (b"\x08\x00", b"\x86\xdd")


def captures(data: Path) -> list[Path]:
    """The files, in the order of their names."""
    return sorted(p for p in (data / "traces" / "zeek-captures").iterdir() if p.is_file())


def flows_of(path: Path) -> pl.DataFrame:
    """The flows of a capture.

    Raises:
        DataError: there are none.
    """
    return read_sheet(path).frame.collect()


def dpkt() -> Any:
    """The package; None where it is not installed."""
    try:
        return import_module("dpkt")
    except ImportError:
        return None


def reading(paths: list[Path]) -> dict[str, Any]:
    """Read every capture."""
    refused: Counter[str] = Counter()
    read = flows = packets = 0
    for path in paths:
        try:
            frame = flows_of(path)
        except DataError as error:
            refused[" ".join(str(error).split(": ", 1)[1].split()[:5])] += 1
            continue
        read += 1
        flows += len(frame)
        packets += int(frame.select(pl.sum("fwd_packets") + pl.sum("bwd_packets")).item())
    out = {"captures": len(paths), "read": read, "refused": dict(refused)}
    out |= {"flows": flows, "packets": packets}
    if dpkt() is not None:
        out["equal to dpkt"] = _beside_dpkt(paths)
    return out


def _beside_dpkt(paths: list[Path]) -> dict[str, int]:
    """Of plain captures of Ethernet without tags: how many have the same packets of TCP and UDP."""
    same = other = 0
    for path in paths:
        with path.open("rb") as file:
            start = file.read(24)
        if start[:4] != b"\xd4\xc3\xb2\xa1" or start[20:24] != b"\1\0\0\0":
            continue
        theirs = sum(_seen_by_dpkt(path))
        try:
            ours = flows_of(path).filter(pl.col("protocol").is_in(["tcp", "udp"]))
            count = int(ours.select(pl.sum("fwd_packets") + pl.sum("bwd_packets")).item())
        except DataError:
            count = 0
        same, other = same + (count == theirs), other + (count != theirs)
    return {"captures": same, "others": other}


def _seen_by_dpkt(path: Path) -> Iterator[int]:
    """1 for each packet of TCP or UDP whose ports dpkt finds."""
    them = dpkt()
    with path.open("rb") as file:
        try:
            for _, raw in them.pcap.Reader(file):
                frame = them.ethernet.Ethernet(raw)
                yield int(
                    isinstance(getattr(frame.data, "data", None), them.tcp.TCP | them.udp.UDP)
                )
        except (them.dpkt.NeedData, them.dpkt.UnpackError, ValueError):
            return


def large(paths: list[Path], target: Path) -> int:
    """A capture of many packets, made of the frames of Ethernet of all; returns their number."""
    frames: list[bytes] = []
    for path in paths:
        data = mapped(path) if path.stat().st_size else np.zeros(0, np.uint8)
        if data[:4].tobytes() != b"\xd4\xc3\xb2\xa1" or data[20:24].tobytes() != b"\1\0\0\0":
            continue
        found: Capture = read_pcap(data, path.name)
        view = data.data
        for at, size in zip(found.at.tolist(), found.captured.tolist(), strict=True):
            if bytes(view[at + 12 : at + 14]) in _IP:
                frames.append(bytes(view[at - 16 : at + size]))
    often = -(-PACKETS // len(frames))
    with target.open("wb") as file:
        file.write(b"\xd4\xc3\xb2\xa1\2\0\4\0" + bytes(8) + b"\0\0\4\0\1\0\0\0")
        for _ in range(often):
            file.writelines(frames)
    return often * len(frames)


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The least CPU time of some runs."""
    took = []
    for _ in range(times):
        begin = time.process_time()
        work()
        took.append(time.process_time() - begin)
    return min(took)


def speed(paths: list[Path]) -> dict[str, Any]:
    """Packets a second of CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.pcap"
        packets = large(paths, path)

        def headers() -> None:
            decode(read_pcap(mapped(path), path.name))

        def table() -> None:
            decoded = decode(read_pcap(mapped(path), path.name))
            flow_table(decoded, meter(decoded.packets))

        took = {"headers": seconds(headers), "flows": seconds(table)}
        out: dict[str, Any] = {"packets": packets, "megabytes": path.stat().st_size / 1e6}
        out |= {f"{name}, packets/s": packets / t for name, t in took.items()}
        if dpkt() is not None:
            theirs = seconds(lambda: sum(_seen_by_dpkt(path)), 1)
            out["dpkt, packets/s"] = packets / theirs
            out["headers to dpkt"] = theirs / took["headers"]
    return out


def all_flows(paths: list[Path]) -> pl.DataFrame:
    """The flows of all captures, with the name of each."""
    out = []
    for path in paths:
        try:
            frame = flows_of(path)
        except DataError:
            continue
        frame = frame.with_columns(pl.col("start").dt.cast_time_unit("us"))
        out.append(frame.with_columns(capture=pl.lit(path.name)))
    return pl.concat(out)


def apart_in_time(frame: pl.DataFrame) -> pl.DataFrame:
    """Flows of captures an hour from each other, as if one after the other had been taken."""
    first = pl.col("start").min().over("capture")
    turn = pl.col("capture").rank("dense").cast(pl.Int64)
    hours = pl.lit(1_600_000_000_000_000) + turn * 7_200_000_000
    shifted = (pl.col("start") - first).dt.total_microseconds() % 3_600_000_000 + hours
    return frame.with_columns(shifted.cast(pl.Datetime("us", "UTC")).alias("start"))


def round_trip(paths: list[Path]) -> dict[str, Any]:
    """Packets of real flows, metered again."""
    flows = mend(apart_in_time(all_flows(paths))).frame
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "again.pcap"
        begin = time.process_time()
        write(flows.drop("capture"), path)
        took = time.process_time() - begin
        packets = int(flows.select(pl.sum("fwd_packets") + pl.sum("bwd_packets")).item())
        out: dict[str, Any] = {"flows": len(flows), "packets": packets}
        out["written packets/s"] = packets / took
        out["own meter"] = equal_share(flows, flows_of(path), KEY)
        theirs = _nfstream(path)
        if theirs is not None:
            ours = flows.filter(pl.col("protocol").is_in(["tcp", "udp"]))
            key = ("src_ip", "dst_ip", "src_port", "dst_port", "fwd_packets", "bwd_packets")
            out["nfstream, TCP and UDP"] = equal_share(ours, theirs, key)
        return out | _tshark(path)


def equal_share(flows: pl.DataFrame, again: pl.DataFrame, key: tuple[str, ...]) -> dict[str, float]:
    """Share of flows that are found again, and of those with equal packets and bytes."""
    every = list(dict.fromkeys((*key, *COUNTS)))

    def counted(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
        return frame.group_by(
            [pl.col(n).fill_null(-1) if n.endswith("port") else n for n in names]
        ).len()

    out = {}
    for name, names in (("found", list(key)), ("packets and bytes equal", every)):
        both = counted(flows, names).join(counted(again, names), on=names, how="left", suffix="_r")
        least = pl.min_horizontal("len", pl.col("len_r").fill_null(0))
        out[name] = float(both.select(least.sum() / pl.col("len").sum()).item())
    return out


def _nfstream(path: Path) -> pl.DataFrame | None:
    """The flows as nfstream meters them; None where it is not installed."""
    try:
        meter_of = import_module("nfstream").NFStreamer
    except ImportError:
        return None
    words = {"idle_timeout": 120, "active_timeout": 1800, "accounting_mode": 1, "n_meters": 1}
    names = {
        "src_ip": "src_ip", "dst_ip": "dst_ip", "src_port": "src_port", "dst_port": "dst_port",
        "fwd_packets": "src2dst_packets", "bwd_packets": "dst2src_packets",
        "fwd_bytes": "src2dst_bytes", "bwd_bytes": "dst2src_bytes",
    }  # fmt: skip
    rows = [
        {ours: getattr(flow, theirs) for ours, theirs in names.items()}
        for flow in meter_of(source=str(path), n_dissections=0, **words)
        if flow.protocol in (6, 17)
    ]
    return pl.DataFrame(rows)


def _tshark(path: Path) -> dict[str, Any]:
    """What tshark finds wrong with a capture; nothing where it is not installed."""
    if not shutil.which("tshark"):
        return {}
    checks = [f"-o{name}.check_checksum:TRUE" for name in ("ip", "tcp", "udp")]

    def count(wanted: str) -> int:
        words = [
            "tshark",
            "-r",
            str(path),
            *checks,
            "-Y",
            wanted,
            "-T",
            "fields",
            "-e",
            "frame.number",
        ]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return len(said.splitlines())

    sums = " || ".join(f"{name}.checksum.status == 0" for name in ("ip", "tcp", "udp", "icmp"))
    sequence = (
        "tcp.analysis.lost_segment || tcp.analysis.out_of_order || tcp.analysis.ack_lost_segment"
    )
    return {
        "tshark": {
            "malformed": count("_ws.malformed"),
            "wrong checksums": count(f"{sums} || icmpv6.checksum.status == 0"),
            "out of sequence": count(sequence),
        }
    }


def drawn(paths: list[Path], examples: int, seed: int) -> dict[str, Any]:
    """A model of the flows of half of the captures, its flows and their packets."""
    import interfuse
    from interfuse.io.origin import Origin

    half = np.random.default_rng(seed).permutation(len(paths))
    known, held = (
        apart_in_time(all_flows([paths[i] for i in sorted(part)])).drop("capture").sort("start")
        for part in np.array_split(half, 2)
    )
    with tempfile.TemporaryDirectory() as folder:
        real, path = Path(folder) / "real.pcap", Path(folder) / "drawn.pcap"
        write(known, real)
        model: Any = interfuse.fit(real, examples=examples, seed=seed)
        made = pl.concat(model.generate_batches(len(held), seed=seed))
        bare = replace(model, schema=replace(model.schema, origin=Origin()))
        raw = pl.concat(bare.generate_batches(len(held), seed=seed))
        shuffled = known.select(pl.all().shuffle(seed=seed))
        tables = {"real, held out": held, "drawn": made, "as the network gives them": raw,
                  "columns shuffled": shuffled}  # fmt: skip
        out: dict[str, Any] = {"flows": len(known), "examples": examples}
        out["rules broken"] = {name: share_broken(frame) for name, frame in tables.items()}
        out["rules"] = len(broken_flow_rules(made))
        out["broken in drawn"] = {
            one.text: one.share for one in broken_flow_rules(made) if one.broken
        }
        write(made, path, Writing.of(model.schema.origin).asked(seed=seed))
        again = flows_of(path)
        out["own meter"] = equal_share(made, again, KEY)
        # Flows without ports of the same two hosts at the same time are one to any meter.
        ported = made.filter(pl.col("protocol").is_in(["tcp", "udp"]))
        out["own meter, TCP and UDP"] = equal_share(ported, again, KEY)
        return out | _tshark(path)


def main() -> None:
    """Measure and write down."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--data", type=Path, required=True, help="folder with traces/zeek-captures")
    words.add_argument("--only", default=",".join(PARTS), help="parts with commas between")
    words.add_argument("--examples", type=int, default=200_000, help="of the fit")
    words.add_argument("--seed", type=int, default=0)
    said = words.parse_args()
    paths = captures(said.data)
    results = Results(RESULTS / "captures.json")
    warnings.simplefilter("ignore")
    work: dict[str, Callable[[], dict[str, Any]]] = {
        "reading": lambda: reading(paths),
        "speed": lambda: speed(paths),
        "round": lambda: round_trip(paths),
        "drawn": lambda: drawn(paths, said.examples, said.seed),
    }
    for part in said.only.split(","):
        found = work[part]()
        console.print(part, found)
        results.add(
            part, {**found, **circumstances(f"benchmarks.captures --only {part}", said.seed)}
        )


if __name__ == "__main__":
    main()
