"""From a capture to a synthetic capture: packets in, packets out.

    python examples/capture.py                     a small office network, made here
    python examples/capture.py FILE.pcap           your own
    python examples/capture.py --seconds 60 --folder captures

Without a file, packets of an office are made first: twelve computers that look up names, browse,
keep their clocks right, ping their router and are scanned once. A model is fitted to its flows,
new flows are drawn and sent as packets, and both captures are laid side by side. What tshark says
is printed where it is installed.
"""

import argparse
import random
import shutil
import subprocess
import warnings
from pathlib import Path

import polars as pl

import interfuse
from interfuse.evaluate.flow_rules import broken_flow_rules
from interfuse.io.read import read_sheet
from interfuse.io.write import write
from interfuse.io.written import Writing

HOUR = 3600.0
ROUTER, NAMES, CLOCK = "10.7.0.1", "10.7.0.53", "10.7.0.123"
SITES = [f"198.51.100.{i}" for i in range(2, 14)] + [f"203.0.113.{i}" for i in range(2, 8)]
DONE, REFUSED = ("...AP.SF", "...AP.SF", "SF"), ("......S.", "...A.R..", "REJ")


def flow(start, duration, ends, ports, protocol, there, back, flags=(None, None, None), icmp=None):
    """A row; `there` and `back` are packets, payload in all and bytes of the headers of each."""
    row = {
        "start": start, "duration": duration, "src_ip": ends[0], "dst_ip": ends[1],
        "src_port": ports[0], "dst_port": ports[1], "protocol": protocol, "icmp": icmp,
    }  # fmt: skip
    for way, (packets, payload, head), bits in zip(
        ("fwd", "bwd"), (there, back), flags, strict=False
    ):
        row |= {f"{way}_packets": packets, f"{way}_payload": payload, f"{way}_flags": bits}
        row |= {f"{way}_bytes": payload + head * packets}
        row |= {f"{way}_size_min": head if protocol == "tcp" else None}
        row |= {f"{way}_size_max": 1500 if payload > 1448 else head + payload}
    return row | {"iat_max": duration / 2, "state": flags[2]}


def office(flows, seed):
    """Flows of an hour of an office."""
    r = random.Random(seed)
    clients = [f"10.7.0.{i}" for i in range(20, 32)]
    port = {client: r.randrange(49152, 60000) for client in clients}
    out = []
    while len(out) < flows:
        client, at = r.choice(clients), r.random() * HOUR
        port[client] += 1
        ports = (port[client], 443)
        what = r.random()
        if what < 0.42:
            ends = (client, NAMES)
            sizes = (r.randrange(28, 48), r.randrange(60, 240))
            out.append(flow(at, r.expovariate(60), ends, (port[client], 53), "udp",
                            (1, sizes[0], 28), (1, sizes[1], 28)))  # fmt: skip
        elif what < 0.86:
            secure = r.random() < 0.85
            page = int(r.lognormvariate(9.5, 1.6)) + 400
            packets = page // 1448 + 4
            ask = r.randrange(520, 1400) if secure else r.randrange(90, 400)
            ends = (client, r.choice(SITES[: 1 + int(r.paretovariate(1.1)) % len(SITES)]))
            out.append(flow(at, r.lognormvariate(-1, 1.2), ends,
                            (port[client], 443 if secure else 80), "tcp",
                            (packets // 2 + 4, ask, 52), (packets, page, 52), DONE))  # fmt: skip
        elif what < 0.92:
            out.append(flow(at, r.expovariate(30), (client, CLOCK), (123, 123), "udp",
                            (1, 48, 28), (1, 48, 28)))  # fmt: skip
        elif what < 0.96:
            count = r.choice([1, 4, 4, 10])
            out.append(flow(at, count - 1 + r.random() / 50, (client, ROUTER), (None, None),
                            "icmp", (count, 56 * count, 28), (count, 56 * count, 28),
                            icmp="8/0"))  # fmt: skip
        else:
            ports = (port[client], r.randrange(1, 1024))
            out.append(flow(0.3 * HOUR + r.random(), r.random() / 1000, ("10.7.0.66", client),
                            ports, "tcp", (1, 0, 44), (1, 0, 40), REFUSED))  # fmt: skip
    start = 1_750_000_000 + pl.col("start")
    micro = (start * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame(out, infer_schema_length=None).with_columns(start=micro).sort("start")


def side_by_side(real, made):
    """Shares of flows by protocol and port of the service."""

    def shares(frame):
        service = pl.concat_str("protocol", pl.col("dst_port").cast(pl.String).fill_null("-"),
                                separator=" ")  # fmt: skip
        known = frame.select(pl.when(pl.col("dst_port").fill_null(0) < 1024).then(service))
        return known.to_series().alias("service").value_counts(normalize=True)

    both = shares(real).join(shares(made), on="service", how="left").sort("proportion")
    return both.filter(pl.col("proportion") >= 0.01).reverse().head(6)


def tshark(path, *words):
    """What tshark prints of a capture; nothing where it is not installed."""
    if not shutil.which("tshark"):
        return []
    done = subprocess.run(
        ["tshark", "-r", path, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("capture", type=Path, nargs="?", help="yours; without it one is made")
    words.add_argument("--folder", type=Path, default=Path("captures"))
    words.add_argument("--seconds", type=float, default=60, help="of fitting")
    words.add_argument("--flows", type=int, default=2000, help="of the office that is made")
    said = words.parse_args()
    said.folder.mkdir(exist_ok=True)
    warnings.filterwarnings("always", category=interfuse.InterfuseWarning)
    warnings.showwarning = lambda message, *rest: print(f"note: {message}")

    real = said.capture
    if real is None:
        real = said.folder / "office.pcap"
        write(office(said.flows, seed=1), real)
    model = interfuse.fit(real, folder=said.folder / "run", seconds=said.seconds, overwrite=True)
    flows = read_sheet(real).frame.collect()
    made = model.generate(len(flows), seed=1)
    target = said.folder / "synthetic.pcap"
    write(made, target, Writing.of(model.schema.origin).asked(seed=1))
    again = read_sheet(target).frame.collect()

    print(f"\nflows: {len(flows):,} real, {len(made):,} drawn, {len(again):,} metered again")
    print("service: share of the real flows, of the drawn")
    for name, one, other in side_by_side(flows, made).iter_rows():
        print(f"  {name:10} {one:7.1%} {other or 0:7.1%}")
    rules = broken_flow_rules(made)
    broken = [f"{r.text} ({r.broken} of {r.asked})" for r in rules if r.broken]
    print(f"rules of the protocols: {len(rules)} asked; broken: {'; '.join(broken) or 'none'}")
    lines = tshark(target, "-c", "14")
    print("\n".join(["", *lines]))
    if lines:
        wrong = tshark(target, "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
                       "-Y", "_ws.malformed || tcp.checksum.status == 0 || "
                       "udp.checksum.status == 0")  # fmt: skip
        print(f"\nmalformed packets and wrong checksums: {len(wrong)}")


if __name__ == "__main__":
    main()
