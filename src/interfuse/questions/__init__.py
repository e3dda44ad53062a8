"""Moved to the folders of the kinds; see `interfuse.kinds`."""
