"""The end of a daemon, asked for from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import Remote, daemon_of
from plexsync.cli.screen import Screen
from plexsync.store.lock import holder

#: Seconds that a daemon is given to end.
_PATIENCE = 15.0
_LOOK_EVERY = 0.05


def stop(call: Call, screen: Screen) -> None:
    """Ask the daemon to end, and wait until its folder is free."""
    data_dir = call.config().data_dir
    facts = holder(data_dir)
    if facts is None:
        screen.say(f"No daemon runs in {data_dir}.")
        screen.facts({"stopped": False, "data_dir": str(data_dir)})
        return
    pid = int(facts.get("pid", 0))
    if facts.get("verb"):
        raise Failed(f"Process {pid} is no daemon but another plexsync command: let it end")
    with daemon_of(data_dir) as remote:
        _ask(remote, pid)
    deadline = time.monotonic() + _PATIENCE
    while holder(data_dir) is not None:
        if time.monotonic() > deadline:
            raise Failed(f"Process {pid} still holds {data_dir} after {_PATIENCE:.0f} s: end it by hand")
        time.sleep(_LOOK_EVERY)
    screen.say(f"The daemon (process {pid}) has stopped.")
    screen.facts({"stopped": True, "pid": pid, "data_dir": str(data_dir)})


def _ask(remote: Remote | None, pid: int) -> None:
    """By HTTP; a process that does not listen is told by signal."""
    if remote is not None:
        with contextlib.suppress(Failed):
            remote.post("/api/v1/stop")
            return
    if pid <= 0:
        raise Failed("The folder is in use, but its process is not known: end it by hand")
    try:
        os.kill(pid, signal.SIGTERM)
    except OSError as error:
        raise Failed(f"Process {pid} cannot be told to stop ({error.strerror})") from error
