"""The parts of a model of a table in a run folder, all but `run.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as save_arrays

from interfuse.errors import RunError
from interfuse.io.files import write_atomically, write_json
from interfuse.kinds.table.ask.odd.reference import Reference
from interfuse.kinds.table.codec import TableCodec, field_specs
from interfuse.kinds.table.config import Network, TableConfig
from interfuse.kinds.table.fitted import Fitted
from interfuse.kinds.table.following import cross_of
from interfuse.kinds.table.laws import Laws
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.objective import table_gaussian
from interfuse.kinds.table.net import NETWORKS
from interfuse.kinds.table.net.cross import width
from interfuse.kinds.table.schema import Schema
from interfuse.run import store
from interfuse.run.config import fits, put_together, read_config
from interfuse.run.network import network_entries, read_network
from interfuse.run.weights import WEIGHTS, read_arrays, tensor_shapes, write_weights


def write_folder(model: Fitted, folder: Path) -> None:
    """Write all parts but `run.json`."""
    model.schema.save(folder / "schema.json")
    kept = save_arrays(model.reference.arrays()) if model.reference else None
    config = {
        "kind": model.schema.kind,
        **network_entries(model.net, "table", table_gaussian()),
        "layout": model.layout.to_json(),
        "reference": hashlib.sha256(kept).hexdigest() if kept else None,
    }
    if kept:
        write_atomically(folder / store.REFERENCE, kept)
    else:
        (folder / store.REFERENCE).unlink(missing_ok=True)
    write_json(folder / "config.json", config)
    write_json(folder / "codec.json", model.codec.to_json())
    write_atomically(folder / "codec.safetensors", save_arrays(model.codec.arrays()))
    write_weights(folder, model.net)


def read_folder(folder: Path, parts: Mapping[str, dict[str, Any]]) -> Fitted:
    """What a model is made of, from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    with put_together(folder):
        config = read_config(folder, parts, TableConfig)
        schema = Schema.from_json(parts["schema.json"])
        layout, shape = config.layout.layout(), config.network
        fits(folder, (schema.kind == config.kind, "the kinds of schema and config.json"))
        _check_layout(folder, layout, shape)
        arrays = read_arrays(folder / "codec.safetensors")
        codec = TableCodec.from_json(schema, parts["codec.json"], arrays)
        _check_codec(folder, codec, layout)
        laws = Laws.together(codec.laws, layout.sizes, layout.apart)
        layout = replace(layout, laws=laws)
        net = read_network(folder, config, NETWORKS)
        net.cross = cross_of(codec, net.kernel or table_gaussian())
        fits(folder, (width(net.cross) == shape.crossing, "what follows what, and the network"))
        reference = _reference(folder, config.reference, layout)
        return Fitted(schema, codec, layout, net, reference)


def _check_layout(folder: Path, layout: Layout, shape: Network) -> None:
    """Check what cells say of one another, and that the network is one for them.

    It comes first: building a network takes time that grows with the square of its cells.
    """
    q, p = layout.categories, layout.numbers
    head = tensor_shapes(folder / WEIGHTS).get("head.bias")
    ordered = [j for j, k in enumerate(shape.ordered) if k]
    gates = [gate for gate in layout.gates if gate is not None]
    fits(
        folder,
        (head == (sum(shape.sizes) + shape.numbers,), "the cells of config.json and weights"),
        (list(layout.sizes) == shape.sizes, "the sizes of cells and network"),
        (list(layout.ordered) == shape.ordered, "the order of cells and network"),
        (all(k <= n for k, n in zip(layout.ordered, layout.sizes, strict=True)), "order and size"),
        (p == shape.numbers, "the numbers of cells and network"),
        (len(layout.names) == q + p, "the cells and their names"),
        (_rising(shape.pairing, q), "the cells and those with pair terms"),
        (len(layout.category_column) == q and len(layout.number_column) == p, "cells and columns"),
        (all(gate.cell < q for gate in gates), "the gates and their cells"),
        (
            all(
                layout.category_column[gate.cell] == column
                for gate, column in zip(layout.gates, layout.number_column, strict=True)
                if gate is not None
            ),
            "the columns of gates and numbers",
        ),
        (all(len(gate.open) == layout.sizes[gate.cell] for gate in gates), "gates and sizes"),
        (all(one.fits(layout.sizes) for one in layout.apart), "what is apart, and sizes"),
        (
            not shape.scores
            or (
                len(shape.scores) == q
                and all(len(shape.scores[j]) == shape.ordered[j] for j in ordered)
            ),
            "the scores and the order of cells",
        ),
    )


def _rising(cells: list[int], count: int) -> bool:
    return sorted(set(cells)) == cells and all(j < count for j in cells)


def _check_codec(folder: Path, codec: TableCodec, layout: Layout) -> None:
    """Check that the cells are those that the codec makes."""
    made = [(i, cell) for i, field in enumerate(codec.fields.values()) for cell in field.cells]
    categories = [(i, cell) for i, cell in made if cell.size]
    columns = tuple(i for i, _ in categories), tuple(i for i, cell in made if not cell.size)
    names = [c.name for c in field_specs(codec.schema)]
    fits(
        folder,
        (list(codec.fields) == names, "the columns of schema and codec"),
        (tuple(c.size for _, c in categories) == layout.sizes, "the sizes of codec and cells"),
        (tuple(c.ordered for _, c in categories) == layout.ordered, "the order of codec and cells"),
        (codec.numbers == layout.numbers, "the numbers of codec and cells"),
        (columns[0] == layout.category_column, "the columns of codec and cells"),
        (columns[1] == layout.number_column, "the columns of codec and numbers"),
    )


def _reference(folder: Path, checksum: str | None, layout: Layout) -> Reference | None:
    """The rows kept for `detect`. Whoever must not pass them on may delete their file."""
    path = folder / store.REFERENCE
    if checksum is None or not path.exists():
        return None
    if store.sha256(path) != checksum:
        raise RunError(
            f"{path}: its content is not what the fit wrote (checksum differs): cut short or "
            "changed. Restore the file, or delete it: `detect` then goes by rows drawn from the "
            "model."
        )
    kept = Reference(**read_arrays(path))
    sizes = np.array(layout.sizes, np.int64)
    for codes, z in ((kept.codes, kept.z), (kept.held_codes, kept.held_z)):
        fits(
            folder,
            (codes.dtype.kind in "iu" and z.dtype.kind == "f", "the types of the rows kept"),
            (codes.ndim == 2 and codes.shape[1] == len(sizes), "the cells of the rows kept"),
            (z.shape == (len(codes), layout.numbers), "the numbers of the rows kept"),
            (bool(((codes >= 0) & (codes < sizes)).all()), "the codes of the rows kept"),
            (not np.isinf(z).any(), "the numbers of the rows kept"),
        )
    return kept
