"""`generate --shard`: the files of all parts are the file of the whole."""

import pytest


def test_the_files_of_shards_are_the_file_of_all(cli, run, tmp_path):
    common = ["generate", run, "-n", "3e3", "--seed", "7"]
    for i in (1, 2):
        target = tmp_path / "part-{shard}.csv"
        assert cli(*common, "--shard", f"{i}/2", "-o", target).code == 0
    assert cli(*common, "-o", tmp_path / "all.csv").code == 0
    parts = [(tmp_path / f"part-{i}.csv").read_text().splitlines()[1:] for i in (1, 2)]
    whole = (tmp_path / "all.csv").read_text().splitlines()[1:]
    assert [line for part in parts for line in part] == whole
    assert len(whole) == 3_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shard", "1/2"], "{shard}"),
        (["--shard", "65/64"], "from 1/N to N/N"),
        (["--shard", "1/1", "--given-file", "rows.csv"], "--shard"),
        (["-n", "1.5"], "whole number"),
        (["-n", "0"], "range"),
        (["-n", "many"], "whole number"),
    ],
)
def test_what_is_refused(cli, run, tmp_path, words, said):
    answer = cli("generate", run, *words, "-o", tmp_path / "a.csv")
    assert answer.code == 2
    assert said in answer.err
    assert not (tmp_path / "a.csv").exists()
