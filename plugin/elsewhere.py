"""A daemon elsewhere: one POST within a budget of time, on sockets that never block."""

import errno
import time

from call import log, parsed, posix, read_all
from spool import MARKER, NO_LINK, SETTINGS, exists, remove, unique_name

MOST_OLDER = 100
FEW_OLDER = 10  #: after a POST that was not answered in time: a slow daemon must not be sent the same many for ever
SLOW = "slow"  #: the name of a file that remembers such a POST
MOST_BODY = 512 * 1024  #: the daemon refuses a body above 1 MB


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
    slow = exists(spool + "/" + SLOW)
    lines, names = older_events(spool, name, FEW_OLDER if slow else MOST_OLDER)
    body = b'{"events":[' + b",".join([line.strip(), *lines]) + b"]}"
    status = exchange(link, request(host, port, base, settings.get("token"), body), deadline)
    if status == 202:
        own = [name] if name and name != MARKER else []
        for sent in own + names:
            remove(spool + "/" + sent)
        if slow:
            remove(spool + "/" + SLOW)
    elif not status:
        remember_slow(spool)
    else:
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


def remember_slow(spool: str) -> None:
    try:
        posix.close(posix.open(spool + "/" + SLOW, posix.O_WRONLY | posix.O_CREAT | NO_LINK, 0o644))
    except OSError:
        pass


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


def older_events(spool: str, own: str, most: int) -> "tuple[list, list]":
    """Return lines and names of the oldest events that still wait, apart from the caller's own."""
    lines: list = []
    names: list = []
    size = 0
    for name in waiting(spool):
        if len(names) >= most or size > MOST_BODY:
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
        descriptor = posix.open(path, posix.O_RDONLY | NO_LINK)
    except OSError:
        return b""
    try:
        line = read_all(descriptor).strip()
        return line if isinstance(parsed(line), dict) else b""
    except (OSError, ValueError, RecursionError):
        return b""
    finally:
        posix.close(descriptor)
