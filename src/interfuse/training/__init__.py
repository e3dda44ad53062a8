"""Training: the objective, the loop, its budget, its average and its checkpoints."""
