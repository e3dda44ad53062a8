"""A small fitted model that the tests of inputs, commands and pages share."""

import pytest
from known_rows import rows

import interfuse
import narrow_tables


@pytest.fixture(scope="session")
def fitted_rows():
    return rows(4200, 0)


@pytest.fixture(scope="session")
def model(fitted_rows):
    """210 rows are held out; `double` is computed by a rule."""
    with narrow_tables.width(narrow_tables.USUAL):
        return interfuse.fit(fitted_rows, examples=25_000, seed=0)


@pytest.fixture(scope="session")
def fresh():
    return rows(1000, 1)


@pytest.fixture(scope="session")
def explained(model, fresh):
    return model.explain(fresh, target="label", rows=600)


@pytest.fixture(scope="session")
def run(model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("knowledge") / "run")
