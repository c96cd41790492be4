"""Run as a process of its own: removes the tests' PostgreSQL when the last test process is gone, however it went.

Arguments: the gate that all pass who come or go, the file that every user holds, the file that tells of the server.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path
from typing import IO

from bench.cluster import Cluster


def watch(gate: IO[str], users: IO[str]) -> None:
    """Wait until nobody holds the server; nobody can come any more then."""
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)
        fcntl.flock(gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(gate, fcntl.LOCK_UN)
        else:
            return


def main() -> None:
    gate, users, facts = (Path(name) for name in sys.argv[1:])
    # All of it now: the folder of a run that is over may be gone before its server.
    cluster = Cluster.told(json.loads(facts.read_text()))
    with gate.open("a") as entry, users.open("a") as held:
        if os.fork():
            return
        os.setsid()
        watch(entry, held)
        facts.unlink(missing_ok=True)
    cluster.remove()


if __name__ == "__main__":
    main()
