"""What stood in the reference of version 0.1 can be imported from there, and warns."""

import importlib
import warnings

import pytest

OLD = [
    ("interfuse.answers.draws", "Draws"),
    ("interfuse.answers.series", "SeriesDraws"),
    ("interfuse.data", "read"),
    ("interfuse.data.images", "read_images"),
    ("interfuse.data.images.schema", "ImageSchema"),
    ("interfuse.data.infer", "infer_schema"),
    ("interfuse.data.read", "fingerprint"),
    ("interfuse.data.schema", "ColumnSpec"),
    ("interfuse.data.series", "read_series"),
    ("interfuse.diffusion", "Gaussian"),
    ("interfuse.diffusion.article", "DiffusionModel"),
    ("interfuse.diffusion.chain", "Chain"),
    ("interfuse.diffusion.kernel", "Gaussian"),
    ("interfuse.diffusion.likelihood", "gaussian_bound"),
    ("interfuse.diffusion.masked", "MaskedCategorical"),
    ("interfuse.diffusion.sampler", "Sampler"),
    ("interfuse.diffusion.schedule", "Cosine"),
    ("interfuse.diffusion.solvers", "DPMSolver"),
    ("interfuse.diffusion.unmask", "FirstHitting"),
    ("interfuse.imagemodel", "ImageModel"),
    ("interfuse.model", "Model"),
    ("interfuse.questions.chain", "forward_frames"),
    ("interfuse.questions.expressions", "Range"),
    ("interfuse.seriesmodel", "SeriesModel"),
]


@pytest.mark.parametrize(("module", "name"), OLD)
def test_an_old_place_leads_to_the_new_one_with_a_warning(module, name):
    with pytest.warns(DeprecationWarning, match=rf"{module}\.{name} is now interfuse\..*0\.3"):
        found = getattr(importlib.import_module(module), name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert getattr(importlib.import_module(found.__module__), name) is found


@pytest.mark.parametrize("module", ["interfuse.data.nothing", "interfuse.diffusion.nothing"])
def test_what_never_was_is_not_there(module):
    with pytest.raises(ModuleNotFoundError, match=module):
        importlib.import_module(module)


def test_a_name_that_never_was_is_not_there():
    with pytest.raises(AttributeError, match=r"'interfuse\.data\.images' has no attribute 'no'"):
        importlib.import_module("interfuse.data.images").no  # noqa: B018
