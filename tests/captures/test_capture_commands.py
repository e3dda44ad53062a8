"""From a capture to a synthetic capture by the commands that people type."""

import shlex

import polars as pl
import pytest
from crafted import A4, B4, ethernet, ip4, pcap, tcp, udp
from typer.testing import CliRunner

import interfuse
from interfuse.cli.main import app
from interfuse.evaluate.flow_rules import broken_flow_rules
from interfuse.io.read import read_sheet


def run(line):
    return CliRunner().invoke(app, shlex.split(line))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("capture")
    frames, times = [], []
    for i in range(40):
        for j, (back, packet) in enumerate(conversation(i)):
            ends = (B4, A4) if back else (A4, B4)
            frames.append(ethernet(ip4(packet, 6 if i % 2 else 17, ends)))
            times.append((1_700_000_000 + 3 * i) * 10**6 + 20_000 * j)
    (folder / "real.pcap").write_bytes(pcap(frames, times=times))
    model = interfuse.fit(folder / "real.pcap", folder=folder / "run", examples=300,
                          idle_timeout=30.0)  # fmt: skip
    return folder, model


def conversation(i):
    if not i % 2:
        yield False, udp(30 + i, 40_000 + i, 53)
        yield True, udp(90 + i, 53, 40_000 + i)
        return
    for back, flags, size in ((0, 2, 0), (1, 18, 0), (0, 16, 0), (0, 24, 200 + i), (1, 24, 900),
                              (0, 17, 0), (1, 17, 0), (0, 16, 0)):  # fmt: skip
        ports = (80, 40_000 + i) if back else (40_000 + i, 80)
        yield bool(back), tcp(flags, size, *ports)


def test_a_capture_is_fitted_as_flows_and_comes_back_as_one(fitted):
    folder, model = fitted
    assert model.schema.origin.file["idle_timeout"] == 30
    got = run(f"generate {folder / 'run'} -n 50 -o {folder / 'made.pcap'} --payload none")
    assert got.exit_code == 0, got.output
    flows = read_sheet(folder / "made.pcap").frame.collect()
    assert len(flows) == 50
    # Which port a protocol has is learned; that bytes hold their headers is not left to that.
    broken = {one.text for one in broken_flow_rules(flows) if one.broken}
    assert all(text.startswith("well-known services") for text in broken)


def test_rows_are_flows_in_any_format_and_in_python(fitted):
    folder, model = fitted
    assert run(f"generate {folder / 'run'} -n 50 -o {folder / 'made.csv'}").exit_code == 0
    drawn = model.generate(50, given={"bwd_packets": 1})
    assert drawn["bwd_packets"].to_list() == [1] * 50
    assert drawn["bwd_size_min"].equals(drawn["bwd_bytes"])
    assert drawn["bwd_size_max"].equals(drawn["bwd_bytes"])
    for frame in (drawn, pl.read_csv(folder / "made.csv")):
        size = frame["fwd_bytes"] / frame["fwd_packets"]
        assert ((frame["fwd_size_mean"] - size).abs() < 1e-6).all()


def test_another_capture_is_asked_about_with_the_same_time_outs(fitted):
    folder, model = fitted
    frames = [ethernet(ip4(udp(40, 40_000, 53)))] * 2
    (folder / "other.pcap").write_bytes(pcap(frames, times=[10**6, 60 * 10**6]))
    assert len(model.detect(folder / "other.pcap").score) == 2  # 59 s apart, with 30 s: two flows


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("generate {run} -n 5 -o {folder}/a.csv --payload none", "--payload: is for pcap"),
        ("generate {run} -n 5 -o {folder}/a.pcap --payload x", "--payload: 'x' is unknown"),
        ("fit {folder}/t.csv --dry-run --idle-timeout 5", "idle_timeout: is of captures"),
        ("fit {folder}/real.pcap --dry-run --idle-timeout 0", "--idle-timeout: is 0.0; expected"),
    ],
)
def test_options_that_do_not_fit_are_one_clear_error(line, words, fitted):
    folder, _ = fitted
    (folder / "t.csv").write_text("a,b\n1,2\n2,3\n")
    got = run(line.format(run=folder / "run", folder=folder))
    assert isinstance(got.exception, interfuse.errors.InterfuseError | SystemExit)
    assert words in str(got.exception) + got.output
    assert not (folder / "a.csv").exists()
    assert not (folder / "a.pcap").exists()
