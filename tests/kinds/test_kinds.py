"""Each kind of data keeps its promises, and one from outside is as good as ours."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse import kinds
from interfuse.errors import OptionError, RunError
from interfuse.testing import Sample, check_kind
from processes import fresh, python, ran, watched

HERE = Path(__file__).parent
SOURCE = Path(interfuse.__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "series"), str(HERE.parent / "interactions")]


@pytest.fixture
def bits(monkeypatch):
    """The kind of another package, as long as a test runs."""
    monkeypatch.setenv("PYTHONPATH", f"{HERE}:{SOURCE.parent}")
    sys.path.insert(0, str(HERE))
    import bits as module

    if module.KIND not in kinds.all_kinds():
        kinds.register(module.KIND)
    yield module
    kinds.unregister("bits")
    sys.path.remove(str(HERE))


@pytest.fixture
def forked(monkeypatch):
    """`check_kind` opens its runs in a fork: that of `bits` is opened by a new interpreter."""

    def run(command, **_):
        done = ran(*command[2:])
        return subprocess.CompletedProcess(command, done.code, done.out, done.err)

    monkeypatch.setattr("interfuse.testing.subprocess", SimpleNamespace(run=run))


@pytest.fixture
def lines(tmp_path):
    """Two bits, then the first again, then the second turned round."""
    first = np.random.default_rng(0).integers(0, 2, (600, 2))
    rows = np.concatenate([first, first[:, :1], 1 - first[:, 1:]], 1)
    path = tmp_path / "pairs.bits"
    path.write_text("\n".join("".join(map(str, row)) for row in rows))
    return path


def test_a_kind_from_outside_keeps_the_promises(bits, lines, tmp_path):
    (tmp_path / "bad.bits").write_text("0101\n012\n")
    holes = np.array([[1, -1, 0, -1], [-1, -1, -1, 1]])

    def known(model, seed):
        return holes[holes >= 0], model.impute(holes, seed=seed)[holes >= 0]

    sample = Sample(
        lines,
        {"examples": 20_000},
        broken=[(tmp_path / "bad.bits", "expected lines of 0 and 1")],
        known=known,
        prefix=lambda model, n: model.generate(n, seed=3)[:2],
        modules=["bits"],
    )
    check_kind(bits.KIND, sample, tmp_path)
    model = interfuse.load(tmp_path / "run", kind="bits")
    drawn = model.generate(400, seed=1)
    # Less than 5 % of the draws break a rule, where independent bits would break 75 %.
    kept = (drawn[:, 2] == drawn[:, 0]) & (drawn[:, 3] != drawn[:, 1])
    assert kept.mean() > 0.95


def test_it_has_the_command_line_without_an_edit(bits, lines, tmp_path):
    code = "import sys, bits; from interfuse.cli import main; sys.argv[0] = 'interfuse'; main()"
    # The command line is made of the kinds that are there when it is imported: the first is a new
    # interpreter, the others import it again.
    again = (
        "import sys; ours = [n for n in sys.modules if n.startswith('interfuse.cli')]; "
        f"[sys.modules.pop(n) for n in ours]; {code}"
    )

    def cli(*words, start=python, code=again):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return watched(start(code, *words, cwd=tmp_path, **pipes)).wait_for_end()

    asked = ("fit", lines, "-o", "run", "--examples", 5_000, "--rate", 0.02)
    fitted = cli(*asked, start=fresh, code=code)
    assert fitted.code == 0, fitted.err
    assert "600 lines" in cli("show", "run").out
    drawn = cli("generate", "run", "-n", 5, "-o", "out.bits", "--reverse", "--seed", 4)
    assert drawn.code == 0, drawn.err
    expected = interfuse.load(tmp_path / "run", kind="bits").generate(5, seed=4)[:, ::-1]
    assert (tmp_path / "out.bits").read_text().split() == ["".join(map(str, r)) for r in expected]
    refused = cli("generate", "run", "-o", "out.bits", "--like", "x")
    assert refused.code == 2
    assert "--like: is for models of time series; this one is of bits. Drop it." in refused.err
    repeated = cli("reproduce", "run")
    assert repeated.code == 0, repeated.err
    assert "every weight is bit-equal" in repeated.out


def test_options_of_other_kinds_are_refused_and_unknown_ones_are_no_option(bits, lines):
    with pytest.raises(OptionError, match="rate: is for bits; this fit is of a table"):
        interfuse.fit(pl.DataFrame({"a": [1, 2]}), rate=0.1)  # pyright: ignore[reportCallIssue]
    with pytest.raises(OptionError, match="labels: is for images; this fit is of bits"):
        interfuse.fit(lines, labels=[1, 2])
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        interfuse.fit(lines, colour=1)  # pyright: ignore[reportCallIssue]


def test_two_kinds_of_one_name_are_an_error(bits):
    with pytest.raises(ValueError, match="another kind has this name"):
        kinds.register(bits.BitsKind())


def test_a_run_of_a_kind_that_is_not_here(tmp_path):
    with pytest.raises(RunError, match="is a model of 'graph', which this interfuse does not know"):
        kinds.of_record({"kind": "graph"}, tmp_path)


def test_no_file_outside_names_a_kind():
    named = re.compile("|".join(rf"[\"']{kind.name}[\"']" for kind in kinds.all_kinds()))
    found = [
        f"{path.relative_to(SOURCE)}:{number}"
        for path in SOURCE.rglob("*.py")
        if "kinds" not in path.relative_to(SOURCE).parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if named.search(line)
    ]
    assert not found


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    frame = pl.DataFrame({"x": x, "sign": np.where(x > 0, "up", "down")})
    frame.write_csv(tmp_path / "data.csv")
    return tmp_path / "data.csv"


def test_tables_keep_the_promises(forked, table, tmp_path):
    def known(model, seed):
        holes = pl.DataFrame({"x": [0.5, None, 1.25], "sign": [None, "up", None]})
        filled = model.impute(holes, draws=3, seed=seed).frame(1)
        keep = [holes[c].is_not_null() for c in holes.columns]
        before, after = (
            [f[c].filter(k).to_list() for c, k in zip(holes.columns, keep, strict=True)]
            for f in (holes, filled)
        )
        return before, after

    (tmp_path / "one.csv").write_text("a,b\n1,2\n")
    sample = Sample(
        table,
        {"examples": 4_000, "precision": "fp32"},
        broken=[(tmp_path / "one.csv", "expected at least 2"), (tmp_path / "no.csv", "no.csv")],
        known=known,
        prefix=lambda model, n: model.generate(n, seed=3).head(2).rows(),
    )
    check_kind(kinds.named("table"), sample, tmp_path / "w")


def test_images_keep_the_promises(forked, tmp_path):
    import tiny_images

    images, _ = tiny_images.shades(240)
    np.savez(tmp_path / "shades.npz", images=images)
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    mask = np.ones((8, 8), bool)
    mask[2:5, 3:6] = False

    def known(model, seed):
        filled = model.impute(images[:2], mask, seed=seed)
        return images[:2][:, mask].tolist(), filled[:, mask].tolist()

    with tiny_images.small_network():
        sample = Sample(
            tmp_path / "shades.npz",
            {"examples": 3_000, "precision": "fp32"},
            broken=[(tmp_path / "bad.npz", "bad.npz")],
            known=known,
            prefix=lambda model, n: model.generate(n, seed=3, steps=5)[:2].tolist(),
        )
        check_kind(kinds.named("images"), sample, tmp_path / "w")


def two_series(model, n):
    drawn = model.generate(n, length=20, seed=3).array[0, :2]
    # Matrix products of another number of windows round otherwise in the last bits of float32.
    return np.round(drawn, 3).tolist()


def test_series_keep_the_promises(forked, tmp_path):
    import tiny_series

    frame = tiny_series.hosts(96)
    frame.write_csv(tmp_path / "servers.csv")
    (tmp_path / "bad.csv").write_text("a\nx\ny\n")
    holes = frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 7 == 3).then(None).otherwise("load").alias("load")
    )

    def known(model, seed):
        filled = model.impute(holes, draws=2, seed=seed).frame(1)
        keep = holes["load"].is_not_null()
        return holes["load"].filter(keep).to_list(), filled["load"].filter(keep).to_list()

    with tiny_series.small_network():
        sample = Sample(
            tmp_path / "servers.csv",
            {"examples": 640, "precision": "fp32"},
            broken=[(tmp_path / "bad.csv", "column 'a'")],
            known=known,
            prefix=two_series,
        )
        check_kind(kinds.named("series"), sample, tmp_path / "w")


def test_interactions_keep_the_promises(forked, tmp_path):
    import made

    frame = made.touches(users=45, items=20)
    frame.write_csv(tmp_path / "shop.csv")
    (tmp_path / "bad.csv").write_text("item,rating\na,1\nb,2\n")
    holes = frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 5 == 3).then(None).otherwise("rating").alias("rating")
    )

    def known(model, seed):
        filled, keep = model.impute(holes), holes["rating"].is_not_null()
        return holes.filter(keep).rows(), filled.filter(keep).rows()

    sample = Sample(
        tmp_path / "shop.csv",
        {"examples": 2_000},
        broken=[(tmp_path / "bad.csv", "no column is named as a user")],
        known=known,
        prefix=lambda model, n: model.generate(n, seed=3).filter(pl.col("user_id") <= "u2").rows(),
    )
    check_kind(kinds.named("interactions"), sample, tmp_path / "w")


def test_type_checkers_know_the_options_that_are_declared():
    stub = ast.parse((SOURCE / "kinds" / "typed.pyi").read_text(encoding="utf-8"))
    fields = {
        node.name.lower(): {
            ast.unparse(part.target) for part in node.body if isinstance(part, ast.AnnAssign)
        }
        for node in stub.body
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Options", "Common"))
    }
    for kind in kinds.all_kinds():
        assert fields[f"{kind.name}options"] - {"schema"} == {o.name for o in kind.options}
    own = {"data", "kind", "schema", "options"}
    assert fields["common"] == set(inspect.signature(interfuse.fit).parameters) - own


def test_a_model_of_another_kind_than_was_asked_for(bits, lines, tmp_path):
    interfuse.fit(lines, examples=640, folder=tmp_path / "run")
    with pytest.raises(RunError, match="is a model of bits; expected one of images"):
        interfuse.load(tmp_path / "run", kind="images")
    assert interfuse.load(tmp_path / "run", kind="bits").schema.width == 4
