"""Parts of docs/benchmarks.md: what they are made of, and one for each results file."""
