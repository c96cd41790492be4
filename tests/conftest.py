"""Fixtures of every room."""

from hypothesis import settings

pytest_plugins = ["postgres"]

# A busy machine is not a slow program: speed is measured in bench/.
settings.register_profile("plexsync", deadline=None)
settings.load_profile("plexsync")
