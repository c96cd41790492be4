"""The daemon in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from plexsync.alone import run_provider as run_alone
from plexsync.cli.call import Call
from plexsync.cli.screen import Screen
from plexsync.daemon import Process, run_daemon


def run(call: Call, spools: Sequence[Path], screen: Screen) -> None:
    """Serve and sync until told to stop."""
    config = call.config()

    def ready(url: str) -> None:
        screen.say(f"PlexSync works at {url} (data folder {config.data_dir}). Stop it with Ctrl-C or `plexsync stop`.")
        screen.facts({"ready": True, "url": url, "pid": os.getpid(), "data_dir": str(config.data_dir)})

    more = {}
    if spools:
        folders = [*config.spool_folders, *(folder.absolute() for folder in spools)]
        more["PLEXSYNC_SPOOL_FOLDERS"] = json.dumps([str(folder) for folder in dict.fromkeys(folders)])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_daemon(Process.of(call.sources(**more)), ready))


def run_provider(call: Call, screen: Screen) -> None:
    """Answer Plex alone until told to stop."""
    config = call.config()

    def ready(url: str) -> None:
        screen.say(f"The provider works at {url} (data folder {config.data_dir}). Stop it with Ctrl-C.")
        screen.facts({"ready": True, "url": url, "pid": os.getpid(), "data_dir": str(config.data_dir)})

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_alone(Process.of(call.sources()), ready))
