"""The results file of a benchmark that runs as several processes."""

import json
from concurrent.futures import ThreadPoolExecutor

from benchmarks.common import Results
from benchmarks.series import with_rivals


def test_two_writers_keep_each_others_results(tmp_path):
    path = tmp_path / "results" / "x.json"
    one, two = Results(path), Results(path)
    one.add("a", {"value": 1.0})
    two.add("b", {"value": 2.0})
    one.add("a", {"value": 3.0})
    assert json.loads(path.read_text()) == {"a": {"value": 3.0}, "b": {"value": 2.0}}


def test_no_result_is_lost_when_many_write_at_once(tmp_path):
    path = tmp_path / "x.json"

    def write(k):
        Results(path).add(str(k), {"value": k})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert json.loads(path.read_text()) == {str(k): {"value": k} for k in range(40)}


def test_figures_of_rivals_that_were_not_asked_stay_with_where_they_were_measured():
    then = {"machine": {"cores": 1}, "date": "2026-11-25"}
    before = {
        "6 h": {"figures": {"interfuse": {"mae": 1}, "Kalman": {"mae": 2}, "line": {}}},
        **then,
    }
    now = {"6 h": {"figures": {"interfuse": {"mae": 0.5}, "line": {"mae": 4}}}}
    found = with_rivals(now, before)["6 h"]["figures"]
    assert found["interfuse"] == {"mae": 0.5}
    assert found["line"] == {"mae": 4}
    assert found["Kalman"] == {"mae": 2, "elsewhere": then}
    # Told once more, the place of the first time stays.
    later = {"6 h": {"figures": found}, "machine": {"cores": 2}, "date": "2026-11-30"}
    again = with_rivals(now, later)["6 h"]["figures"]["Kalman"]
    assert again["elsewhere"] == then
