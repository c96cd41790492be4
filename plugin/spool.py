"""The folder that the daemon looks into: events as files, a marker when only a walk helps, and daemon.json."""

import errno
import sys
import time

from call import described, log, parsed, posix, read_all, walk_line, write_all

MARKER = "walk-needed.json"
SETTINGS = "daemon.json"
MOST_FILES = 10_000
NO_LINK = getattr(posix, "O_CLOEXEC", 0) | getattr(posix, "O_NOFOLLOW", 0) | getattr(posix, "O_BINARY", 0)
_NEW_FILE = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | NO_LINK


def spool_folder() -> str:
    """Return the absolute folder that the daemon looks into."""
    beside = sys.argv[0].replace("\\", "/").rpartition("/")[0] or "."
    path = variable("STASH_PLUGIN_DATA") or beside + "/data"
    if path[0] == "/" or path[1:2] == ":":
        return path
    return posix.getcwd() + "/" + path


def variable(name: str) -> str:
    """Return a variable of the environment; the module posix keeps it in bytes."""
    value = posix.environ.get(name if posix.__name__ == "os" else name.encode(), "")
    return value if isinstance(value, str) else value.decode(sys.getfilesystemencoding(), "surrogateescape")


def keep(spool: str, line: bytes, name: str = "") -> str:
    """Put an event into the spool folder for good; return its file's name, empty when that cannot be done."""
    try:
        if not name and is_full(spool):
            line, name = walk_line(), MARKER
        name = name or unique_name() + ".json"
        try:
            write_file(spool, name, line, 0o644)
        except FileNotFoundError:
            make_folder(spool)
            write_file(spool, name, line, 0o644)
    except OSError as fault:
        full = fault.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        remedy = "Free space there" if full else "Make it writable, or name another folder in STASH_PLUGIN_DATA"
        said = line.decode().rstrip()
        log("w", "PlexSync cannot note %s in %s: %s. %s." % (said, spool, described(fault), remedy))
        return ""
    return name


def is_full(spool: str) -> bool:
    """Tell whether too many events wait; a listing costs time, so one run in 16 looks, or each once it is so."""
    if time.time_ns() // 1000 % 16 and not exists(spool + "/" + MARKER):
        return False
    try:
        with posix.scandir(spool) as entries:
            for count, _ in enumerate(entries):
                if count >= MOST_FILES:
                    return True
    except FileNotFoundError:
        pass
    return False


def unique_name() -> str:
    """Return a name that no other process draws; names sort by time."""
    return "%020d-%d-%s" % (time.time_ns(), posix.getpid(), posix.urandom(4).hex())


def write_file(folder: str, name: str, content: bytes, mode: int) -> None:
    """Write a file that is there in full or not at all, also after a power cut."""
    temporary = folder + "/" + unique_name() + ".tmp"
    descriptor = posix.open(temporary, _NEW_FILE, 0o600)
    try:
        try:
            if hasattr(posix, "fchmod"):
                posix.fchmod(descriptor, mode)  # whatever the umask is
            write_all(descriptor, content)
            posix.fsync(descriptor)
        finally:
            posix.close(descriptor)
        posix.replace(temporary, folder + "/" + name)
    except OSError:
        remove(temporary)
        raise
    sync_folder(folder)


def sync_folder(folder: str) -> None:
    try:
        descriptor = posix.open(folder, posix.O_RDONLY)
    except OSError:  # Windows cannot open folders, and needs not
        return
    try:
        posix.fsync(descriptor)
    except OSError:  # some network shares refuse; the file itself is written
        pass
    finally:
        posix.close(descriptor)


def make_folder(path: str, mode: int = 0o777) -> None:
    """Make the spool folder, open to a daemon that runs as another user."""
    parent = path.rpartition("/")[0]
    if parent and not exists(parent):
        make_folder(parent, 0o755)
    try:
        posix.mkdir(path)
    except FileExistsError:  # another hook was faster
        return
    posix.chmod(path, mode)  # whatever the umask is


def exists(path: str) -> bool:
    try:
        posix.stat(path)
    except OSError:
        return False
    return True


def remove(path: str) -> None:
    try:
        posix.unlink(path)
    except OSError:
        pass


def read_settings(spool: str) -> dict:
    """Read daemon.json: url and token, command, data_dir, debug. What cannot be read counts as empty."""
    path = spool + "/" + SETTINGS
    try:
        descriptor = posix.open(path, posix.O_RDONLY | NO_LINK)
        try:
            owner = posix.fstat(descriptor)
            settings = parsed(read_all(descriptor))
        finally:
            posix.close(descriptor)
        if not isinstance(settings, dict):
            raise ValueError("no object in braces")  # noqa: TRY004 - said to the user
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as fault:
        log("w", "PlexSync cannot read %s: %s. Correct it, or run the task Connect." % (path, described(fault)))
        return {}
    if settings.get("command") and not is_trusted(owner):
        log(
            "w",
            "PlexSync does not start the command in %s: others may write that file. Give it to Stash's user, mode 0600."
            % path,
        )
        del settings["command"]
    return settings


def is_trusted(owner: "posix.stat_result") -> bool:
    """Tell whether only Stash's own user (or root) can have written a file: the folder is open to all."""
    if not hasattr(posix, "geteuid"):
        return True
    return owner.st_uid in (0, posix.geteuid()) and not owner.st_mode & 0o022


def is_debug(spool: str) -> bool:
    return exists(spool + "/debug")
