"""Fixtures of every room."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["postgres"]

# A busy machine is not a slow program: speed is measured in bench/.
settings.register_profile("plexsync", deadline=None)
settings.load_profile("plexsync")


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> Generator[None, int, int]:
    """Half as many workers again as processors: each waits a part of its time, for servers, disks and other processes.

    A test of the soak keeps a processor busy by itself.
    """
    found = yield
    return found if config.option.markexpr == "soak" else found + max(1, found // 2)


def pytest_collection_finish() -> None:
    """What was collected lives to the end: nobody has to look for garbage in it again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole processes come first: they take longest, and no worker should have one left when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("process") is None)
