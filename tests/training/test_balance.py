"""More visits to rare values, and the same thing learned."""

import numpy as np
import polars as pl
import pytest
import torch

import interfuse
from interfuse.errors import OptionError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.learn.balance import MOST, Balanced
from interfuse.kinds.table.learn.objective import Rows, TableObjective, table_gaussian
from interfuse.kinds.table.learn.setup import layout_of

N = 4_000


@pytest.fixture(scope="module")
def parts():
    rng = np.random.default_rng(0)
    label = rng.choice(["common", "some", "rare"], N, p=[0.9, 0.095, 0.005])
    size = np.round(rng.lognormal(np.where(label == "rare", 9, 7), 1, N))
    frame = pl.DataFrame({"label": label, "size": size})
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    rows = Rows(*(torch.from_numpy(part) for part in (cells.codes, cells.low, cells.high)))
    return frame, rows, layout_of(codec, cells.codes, cells.low)


def test_a_round_visits_rare_values_more_often_and_weighs_them_back(parts):
    frame, rows, _ = parts
    balanced = Balanced.by(rows, 0)
    count = frame["label"].value_counts()
    count = dict(zip(count["label"], count["count"], strict=True))
    visits = balanced.visits.bincount(minlength=N).numpy()
    for name, n in count.items():
        own = visits[(frame["label"] == name).to_numpy()]
        assert set(own) == {min(round((count["common"] / n) ** 0.5), MOST)}
    # Whatever is summed over weighted visits is the mean over rows.
    x = torch.rand(N, generator=torch.Generator().manual_seed(1))
    batch = balanced.take(torch.arange(len(balanced)))
    assert batch.weight is not None
    mean = (batch.weight * x[balanced.visits]).sum() / len(balanced)
    assert float(mean) == pytest.approx(float(x.mean()), rel=1e-5)
    assert len(balanced.and_also(rows)) == 2 * N
    assert balanced.once().weight is None


def test_only_a_hidden_label_is_weighted(parts):
    _, rows, layout = parts
    batch = Balanced.by(rows, 0).take(torch.arange(2_000))
    made = [
        TableObjective(layout, table_gaussian(), balanced=cell).corrupt(
            batch, torch.Generator().manual_seed(2)
        )
        for cell in (None, 0)
    ]
    plain, weighted = (noisy.weight for noisy in made)
    hidden = plain[:, 0] > 0
    assert batch.weight is not None
    assert torch.equal(weighted[~hidden], plain[~hidden])
    assert torch.allclose(weighted[hidden], plain[hidden] * batch.weight[hidden, None])


def test_the_option_is_kept_and_refused_where_it_means_nothing(parts):
    frame = parts[0][:400].with_columns(id=pl.int_range(400))
    model = interfuse.fit(frame, examples=300, balance="label")
    assert model.record["balance"] == "label"
    with pytest.raises(OptionError, match="there is no column of this name"):
        interfuse.fit(frame, examples=300, balance="class")
    with pytest.raises(OptionError, match="'id' is key; expected a column with values"):
        interfuse.fit(frame, examples=300, balance="id")
