"""The command line. `main` is the installed `remit`."""

from remit.cli.app import main

__all__ = ["main"]
