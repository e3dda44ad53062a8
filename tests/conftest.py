"""For all tests: no example of hypothesis is held against a clock, as the machine may be busy."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
