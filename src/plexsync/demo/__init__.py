"""The show: all of PlexSync between a simulated Stash and a simulated Plex, on this computer only."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx2
from rich.console import Console

from plexsync.demo.edits import Editing
from plexsync.demo.servers import Daemon, Plex, Stash, daemon_client, plain_client
from plexsync.demo.show import Show
from plexsync.demo.stage import Stage, staged
from plexsync.demo.story import Story
from plexsync.demo.waiting import NotReached
from plexsync.store.identity import FILE_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`check` plays without an audience. `daemon_command` starts another daemon than ours; () is ours."""

    check: bool = False
    as_json: bool = False
    scenes: int = 40
    daemon_command: Sequence[str] = ()
    patience: float | None = None  #: longest wait in seconds for anything; None: by the number of scenes


def run(options: Options, environ: Mapping[str, str]) -> int:
    """Play the story. 0 when Plex held all that Stash says; everything started is gone at the end."""
    watched = sys.stdout.isatty() and not environ.get("CI") and not options.check and not options.as_json
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=not watched, quiet=options.as_json)
    show = Show(console, live=watched)
    facts: dict[str, Any] = {"ok": False}
    with _ended_by_signal():
        try:
            with staged(options.scenes, options.daemon_command, environ) as stage:
                facts = _played(stage, options, show)
                _close(facts, show, watched=watched)
                if watched:
                    _stay(stage, show)
        except KeyboardInterrupt:
            show.say("Ended. Everything is stopped and removed.")
        except (NotReached, httpx2.HTTPError, OSError) as error:
            facts = {"ok": False, "fault": str(error) or type(error).__name__}
            _close(facts, show, watched=watched)
    return 0 if facts["ok"] else 1


def _played(stage: Stage, options: Options, show: Show) -> dict[str, Any]:
    with ExitStack() as clients:
        stash = Stash(clients.enter_context(plain_client(stage.stash.url)))
        plex = Plex(clients.enter_context(plain_client(stage.plex.url)))
        daemon = Daemon(clients.enter_context(daemon_client(stage.daemon.url, stage.data_dir / FILE_NAME)))
        show.say(f"Stash {stage.stash.url}   Plex {stage.plex.url}   PlexSync {stage.daemon.url}")
        return Story(
            stage=stage,
            stash=stash,
            plex=plex,
            daemon=daemon,
            show=show,
            editing=Editing(stash, plex, show.told),
            patience=options.patience or 30.0 + options.scenes / 4,
        ).play()


def _close(facts: dict[str, Any], show: Show, *, watched: bool) -> None:
    if facts.get("fault"):
        show.say(f"FAILED: {facts['fault']}")
    for one in facts.get("examples", ()):
        show.say(f"  scene {one['scene']}, {one['field']}: Plex has {one['found']!r}, should be {one['wanted']!r}")
    if not watched:
        sys.stdout.write(json.dumps(facts, ensure_ascii=True) + "\n")
        sys.stdout.flush()
    elif "plex" in facts:
        show.say(
            f"\n{facts['differences']} differences in {facts['fields_compared']} fields. Plex got "
            f"{facts['plex']['writes']} writes and {facts['plex']['uploads']} pictures, {facts['plex']['repeats']} of "
            f"them in vain. From Save to Plex: {facts['median_seconds']} s (median)."
        )


def _stay(stage: Stage, show: Show) -> None:
    show.say(f"\nStash     {stage.stash.url}/_sim/scenes\nPlex      {stage.plex.url}/_sim/items")
    show.say(f"PlexSync  {stage.daemon.url}  (plexsync --data-dir {stage.data_dir} status)")
    show.say("Everything keeps running for a look. Ctrl-C ends it.")
    threading.Event().wait()


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """SIGTERM ends the show as Ctrl-C does, so that nothing is left behind."""

    def end(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
