"""Interactions: who touched what, and what next."""
