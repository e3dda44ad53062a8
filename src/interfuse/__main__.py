"""`python -m interfuse`: the command line."""

from interfuse.cli import main

if __name__ == "__main__":
    main()
