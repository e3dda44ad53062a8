"""The training loop and what it stands on. Knows records and networks by their protocols alone."""
