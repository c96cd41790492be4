"""Running simulated Stashes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions, create_app
from sim.stash.remote import RECORDER, PluginFolder, Remote, write_plugin

pytest.register_assert_rewrite("measured")


@pytest.fixture
def start() -> Iterator[Callable[..., Remote]]:
    """Start servers that end with the test."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Remote:
            app = create_app(StashOptions(python_path=sys.executable, **options))
            return Remote(stack.enter_context(serving(app)).url)

        yield begin


@pytest.fixture
def stash(start: Callable[..., Remote]) -> Remote:
    """A server with 40 scenes and no plugin."""
    return start()


@pytest.fixture
def recorder(tmp_path: Path) -> PluginFolder:
    """The recording plugin, not yet loaded."""
    return PluginFolder(write_plugin(tmp_path / "plugins" / "recorder", RECORDER))


@pytest.fixture
def hooked(start: Callable[..., Remote], recorder: PluginFolder) -> Remote:
    """A server that runs the recording plugin."""
    return start(plugins=(recorder.folder,))
