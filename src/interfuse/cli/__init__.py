"""The command line. It uses the public interface only; `interfuse --help` shows it."""

from interfuse.cli.main import main

__all__ = ["main"]
