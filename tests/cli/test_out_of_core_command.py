"""`fit --out-of-core`: what a dry run says of it."""


def test_a_dry_run_says_disk_and_memory(cli, table, tmp_path):
    said = cli("fit", table, "--out-of-core", "--dry-run")
    assert said.code == 0, said.err
    assert "GB of disk, out of core" in " ".join(said.out.split())
    assert "out of core" not in cli("fit", table, "--dry-run").out
