"""A task that keeps its place in Stash's job list until the daemon is done, and shows there how far that is.

The daemon tells by an operation, which is another process of this plugin; so both meet in files of the spool folder.
"""

import time

from call import log, posix, read_all
from spool import NO_LINK, exists, make_folder, remove, write_file

SILENCE = 60.0  #: seconds without a word of the daemon, after which nobody waits any more
LOOK_EVERY = 0.2
STILL_EVERY = 5.0  #: seconds between two signs that somebody still waits
STALE = 30.0  #: seconds after which such a sign is of a task that was cancelled


def expect(spool: str, task: str) -> None:
    """Say that somebody waits, before the daemon is asked."""
    if not exists(spool):
        make_folder(spool)
    remove(_told(spool, task))
    write_file(spool, _sign(task), b"", 0o600)


def wait(spool: str, task: str, silence: float) -> bool:
    """Show in Stash's job list what the daemon tells, until it is done; False when it tells nothing any more."""
    heard = signed = time.monotonic()
    last = b""
    try:
        while time.monotonic() - heard < silence:
            told = _read(_told(spool, task))
            if told and told != last:
                last, heard = told, time.monotonic()
                done = float(told.split()[0])
                log("p", "%.4f" % done)
                if done >= 1:
                    return True
            if time.monotonic() - signed >= STILL_EVERY:
                signed = time.monotonic()
                write_file(spool, _sign(task), b"", 0o600)
            time.sleep(LOOK_EVERY)
        return False
    finally:
        give_up(spool, task)


def give_up(spool: str, task: str) -> None:
    """Nobody waits."""
    remove(spool + "/" + _sign(task))
    remove(_told(spool, task))


def show(spool: str, task: str, done: float) -> bool:
    """Hand on how much of a task is done, from 0 to 1; False when nobody waits for it."""
    try:
        age = time.time() - posix.stat(spool + "/" + _sign(task)).st_mtime
    except OSError:
        return False
    if age > STALE:
        return False
    # Each telling differs from the one before, so that it is heard though nothing has moved.
    write_file(spool, _name("told", task), b"%.6f %.6f" % (done, time.time()), 0o600)
    return True


def _name(what: str, task: str) -> str:
    return "%s-%s" % (what, task)


def _sign(task: str) -> str:
    return _name("waits", task)


def _told(spool: str, task: str) -> str:
    return spool + "/" + _name("told", task)


def _read(path: str) -> bytes:
    try:
        descriptor = posix.open(path, posix.O_RDONLY | NO_LINK)
    except OSError:
        return b""
    try:
        return read_all(descriptor)
    finally:
        posix.close(descriptor)
