"""The methods, one file each kind; a file imports its package, so only its own Python can load it.

A file has `fit(rows, plain, seconds, seed)`: it returns `sample(n)` and a line about the settings.
`sample` returns a polars frame like `rows` or a pandas frame like `plain.frame`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A method that takes part.

    Attributes:
        name: as printed.
        module: the file in this folder.
        packages: what its environment holds; none: the benchmark's own Python.
        source: where it is described.
        ranked: False for floors, yardsticks and variants.
        instead_of: the method whose place a variant takes in a ranking of its own.
    """

    name: str
    module: str
    packages: tuple[str, ...] = ()
    source: str = ""
    ranked: bool = True
    instead_of: str = ""


_CTGAN = ("ctgan==0.12.1", "rdt==2.0.0", "Faker==40.63.0")
_SDV = (
    "sdv==2.0.0",
    *_CTGAN,
    "platformdirs==4.14.8",
    "copulas==0.14.1",
    "deepecho==0.8.1",
    "boto3==1.44.8",
    "botocore==1.44.8",
    "jmespath==1.1.0",
    "s3transfer==0.19.3",
    "graphviz==0.21",
    "cloudpickle==3.1.3",
)
_MOSTLY = (
    "mostlyai-engine==2.7.3",
    "opacus==1.6.0",
    "opt_einsum==3.4.0",
    "psutil==5.9.8",
    "accelerate==1.15.0",
    "json-repair==0.64.6",
    "transformers==5.24.0",
    "tokenizers==0.23.3",
    "peft==0.21.2",
    "datasets==5.2.0",
    "dill==0.4.1",
    "multiprocess==0.70.19",
    "xxhash==4.1.0",
)

METHODS: dict[str, Method] = {
    "bootstrap": Method("bootstrap of the real rows", "yardsticks", ranked=False),
    "independent": Method("independent columns", "yardsticks", ranked=False),
    "interfuse": Method("interfuse", "interfuse_table"),
    **{
        f"interfuse_{visits}": Method(
            f"interfuse (at most {visits} visits a row)",
            "interfuse_table",
            ranked=False,
            instead_of="interfuse",
        )
        for visits in (20, 10)
    },
    "ctgan": Method("CTGAN", "gan", _CTGAN, "Xu et al. 2019, arXiv 1907.00503"),
    "tvae": Method("TVAE", "gan", _CTGAN, "Xu et al. 2019, arXiv 1907.00503"),
    "copula": Method("Gaussian copula", "copula", _SDV, "SDV, Patki et al. 2016"),
    "forestdiffusion": Method(
        "ForestDiffusion",
        "forest",
        ("ForestDiffusion==1.0.6", "lightgbm==4.7.0", "catboost==1.2.10", "six==1.17.0"),
        "Jolicoeur-Martineau et al. 2024, arXiv 2309.09968",
    ),
    "mostlyai": Method("TabularARGN", "argn", _MOSTLY, "Tiwald et al. 2025, arXiv 2501.12012"),
    "tabdm": Method("TabDM", "tabdm_table", ("tabdm==0.1.0",), "package tabdm"),
    "smote": Method(
        "SMOTE",
        "smote_rows",
        ("imbalanced-learn==0.14.2", "sklearn-compat==0.1.6"),
        "Chawla et al. 2002, doi 10.1613/jair.953",
    ),
}
