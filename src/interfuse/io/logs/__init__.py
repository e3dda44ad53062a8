"""Formats of logs and traces that are text: each is known by its lines, and written as it was."""
