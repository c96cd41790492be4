"""A simulated Stash: its GraphQL interface, pictures, settings, jobs and plugin runner over real HTTP."""

from plexsync.sim.stash.app import create_app, main
from plexsync.sim.stash.options import StashOptions

__all__ = ["StashOptions", "create_app", "main"]
