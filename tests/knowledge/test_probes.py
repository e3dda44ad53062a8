"""The floor of edges by shuffled columns: measured, small, and told."""

from dataclasses import replace

import pytest

from interfuse.errors import OptionError


def test_edges_are_drawn_above_what_shuffled_columns_come_up_to(model, fresh, tmp_path):
    found = model.explain(fresh, rows=400, probes=2, seed=1)
    floor = found.data["floor"]
    # Null pairs gain either sign of the model's error, tiny in nats; `size` tells .3 of `kind`.
    assert 0 <= floor < 0.05
    edges = found.dependence.filter(found.dependence["edge"])
    assert (edges["given_others"] > floor).all()
    assert {"kind", "size"} in [set(p) for p in edges.select("one", "two").iter_rows()]
    names = set(found.dependence["one"]) | set(found.dependence["two"])
    assert not any("probe" in n for n in names), "a probe is no column of the data"
    page, _ = found.save(tmp_path / "e.html")
    assert "2 shuffled columns came up to" in page.read_text(encoding="utf-8")


def test_probes_need_rows_and_a_sensible_number(model):
    with pytest.raises(OptionError, match="expected 1 to 20"):
        model.explain(probes=21)
    with pytest.raises(OptionError, match="the run keeps none"):
        replace(model, reference=None).explain(probes=1)
