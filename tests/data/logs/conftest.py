"""Small logs, as their programs write them, and the way there and back."""

from __future__ import annotations

import warnings

import pytest

from interfuse.errors import InterfuseWarning
from interfuse.io.read import read_sheet
from interfuse.io.write import write
from interfuse.io.written import Writing


@pytest.fixture
def sheet(tmp_path):
    """Read a text as a file of some name; what was said of it is beside the sheet."""

    def of(text, name="a.log", **how):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", InterfuseWarning)
            read = read_sheet(path, **how)
        assert [str(t.message) for t in told] == list(read.notes)
        return read

    return of


@pytest.fixture
def again(tmp_path):
    """Write a sheet's values, and its text where it has one, under a name; both as text."""

    def of(read, name="b.log"):
        out = []
        for frame in (read.frame, read.text):
            if frame is not None:
                write(frame.collect(), tmp_path / name, Writing(read.columns))
                out.append((tmp_path / name).read_text())
        return out

    return of
