"""Kinds of data, a folder each: none knows another."""
