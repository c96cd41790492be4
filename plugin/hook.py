"""Notes for the PlexSync daemon that something changed in Stash.

Stash starts this file for each change and waits for it, so the path of a hook is short: read stdin, write one
small file, wake the daemon, end. It needs Python 3.8 or newer and nothing but the standard library. Modules that
are slow to import (json, os, re, socket) appear only below the line "Tasks".
"""

try:
    import posix
except ImportError:  # Windows
    import os as posix  # type: ignore[no-redef]
import errno
import sys
import time

FAMILIES = ("Scene.", "Performer.", "Tag.", "Studio.", "Group.", "SceneMarker.", "Gallery.")
MARKER = "walk-needed.json"
SETTINGS = "daemon.json"
OK = b'{"output": "ok"}'
MOST_FILES = 10_000
MOST_IDS = 500  #: a batch of removed objects: each has its own event anyway
MOST_OLDER = 100
MOST_BODY = 512 * 1024  #: the daemon refuses a body above 1 MB
HOOK_SECONDS = 0.05  #: for the POST to a daemon elsewhere
TASK_SECONDS = 2.0
START_SECONDS = 30.0  #: how long a started daemon may take before another start is tried

_OPEN = getattr(posix, "O_CLOEXEC", 0) | getattr(posix, "O_NOFOLLOW", 0) | getattr(posix, "O_BINARY", 0)
_NEW_FILE = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | _OPEN


def main() -> None:
    """Answer Stash on stdout, whatever happens, and exit with 0."""
    answer = OK
    try:
        answer = run(spool_folder(), read_all(0))
    except Exception as fault:  # noqa: BLE001 - the last resort: an edit in Stash must not suffer
        log("w", "PlexSync: %s. The change is found by the daemon's next walk." % described(fault))
    write_all(1, answer, quiet=True)
    posix._exit(0)  # everything is flushed by hand; taking the interpreter down would cost a millisecond


def run(spool: str, stdin: bytes) -> bytes:
    """Do what the call on stdin asks for; return the answer for stdout."""
    try:
        call = parsed(without_pictures(stdin))
        args = call["args"]
        context = args.get("hookContext")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        why = "%d bytes on stdin are not a call by Stash: %s" % (len(stdin), described(fault))
        note_walk(spool, why)
        return OK
    if isinstance(context, dict):
        note_event(spool, context)
        return OK
    if args.get("mode", "hook") == "hook":
        note_walk(spool, "stdin holds no hookContext")
        return OK
    return run_task(spool, call, args)


def note_event(spool: str, context: dict) -> None:
    """Note the changed object of one hook, then wake the daemon."""
    kind = context.get("type")
    if not isinstance(kind, str) or not kind.startswith(FAMILIES):
        log("w", "PlexSync: event type %r is unknown and left out. Update the plugin." % str(kind)[:100])
        return
    line = event_line(kind[:100], context)
    if line is None:
        note_walk(spool, "%s came without the id of its object" % kind[:100])
        return
    name = keep(spool, line)
    way = wake(spool, line, name, HOOK_SECONDS)
    if is_debug(spool):
        log("i", "[debug] %s noted in %s, %s" % (line.decode(), name or "no file", way or "no daemon listens"))


def note_walk(spool: str, why: str) -> None:
    """Leave word that something unknown changed, so that only a walk can find it."""
    log("w", "PlexSync: %s. PlexSync will compare all scenes instead; report this if it comes back." % why)
    line = walk_line()
    wake(spool, line, keep(spool, line, MARKER), HOOK_SECONDS)


# What the call says


def without_pictures(stdin: bytes) -> bytes:
    """Empty the data URLs of a large call: a cover of 50 MB need not be decoded to be left out.

    A quote without a backslash before it opens or closes a string, and after a closing one no letter may
    follow; so the quote found here opens a string, whatever a user has written.
    """
    if len(stdin) < 1 << 18:
        return stdin
    parts = []
    done = at = 0
    while True:
        at = stdin.find(b'"data:image/', at) + 1
        end = stdin.find(b'"', at)
        if at == 0 or end < 0:
            break
        if stdin[at - 2 : at - 1] != b"\\" and stdin.find(b"\\", at, end) < 0:
            parts.append(stdin[done:at])
            done = end
        at = end
    parts.append(stdin[done:])
    return b"".join(parts)


def parsed(data: bytes) -> object:
    """Read JSON with the scanner in C; ValueError says that it is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        log("w", "PlexSync: byte %d on stdin is not UTF-8. What can be read is used." % fault.start)
        text = data.decode("utf-8", "replace")
    text = text.lstrip("\ufeff \t\r\n")
    try:
        from _json import make_scanner

        scan = make_scanner(_Plain)
    except (ImportError, AttributeError, TypeError):  # another Python, another scanner
        from json import loads

        return loads(text)
    try:
        return scan(text, 0)[0]
    except (StopIteration, SystemError):  # before Python 3.12 the scanner has no error of its own without json
        raise ValueError("broken JSON") from None


class _Plain:
    """What the scanner in C asks its context for."""

    strict = False
    object_hook = object_pairs_hook = array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict = {}  # noqa: RUF012 - only asked for, never used


def event_line(kind: str, context: dict) -> "bytes | None":
    """Write the one line of an event; None when nothing in it names the object."""
    given = context.get("input")
    ident = object_id(context.get("id"))
    more = ""
    if kind.endswith((".Destroy.Post", ".Merge.Post")):
        more = gone_facts(given)
    if not ident and '"path"' not in more and '"oshash"' not in more:
        return None
    return line_of(kind, ident, more)


def gone_facts(given: object) -> str:
    """Write what names an object that Stash no longer has: path, oshash, ids."""
    if isinstance(given, list):
        given = {"ids": given}
    if not isinstance(given, dict):
        return ""
    more = ""
    for key in ("path", "oshash"):
        value = given.get(key)
        if value and isinstance(value, str):
            more += ',"%s":%s' % (key, quoted(value))
    ids = given.get("ids") or given.get("source")
    if isinstance(ids, list) and 0 < len(ids) <= MOST_IDS:
        more += ',"ids":[%s]' % ",".join([quoted(i) for i in map(object_id, ids) if i])
    return more


def object_id(value: object) -> str:
    """Return an id of Stash as digits; empty when the value is none."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return text if text.isdigit() and text.isascii() and len(text) < 20 and text != "0" else ""


def line_of(kind: str, ident: str = "", more: str = "") -> bytes:
    text = '{"v":1,"type":%s,"id":"%s","at":%.6f%s}\n' % (quoted(kind), ident, time.time(), more)
    return text.encode("ascii")


def walk_line() -> bytes:
    return line_of("Walk.Needed")


def quoted(text: str) -> str:
    """Write a JSON string in plain ASCII."""
    try:
        from _json import encode_basestring_ascii
    except ImportError:
        from json import dumps

        return dumps(text)
    return encode_basestring_ascii(text)


# The spool folder


def spool_folder() -> str:
    """Return the absolute folder that the daemon looks into."""
    beside = __file__.replace("\\", "/").rpartition("/")[0] or "."
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


# Waking the daemon


def wake(spool: str, line: bytes, name: str, seconds: float) -> str:
    """Wake a daemon, by whichever way there is; return that way, empty when none listens."""
    if nudge(spool):
        return "daemon woken"
    settings = read_settings(spool)
    status = post(spool, settings, line, name, seconds) if settings.get("url") else None
    if status == 202:
        return "sent to the daemon"
    if status is None and settings.get("command"):
        return start(spool, settings)
    return "" if status is None else "the daemon did not take it"


def nudge(spool: str) -> bool:
    """Send a datagram to the daemon that shares the folder; False when none listens. Never waits."""
    path = spool + "/nudge.sock"
    if not exists(path):
        return False
    try:
        import _socket

        bell = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    except (ImportError, AttributeError, OSError):
        return False
    bell.settimeout(0)
    back = None
    try:
        if len(path.encode("utf-8", "surrogateescape")) > 100:  # the address of a Unix socket holds 108 bytes
            back = posix.open(".", posix.O_RDONLY | _OPEN)
            posix.chdir(spool)
            path = "nudge.sock"
        bell.sendto(b"1", path)
    except BlockingIOError:  # it has enough of them waiting
        return True
    except OSError:
        return False
    finally:
        bell.close()
        if back is not None:
            posix.fchdir(back)
    return True


def read_settings(spool: str) -> dict:
    """Read daemon.json: url and token, command, data_dir, debug. What cannot be read counts as empty."""
    path = spool + "/" + SETTINGS
    try:
        descriptor = posix.open(path, posix.O_RDONLY | _OPEN)
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

        guard = posix.open(spool + "/starting", posix.O_RDWR | posix.O_CREAT | _OPEN, 0o644)
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


# A daemon elsewhere


def post(spool: str, settings: dict, line: bytes, name: str, seconds: float) -> "int | None":
    """Send this event and older ones; files go when the daemon acknowledged them.

    Returns the HTTP status; 0 when a daemon took the connection but gave no answer in time; None when none did.
    """
    deadline = time.monotonic() + seconds
    try:
        host, port, base = url_parts(settings["url"])
    except ValueError as fault:
        log("w", "PlexSync: url in %s/%s %s. Correct it, or run the task Connect." % (spool, SETTINGS, fault))
        return 0
    link = connected(host, port, deadline)
    if link is None:
        return None
    if exists(spool + "/" + MARKER):
        adopt_marker(spool)
    lines, names = older_events(spool, name)
    body = b'{"events":[' + b",".join([line.strip(), *lines]) + b"]}"
    status = exchange(link, request(host, port, base, settings.get("token"), body), deadline)
    if status == 202:
        own = [name] if name and name != MARKER else []
        for sent in own + names:
            remove(spool + "/" + sent)
    elif status:
        remedy = (
            "Run the task Connect with the daemon's present token"
            if status in (401, 403)
            else "Look into the daemon's log"
        )
        log(
            "w",
            "PlexSync at %s answered %d and took no event. %s; events wait in %s."
            % (settings["url"], status, remedy, spool),
        )
    return status


def url_parts(url: object) -> "tuple[str, int, str]":
    """Split http://host:port/base; ValueError says what is wrong with it."""
    text = "".join(str(url).split())
    scheme, _, rest = text.partition("://")
    if scheme.lower() != "http":
        raise ValueError("must begin with http:// (%s): a hook has no time for TLS" % text)
    place, slash, base = rest.partition("/")
    host, _, port = place.rpartition(":") if ":" in place.rpartition("]")[2] else (place, "", "80")
    if not host or not port.isdigit() or not 0 < int(port) < 65536 or "@" in host or not text.isascii():
        raise ValueError("is no address such as http://nas:9797 (%s)" % text)
    return host.strip("[]"), int(port), (slash + base).rstrip("/")


def request(host: str, port: int, base: str, token: object, body: bytes) -> bytes:
    lines = (
        "POST %s/api/v1/events HTTP/1.1" % base,
        "Host: %s:%d" % ("[%s]" % host if ":" in host else host, port),
        "Authorization: Bearer %s" % "".join(str(token or "").split()),
        "Content-Type: application/json",
        "Content-Length: %d" % len(body),
        "Connection: close\r\n\r\n",
    )
    return "\r\n".join(lines).encode("ascii", "replace") + body


def connected(host: str, port: int, deadline: float) -> "object | None":
    """Open a connection that never blocks; None when nobody takes it in time."""
    import _socket

    places = addresses(host, port, deadline)
    for tried, (family, kind, protocol, _, place) in enumerate(places):
        now = time.monotonic()
        link = _socket.socket(family, kind, protocol)
        link.settimeout(0)
        error = link.connect_ex(place)
        if error in (0, errno.EINPROGRESS, getattr(errno, "WSAEWOULDBLOCK", 0)):
            ready(link, now + (deadline - now) / (len(places) - tried), to_write=True)
            error = link.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
            if not error and is_open(link):
                return link
        link.close()
    return None


def is_open(link: object) -> bool:
    try:
        link.getpeername()  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def addresses(host: str, port: int, deadline: float) -> list:
    """Look a host up, for no longer than there is time: a name server that is away answers after seconds."""
    import _socket
    from _thread import allocate_lock, start_new_thread

    try:
        return _socket.getaddrinfo(host.encode(), port, 0, _socket.SOCK_STREAM, 0, _socket.AI_NUMERICHOST)
    except OSError:
        pass
    found: list = []
    done = allocate_lock()
    done.acquire()

    def ask() -> None:
        try:
            found.extend(_socket.getaddrinfo(host.encode(), port, 0, _socket.SOCK_STREAM))
        except OSError:
            pass
        finally:
            done.release()

    start_new_thread(ask, ())
    done.acquire(timeout=max(0.0, deadline - time.monotonic()))
    return list(found)


def ready(link: object, deadline: float, *, to_write: bool = False) -> bool:
    from select import select

    left = max(0.0, deadline - time.monotonic())
    readable, writable, _ = select([] if to_write else [link], [link] if to_write else [], [], left)
    return bool(readable or writable)


def exchange(link: object, message: bytes, deadline: float) -> int:
    """Send a request and read the status of its answer; 0 when that does not end in time."""
    answer = b""
    try:
        while message and ready(link, deadline, to_write=True):
            message = message[link.send(message) :]  # type: ignore[attr-defined]
        while not message and b"\n" not in answer and ready(link, deadline):
            piece = link.recv(4096)  # type: ignore[attr-defined]
            if not piece:
                break
            answer += piece
    except OSError:  # cut
        pass
    finally:
        link.close()  # type: ignore[attr-defined]
    words = answer.split(b"\n", 1)[0].split() if b"\n" in answer else []
    known = len(words) > 1 and words[0].startswith(b"HTTP/") and words[1].isdigit()
    return int(words[1]) if known else 0


def older_events(spool: str, own: str) -> "tuple[list, list]":
    """Return lines and names of the oldest events that still wait, apart from the caller's own."""
    lines: list = []
    names: list = []
    size = 0
    for name in waiting(spool):
        if len(names) >= MOST_OLDER or size > MOST_BODY:
            break
        if name == own:
            continue
        line = event_in(spool + "/" + name)
        if line:
            lines.append(line)
            names.append(name)
            size += len(line)
    return lines, names


def adopt_marker(spool: str) -> None:
    """Make an event of the marker: one that another hook leaves while this one is sent stays."""
    try:
        posix.rename(spool + "/" + MARKER, spool + "/" + unique_name() + ".json")
    except OSError:
        pass


def waiting(spool: str) -> list:
    """List the names of all events, oldest first."""
    try:
        return sorted([name for name in posix.listdir(spool) if name[:1].isdigit() and name.endswith(".json")])
    except OSError:
        return []


def event_in(path: str) -> bytes:
    """Read an event from its file; empty when another process was faster or the file holds none."""
    try:
        descriptor = posix.open(path, posix.O_RDONLY | _OPEN)
    except OSError:
        return b""
    try:
        line = read_all(descriptor).strip()
        return line if isinstance(parsed(line), dict) else b""
    except (OSError, ValueError, RecursionError):
        return b""
    finally:
        posix.close(descriptor)


# Bytes in and out


def read_all(descriptor: int) -> bytes:
    parts = []
    while True:
        part = posix.read(descriptor, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)


def write_all(descriptor: int, data: bytes, *, quiet: bool = False) -> None:
    try:
        while data:
            data = data[posix.write(descriptor, data) :]
    except OSError:
        if not quiet:
            raise


def log(level: str, text: str) -> None:
    """Write a line into Stash's log: i, w or e."""
    text = "".join([c if c.isprintable() else " " for c in text[:4000]])
    write_all(2, b"\x01%s\x02%s\n" % (level.encode(), text.encode("utf-8", "backslashreplace")), quiet=True)


def described(fault: BaseException) -> str:
    """Say what went wrong without repeating what was read: stdin holds a cookie and titles."""
    if isinstance(fault, OSError):
        return fault.strerror or type(fault).__name__
    if isinstance(fault, ValueError) and str(fault):
        return str(fault)[:200]
    return type(fault).__name__


# Tasks and operations: Stash's user waits for these, so they may import what they like


class Refusal(Exception):
    """A task that cannot be done; the text says what to do about it."""


def run_task(spool: str, call: dict, args: dict) -> bytes:
    """Do a task or an operation; return its answer for Stash."""
    import json

    tasks = {"sync_all": sync_all, "sync_recent": sync_recent, "status": status, "connect": connect}
    try:
        task = tasks.get(args["mode"])
        if task is None:
            raise Refusal("mode %r is unknown; there are %s" % (args["mode"], ", ".join(tasks)))
        output = task(spool, call, args)
    except Refusal as refusal:
        return json.dumps({"error": "PlexSync: %s" % refusal}).encode()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        return json.dumps({"error": "PlexSync: %s failed: %r" % (args["mode"], fault)}).encode()
    if args.get("from") == "task":  # Stash shows the output of an operation only
        log("i", str(output["text"]))
    return json.dumps({"output": output}).encode()


def sync_all(spool: str, _call: dict, _args: dict) -> dict:
    return hand_over(spool, "Task.SyncAll", "A sync of all scenes")


def sync_recent(spool: str, _call: dict, _args: dict) -> dict:
    return hand_over(spool, "Task.SyncRecent", "A sync of the scenes of the last 24 hours")


def hand_over(spool: str, kind: str, what: str) -> dict:
    """Note a wish for the daemon and return at once: a long task would block Stash's queue."""
    line = line_of(kind)
    name = keep(spool, line)
    way = wake(spool, line, name, TASK_SECONDS)
    if not name and way not in ("daemon woken", "sent to the daemon"):
        raise Refusal("%s could neither be noted in %s nor sent. See the line above in the log." % (what, spool))
    then = way if way.startswith(("daemon", "sent")) else "it is done once a daemon takes it"
    return {"text": "%s is asked for: %s." % (what, then), "way": way}


def status(spool: str, _call: dict, _args: dict) -> dict:
    """Say whether a daemon listens and what waits for it."""
    settings = read_settings(spool)
    listens = nudge(spool)
    url = settings.get("url")
    answer = readiness(url) if url else ""
    events = len(waiting(spool)) + exists(spool + "/" + MARKER)
    return {
        "text": " ".join(status_lines(spool, settings, answer, events, listens=listens)),
        "listens": listens or answer[:3] in ("200", "503"),
        "waiting": events,
        "spool": spool,
        "url": url or "",
        "readyz": answer,
    }


def status_lines(spool: str, settings: dict, answer: str, events: int, *, listens: bool) -> "list[str]":
    lines = ["A daemon listens at %s/nudge.sock." % spool] if listens else []
    if settings.get("url"):
        lines.append("The daemon at %s answers: %s." % (settings["url"], answer))
    elif settings.get("command") and not listens:
        lines.append("No daemon listens; the next event starts the one named in %s/%s." % (spool, SETTINGS))
    elif not listens:
        lines.append(
            "No daemon listens at %s/nudge.sock. Start one that has this folder in its spool_folders, or fill in"
            " Daemon address and Events token in the plugin's settings and run the task Connect." % spool
        )
    lines.append("%d events wait in %s." % (events, spool))
    return lines


def readiness(url: object) -> str:
    """Return status and text of the daemon's /readyz, or why there is none."""
    from http.client import HTTPConnection, HTTPException

    try:
        host, port, base = url_parts(url)
        link = HTTPConnection(host, port, timeout=TASK_SECONDS)
        link.request("GET", base + "/readyz")
        answer = link.getresponse()
        return "%d %s" % (answer.status, answer.read(2000).decode("utf-8", "replace").strip())
    except (OSError, ValueError, HTTPException) as fault:
        return "nothing (%s)" % fault


def connect(spool: str, call: dict, args: dict) -> dict:
    """Store where the daemon is: from the arguments of an operation, else from the plugin's settings."""
    keys = ("url", "token", "command", "data_dir", "debug")
    given = {key: args[key] for key in keys if key in args}
    wish = given or wish_in_settings(call["server_connection"])
    if "debug" in wish:
        set_debug(spool, wish.pop("debug"))
    if not given and not wish["url"]:
        raise Refusal(
            "Daemon address is empty. Fill in Daemon address and Events token under Settings > Plugins > PlexSync,"
            " then run Connect again. A daemon that shares the folder %s needs neither." % spool
        )
    settings = {**read_settings(spool), **checked(wish)}
    write_settings(spool, {key: value for key, value in settings.items() if value})
    tried = try_daemon(settings)
    shown = {**settings, "token": masked(settings.get("token"))}
    return {"text": "Stored in %s/%s: %s." % (spool, SETTINGS, tried), "spool": spool, "tried": tried, **shown}


def checked(wish: dict) -> dict:
    """Return the wish when the hook can use it."""
    command = wish.get("command")
    if command and not (isinstance(command, list) and all(isinstance(word, str) and word for word in command)):
        raise Refusal('command must be a list of words, as ["plexsync", "run"]')
    for key in ("url", "token", "data_dir"):
        if wish.get(key) is not None and not isinstance(wish.get(key, ""), str):
            raise Refusal("%s must be a text" % key)
    if wish.get("url"):
        wish["url"] = wish["url"].strip() if "://" in wish["url"] else "http://" + wish["url"].strip()
        check_url(wish["url"])
        if "token" in wish and not wish["token"]:
            raise Refusal("Events token is empty. The daemon made one at its first start; copy it from there.")
    return wish


def check_url(url: str) -> None:
    try:
        url_parts(url)
    except ValueError as fault:
        more = ""
        if url.lower().startswith("https:"):
            more = (
                ". Give the daemon's plain address inside your network, or of a tunnel on this machine: an"
                " event holds a number, at most the path of a removed file, and the token admits events only. Without"
                " any, the daemon still finds each change when it next asks Stash"
            )
        raise Refusal("Daemon address %s%s." % (fault, more)) from None


def set_debug(spool: str, wanted: object) -> None:
    if wanted in (True, "true"):
        if not exists(spool):
            make_folder(spool)
        write_file(spool, "debug", b"", 0o644)
    else:
        remove(spool + "/debug")


def write_settings(spool: str, settings: dict) -> None:
    import json

    if not exists(spool):
        make_folder(spool)
    write_file(spool, SETTINGS, json.dumps(settings, indent=2).encode() + b"\n", 0o600)


def try_daemon(settings: dict) -> str:
    """Send an empty list, so that address and token prove themselves."""
    if not settings.get("url"):
        return "hooks start it when none listens"
    host, port, base = url_parts(settings["url"])
    link = connected(host, port, time.monotonic() + TASK_SECONDS)
    if link is None:
        return "nobody answers at %s; events wait until somebody does" % settings["url"]
    message = request(host, port, base, settings.get("token"), b'{"events":[]}')
    code = exchange(link, message, time.monotonic() + TASK_SECONDS)
    meaning = {0: "does not answer in time", 202: "takes events", 401: "refuses the token", 403: "refuses the token"}
    return "the daemon at %s %s" % (settings["url"], meaning.get(code, "answers %d" % code))


def masked(token: object) -> str:
    text = str(token or "")
    return "%s...%s" % (text[:4], text[-4:]) if len(text) > 11 else "..." if text else ""


def wish_in_settings(server: dict) -> dict:
    """Ask Stash for the plugin's own settings, with the session that came along."""
    query = 'query { configuration { plugins(include: ["PlexSyncDaemon"]) } }'
    answer = graphql(server, query)
    mine = answer["data"]["configuration"]["plugins"].get("PlexSyncDaemon") or {}
    return {"url": mine.get("daemonUrl") or "", "token": mine.get("eventsToken") or "", "debug": mine.get("debugLog")}


def own_machine() -> object:
    """Return TLS without a check of the certificate: Stash listens here, and its own is made for another name."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def graphql(server: dict, query: str) -> dict:
    """Send a query to Stash at the address it listens on, which lies on this machine."""
    import json
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    host = server.get("Host") or ""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(host, host)
    cookie = server.get("SessionCookie") or {}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if cookie.get("Value"):
        headers["Cookie"] = "%s=%s" % (cookie.get("Name") or "session", cookie["Value"])
    try:
        if server.get("Scheme") == "https":
            link = HTTPSConnection(host, server["Port"], timeout=10, context=own_machine())
        else:
            link = HTTPConnection(host, server["Port"], timeout=10)
        link.request("POST", "/graphql", json.dumps({"query": query}), headers)
        answer = link.getresponse()
        document = json.loads(answer.read()) if answer.status == 200 else {}
    except (OSError, HTTPException, ValueError) as fault:
        raise Refusal("Stash at %s:%s does not answer (%s)" % (host, server.get("Port"), fault)) from None
    if answer.status != 200 or document.get("errors"):
        raise Refusal(
            "Stash refused to show the plugin's settings (%d). Try again from Settings > Tasks." % answer.status
        )
    return document


if __name__ == "__main__":
    main()
