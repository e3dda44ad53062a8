"""Time series: a window is a record, its cells are values on a grid of times."""
