"""The pages of what there is to know of a table, and of what changed."""
