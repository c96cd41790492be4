"""Fixtures of every room."""

import pytest
from hypothesis import settings

pytest_plugins = ["postgres"]

# A busy machine is not a slow program: speed is measured in bench/.
settings.register_profile("plexsync", deadline=None)
settings.load_profile("plexsync")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole processes come first: they take longest, and no worker should have one left when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("process") is None)
