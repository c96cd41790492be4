"""The command `plexsync`."""

from plexsync.cli.program import main

__all__ = ["main"]
