"""The public surface is documented, its examples run, and importing it costs nothing."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import interfuse

MODULES = sorted(
    m.name
    for m in pkgutil.walk_packages(interfuse.__path__, "interfuse.")
    if "__main__" not in m.name
)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_and_public_name_has_a_docstring(name):
    module = importlib.import_module(name)
    assert inspect.getdoc(module), name
    missing = []
    for key, member in vars(module).items():
        own = getattr(member, "__module__", None) == name
        if key.startswith("_") or not own or not callable(member) or hasattr(member, "__origin__"):
            continue
        missing += [key] * (not inspect.getdoc(member))
        if inspect.isclass(member):
            for part, value in vars(member).items():
                public = not part.startswith("_") and (
                    inspect.isfunction(value) or isinstance(value, property | classmethod)
                )
                missing += [f"{key}.{part}"] * (
                    public and not inspect.getdoc(getattr(member, part))
                )
    assert not missing


@pytest.fixture(scope="module")
def fitted():
    """Models of the examples, by their data and options."""
    return {}


@pytest.fixture
def fit_once(fitted, monkeypatch):
    """Examples that fit the same data with the same options get the same model, fitted once."""
    fit = interfuse.fit

    def once(data, **options):
        if not isinstance(data, pl.DataFrame):
            return fit(data, **options)
        key = repr((data.to_dict(as_series=False), sorted(options.items())))
        if key not in fitted:
            fitted[key] = fit(data, **options)
        return fitted[key]

    monkeypatch.setattr(interfuse, "fit", once)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_docstrings_run(name, usual_networks, fit_once):
    module = importlib.import_module(name)
    tests = [t for t in doctest.DocTestFinder().find(module) if t.examples]
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


GOLDEN = Path(__file__).parents[1] / "golden" / "runs"


def test_the_main_verbs_have_examples():
    for verb in (interfuse.fit, interfuse.Model.generate, interfuse.infer_schema):
        assert ">>>" in (inspect.getdoc(verb) or "")


@pytest.mark.parametrize("name", interfuse.__all__)
def test_every_public_name_exists_and_says_what_it_raises(name):
    member = getattr(interfuse, name)
    assert inspect.getdoc(member)
    assert name in dir(interfuse)
    if inspect.isfunction(member):
        text = inspect.getdoc(member) or ""
        assert "Args:" in text
        assert "Raises:" in text
        hints = inspect.signature(member)
        assert all(p.annotation is not p.empty for p in hints.parameters.values())
        for parameter in hints.parameters:
            assert f"{parameter}:" in text, parameter


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'interfuse' has no attribute 'learn'"):
        interfuse.learn  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, interfuse; "
        "print([m for m in ('torch', 'polars', 'numpy', 'pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fitting_opening_and_drawing_import_no_more_than_they_need():
    """Torch's compiler and what only `evaluate` needs take longer to import than a small fit.

    A series' seasons and images' sources may need parts of SciPy, never its statistics.
    """
    code = (
        "import sys, warnings, polars as pl, interfuse; warnings.simplefilter('ignore'); "
        "frame = pl.DataFrame({'x': [i * 37 % 101 / 7 for i in range(60)], 'y': ['a', 'b'] * 30}); "
        "model = interfuse.fit(frame, examples=64, kind='table'); "
        "model.generate(2); model.impute(frame.head(2)); "
        f"[interfuse.load(f'{GOLDEN}/{{n}}') for n in ('table-format-2', 'series', 'images')]; "
        "slow = ('torch._dynamo', 'torch._inductor', 'sympy', 'sklearn', 'scipy.stats', 'pandas'); "
        "print([m for m in slow if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_every_error_has_one_base():
    from interfuse import errors

    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    classes = [c for c in classes if not issubclass(c, Warning)]
    assert len(classes) > 3
    assert all(issubclass(c, errors.InterfuseError) for c in classes)
