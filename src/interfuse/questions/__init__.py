"""Questions to a fitted model: each is a choice of known cells and a summary of the draws."""
