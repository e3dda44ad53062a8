"""Measurements against published figures and stated targets.

    python -m benchmarks.tables --data DATA    fidelity, utility, privacy of fitted tables
    python -m benchmarks.steps                 a training step against its matrix products alone
    python -m benchmarks.scale                 1,000,000 x 20: time to the first step, memory

Each writes JSON to `benchmarks/results/` with the machine, versions, seed, command and date.
"""
