"""The results file of a benchmark that runs as several processes."""

import json
from concurrent.futures import ThreadPoolExecutor

from benchmarks.common import Results


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
