"""The questions to a table: which cells are known, and the order in which the others are drawn."""
