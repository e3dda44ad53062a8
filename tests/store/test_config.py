"""`config.json` as types: the arguments of the networks, and edits that are one clear error."""

import inspect
import json

import pytest
from tampered import RUNS, copied, edit

import interfuse
from interfuse.errors import RunError
from interfuse.io.records import slots
from interfuse.kinds.images import config as images
from interfuse.kinds.images import net as images_net
from interfuse.kinds.series import config as series
from interfuse.kinds.series import net as series_net
from interfuse.kinds.table import config as table
from interfuse.kinds.table import net as table_net

NETWORKS = [
    (table.Network, table_net.NETWORKS),
    (series.Network, series_net.NETWORKS),
    (images.Network, images_net.NETWORKS),
]


@pytest.mark.parametrize(("record", "networks"), NETWORKS)
def test_the_record_of_a_network_is_its_arguments(record, networks):
    made = networks[record.__struct_config__.tag]
    assert {slot.name for slot in slots(record)} == set(inspect.signature(made).parameters)


@pytest.mark.parametrize("name", RUNS)
def test_what_is_written_is_what_was_read(name, tmp_path):
    model = interfuse.load(copied(name, tmp_path / "run"))
    again = interfuse.load(model.save(tmp_path / "again"))
    old, new = (json.loads((tmp_path / f / "config.json").read_text()) for f in ("run", "again"))
    del new["kernel"], new["sampling"]
    assert old == new or {**old, "reference": None} == new
    weights = [(tmp_path / f / "weights.safetensors").read_bytes() for f in ("run", "again")]
    assert weights[0] == weights[1]
    assert again.schema == model.schema


EDITS = [
    ("table-format-2", ("network", "name"), "unet", r"config\.json: network"),
    ("table-format-2", ("network", "width"), "wide", "network.width is 'wide'; expected a whole"),
    ("table-format-2", ("network", "width"), 12.0, r"network.width is 12\.0; expected a whole"),
    ("table-format-2", ("network", "depth"), -1, "network.depth is -1; expected a whole number"),
    ("table-format-2", ("network", "sizes"), [12, 0], r"network.sizes\[1\] is 0; expected"),
    ("table-format-2", ("network", "sizes"), {}, r"network.sizes is {}; expected a list"),
    ("table-format-2", ("network", "dropout"), 2, "network.dropout is 2; .* from 0 to 1"),
    ("table-format-2", ("network", "colour"), 1, "network has an unknown entry 'colour'"),
    ("table-format-2", ("layout", "gates"), [[0]], r"layout.gates\[0\] is \[0\]; expected"),
    ("table-format-2", ("layout", "names"), ["a"], "cells and their names differ"),
    ("table-format-2", ("reference",), 5, "reference is 5; expected text, or null"),
    ("series", ("network", "patch"), 0, "network.patch is 0; expected a whole number from 1"),
    ("series", ("network", "owners"), 7, "the series of codec and network differ"),
    ("series", ("origins",), [["a", 1]], r"origins\[0\]\[0\] is 'a'; expected a whole number"),
    ("series", ("temper", "place"), [1.0], "the knots of the temper differ"),
    ("series", ("temper",), None, "temper is None; expected an object"),
    ("images", ("network", "size"), [8], r"network.size is \[8\]; expected a list"),
    ("images", ("network", "classes"), 3, "the classes of schema and network differ"),
    ("images", ("network", "patch"), 0, "network.patch is 0; expected"),
    ("images", ("scores",), ["x"], r"scores\[0\] is 'x'; expected a number"),
    ("images", ("kernel",), {"window": [0, 1]}, "kernel.schedule is missing; expected an object"),
    ("images", ("kernel",), {"window": [1, 0], "schedule": {"name": "cosine"}}, "window is"),
]


@pytest.mark.parametrize(("name", "path", "value", "message"), EDITS)
def test_an_edited_entry_is_one_clear_error(name, path, value, message, tmp_path):
    folder = copied(name, tmp_path / "run")

    def change(config):
        for part in path[:-1]:
            config = config[part]
        config[path[-1]] = value

    edit(folder, "config.json", change)
    with pytest.raises(RunError, match=message) as error:
        interfuse.load(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", RUNS)
def test_an_entry_that_is_gone_is_named(name, tmp_path):
    folder = copied(name, tmp_path / "run")
    edit(folder, "config.json", lambda config: {k: v for k, v in config.items() if k != "network"})
    with pytest.raises(RunError, match=r"config\.json: network is missing; expected an object"):
        interfuse.load(folder)
