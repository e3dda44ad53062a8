"""Rivals of `benchmarks.knowledge`, in environments of their own; this file runs there.

`python knowledge_rivals.py edges TABLE.npz OUT.json`: scores of pairs of columns given all others.
`python knowledge_rivals.py change FOLDER OUT.json`: of pairs of tables (A.npz with numbers and
codes), what each tool says by itself, and a number that is larger the more it sees.

Each has as many rows as it can take in some seconds a turn; what that is stands beside its name.
"""

# What is imported is in this file's own environment alone.
# pyright: reportMissingImports=false, reportArgumentType=false
from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import time
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np

EDGES = (
    "causal-learn==0.1.4.8", "tigramite==5.2.10.1", "ennemi==1.5.0", "phik==0.12.5", "momentchi2",
    "six",
)  # fmt: skip
CHANGE = (
    "evidently==0.7.23", "nannyml==0.13.1", "alibi-detect==0.13.0", "frouros==0.9.0", "backoff",
    "catalogue", "category_encoders", "deprecation", "dill", "flaml",
    "googleapis-common-protos", "huggingface_hub<1", "lightgbm", "litestar", "monotonic",
    "multipart", "mypy_extensions", "nltk", "opentelemetry-proto", "opentelemetry-sdk",
    "opentelemetry-exporter-otlp-proto-http", "patsy", "protobuf", "pyjwt", "python-dotenv",
    "seaborn", "segment-analytics-python", "six", "sniffio", "statsmodels", "tokenizers<0.23",
    "toml", "transformers<5", "typing-inspect", "ujson", "uuid6",
)  # fmt: skip
KCI_ROWS, RCIT_ROWS, MIXED_ROWS, ENNEMI_ROWS, MMD_ROWS = 200, 1000, 200, 1000, 500


def edges(source: str) -> dict:
    """By name and rows the scores (d, d) of pairs, and CPU seconds."""
    held = np.load(source)
    x, few = held["x"], held["few"].astype(int)
    d = x.shape[1]
    out = {}

    def measure(name, one) -> None:
        clock = time.process_time()
        table = np.zeros((d, d))
        try:
            for a, b in combinations(range(d), 2):
                rest = [c for c in range(d) if c not in (a, b)]
                table[a, b] = table[b, a] = one(a, b, rest)
            out[name] = {"score": table.tolist(), "seconds": time.process_time() - clock}
        except Exception as error:
            out[name] = {"error": f"{type(error).__name__}: {error}"[:200]}

    def by_test(kind: str, rows: int):
        from causallearn.utils.cit import CIT

        test = CIT(x[:rows], kind)
        return lambda a, b, rest: -np.log(max(float(test(a, b, rest)), 1e-300))

    measure(f"causal-learn Fisher-z, {len(x)} rows", by_test("fisherz", len(x)))
    measure(f"causal-learn RCIT, {RCIT_ROWS} rows", by_test("rcit", RCIT_ROWS))
    measure(f"causal-learn KCI, {KCI_ROWS} rows", by_test("kci", KCI_ROWS))
    from tigramite.independence_tests.cmiknn_mixed import CMIknnMixed

    mixed = CMIknnMixed(knn=0.1, estimator="MS", significance="fixed_thres")

    def nearest(a, b, rest):
        order = [a, b, *rest]
        kinds = np.repeat(few[order][:, None], MIXED_ROWS, 1)
        which = np.array([0, 1] + [2] * len(rest))
        return mixed.get_dependence_measure(x[:MIXED_ROWS, order].T.copy(), which, kinds)

    measure(f"tigramite CMIknnMixed, {MIXED_ROWS} rows", nearest)
    import ennemi

    def between(a, b, rest):
        part = x[:ENNEMI_ROWS]
        y, z = (b, a) if few[a] and not few[b] else (a, b)
        found = ennemi.estimate_mi(
            part[:, y], part[:, z], cond=part[:, rest], discrete_y=bool(few[y]),
            discrete_x=bool(few[z]),
        )  # fmt: skip
        return float(np.asarray(found).ravel()[0])

    measure(f"ennemi, {ENNEMI_ROWS} rows", between)
    clock = time.process_time()
    import pandas as pd
    import phik

    frame = pd.DataFrame(x, columns=[f"c{i}" for i in range(d)])
    numbers = [f"c{i}" for i in range(d) if not few[i]]
    found = phik.phik_matrix(frame, interval_cols=numbers).to_numpy()
    seconds = time.process_time() - clock
    out[f"phik, alone, {len(x)} rows"] = {"score": found.tolist(), "seconds": seconds}
    return out


def change(folder: str) -> list[dict]:
    """Of each pair of tables, by tool: `says` a change, and `score`."""
    out = []
    for path in sorted(Path(folder).glob("*.npz")):
        held = np.load(path)
        a, b, few = held["a"], held["b"], held["few"].astype(bool)
        found = {}
        for name, tool in TOOLS.items():
            clock = time.process_time()
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    says, score = tool(a, b, few)
                found[name] = {"says": bool(says), "score": float(score)}
            except Exception as error:
                found[name] = {"error": f"{type(error).__name__}: {error}"[:200]}
            found[name]["seconds"] = time.process_time() - clock
        out.append({"pair": path.stem, "tools": found})
    return out


def _frames(a, b, few):
    import pandas as pd

    names = [f"c{i}" for i in range(a.shape[1])]
    frames = []
    for x in (a, b):
        frame = pd.DataFrame(x, columns=names)
        for i in np.flatnonzero(few):
            frame[names[i]] = "v" + frame[names[i]].fillna(-1).astype(int).astype(str)
        frames.append(frame)
    numbers = [n for n, f in zip(names, few, strict=True) if not f]
    return *frames, numbers, [n for n in names if n not in numbers]


def evidently_preset(a, b, few):
    """Its preset: half of the columns drifted; how many did."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    one, two, numbers, words = _frames(a, b, few)
    of = DataDefinition(numerical_columns=numbers, categorical_columns=words)
    made = Report([DataDriftPreset()]).run(
        Dataset.from_pandas(two, of), Dataset.from_pandas(one, of)
    )
    drifted = made.dict()["metrics"][0]["value"]
    return drifted["share"] >= 0.5, drifted["count"]


def nannyml_pca(a, b, few):
    """Reconstruction error by PCA of chunks: B as one chunk, A as four of its size's quarter."""
    import nannyml

    one, two, numbers, words = _frames(a, b, few)
    size = max(len(one) // 4, 50)
    tool = nannyml.DataReconstructionDriftCalculator(column_names=numbers + words, chunk_size=size)
    tool.fit(one)
    found = tool.calculate(two).filter(period="analysis").to_df()["reconstruction_error"]
    usual = tool.calculate(one).filter(period="analysis").to_df()["reconstruction_error"]
    return found["alert"].any(), abs(float(found["value"].mean() - usual["value"].mean()))


def nannyml_columns(a, b, few):
    """Jensen-Shannon distance of columns: any alert; the largest."""
    import nannyml

    one, two, numbers, words = _frames(a, b, few)
    tool = nannyml.UnivariateDriftCalculator(
        column_names=numbers + words, chunk_size=len(two), timestamp_column_name=None
    )
    tool.fit(one)
    found = tool.calculate(two).filter(period="analysis").to_df(multilevel=False)
    alerts = [c for c in found.columns if c.endswith("alert")]
    values = [c for c in found.columns if c.endswith("jensen_shannon_value")]
    return found[alerts].to_numpy().any(), float(np.nanmax(found[values].to_numpy()))


def alibi_tabular(a, b, few):
    """Kolmogorov-Smirnov and chi-square of columns, Bonferroni."""
    from alibi_detect.cd import TabularDrift

    a, b = np.nan_to_num(a, nan=-1), np.nan_to_num(b, nan=-1)
    tool = TabularDrift(
        a, p_val=0.05, categories_per_feature={int(i): None for i in np.flatnonzero(few)}
    )
    found = tool.predict(b)["data"]
    return found["is_drift"], -np.log(max(float(found["p_val"].min()), 1e-300))


def alibi_classifier(a, b, few):
    """A classifier (boosted trees) of where a row is from, held out."""
    from alibi_detect.cd import ClassifierDrift
    from sklearn.ensemble import HistGradientBoostingClassifier

    tool = ClassifierDrift(
        a, HistGradientBoostingClassifier(max_iter=40), backend="sklearn", p_val=0.05,
        preds_type="probs", n_folds=2, seed=0,
    )  # fmt: skip
    found = tool.predict(b)["data"]
    return found["is_drift"], -np.log(max(float(found["p_val"]), 1e-300))


def frouros_columns(a, b, few):
    """Kolmogorov-Smirnov and chi-square of columns, Bonferroni by hand."""
    from frouros.detectors.data_drift import ChiSquareTest, KSTest

    a, b = np.nan_to_num(a, nan=-1), np.nan_to_num(b, nan=-1)
    p = []
    for i in range(a.shape[1]):
        if len(np.unique(np.concatenate([a[:, i], b[:, i]]))) < 2:
            continue
        tool = ChiSquareTest() if few[i] else KSTest()
        tool.fit(X=a[:, i])
        p.append(tool.compare(X=b[:, i])[0].p_value)
    return min(p) * len(p) <= 0.05, -np.log(max(min(p), 1e-300))


def frouros_mmd(a, b, few):
    """Maximum mean discrepancy with 200 permutations, of standardised columns."""
    from frouros.callbacks import PermutationTestDistanceBased
    from frouros.detectors.data_drift import MMD

    a, b = np.nan_to_num(a, nan=-1), np.nan_to_num(b, nan=-1)
    scale = a.std(0) + 1e-9
    calls = [PermutationTestDistanceBased(num_permutations=200, random_state=0, num_jobs=1,
                                          name="p")]  # fmt: skip
    tool = MMD(callbacks=calls)
    tool.fit(X=(a / scale)[:MMD_ROWS])
    p = tool.compare(X=(b / scale)[:MMD_ROWS])[1]["p"]["p_value"]
    return p <= 0.05, -np.log(max(float(p), 1e-300))


TOOLS = {
    "evidently preset": evidently_preset,
    "nannyml PCA": nannyml_pca,
    "nannyml columns": nannyml_columns,
    "alibi-detect tabular": alibi_tabular,
    "alibi-detect classifier": alibi_classifier,
    "frouros columns": frouros_columns,
    "frouros MMD": frouros_mmd,
}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
    what, source, target = sys.argv[1:]
    answer = edges(source) if what == "edges" else change(source)
    Path(target).write_text(json.dumps(answer), encoding="utf-8")
