"""What is there to know of a table, and what changed: the parts of `explain` and `compare`."""
