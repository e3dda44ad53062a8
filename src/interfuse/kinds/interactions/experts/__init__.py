"""Closed-form experts of who touches what: fitted without training, frozen."""
