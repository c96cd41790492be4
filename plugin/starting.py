"""A daemon nowhere: the command that daemon.json names is started, once."""

import time

from call import described, log, posix
from spool import NO_LINK, SETTINGS

START_SECONDS = 30.0  #: how long a started daemon may take before another start is tried


def start(spool: str, settings: dict) -> str:
    """Start the daemon, unless another hook just did; return what happened.

    The lock makes the look at the file's age and the start one step. It goes with this process.
    """
    command = settings["command"]
    if not isinstance(command, list) or not all(isinstance(word, str) and word for word in command):
        log("w", "PlexSync: command in %s/%s must be a list of words." % (spool, SETTINGS))
        return ""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        guard = posix.open(spool + "/starting", posix.O_RDWR | posix.O_CREAT | NO_LINK, 0o644)
        flock(guard, LOCK_EX | LOCK_NB)
        known = posix.fstat(guard)
        if known.st_size and abs(time.time() - known.st_mtime) < START_SECONDS:
            return "daemon is starting"
        child = spawn(spool, command, settings.get("data_dir"))
        posix.ftruncate(guard, 0)
        posix.write(guard, b"%d\n" % child)
    except BlockingIOError:
        return "daemon is starting"
    except (ImportError, AttributeError, NotImplementedError, OSError, ValueError) as fault:
        log(
            "w",
            "PlexSync cannot start %s (named in %s/%s): %s. Correct the command."
            % (command[0], spool, SETTINGS, described(fault)),
        )
        return ""
    return "daemon started"


def spawn(spool: str, command: list, data_dir: object) -> int:
    """Start a process that keeps nothing of this one: Stash waits until stdout is closed by all who hold it."""
    environment = dict(posix.environ)
    if data_dir and isinstance(data_dir, str):
        environment.setdefault(b"PLEXSYNC_DATA_DIR", data_dir.encode("utf-8", "surrogateescape"))
    append = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | getattr(posix, "O_NOFOLLOW", 0)
    files = [
        (posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0),
        (posix.POSIX_SPAWN_OPEN, 1, spool + "/daemon.log", append, 0o600),
        (posix.POSIX_SPAWN_DUP2, 1, 2),
    ]
    apart: dict = {"file_actions": files, "setsigmask": [], "setsigdef": [13]}  # Python ignores SIGPIPE
    try:
        return posix.posix_spawnp(command[0], command, environment, setsid=True, **apart)
    except NotImplementedError:  # an old C library
        return posix.posix_spawnp(command[0], command, environment, setpgroup=0, **apart)
