"""The way of a hook: read stdin, write one small file, wake the daemon, end.

Stash waits for this before an edit is saved, so nothing on the way imports json, os, re or socket. What is rare lies
in modules of its own. Python 3.8 or newer, standard library only.
"""

from call import described, event_line, log, parsed, posix, read_all, walk_line, without_pictures, write_all
from spool import MARKER, NO_LINK, exists, is_debug, keep, read_settings, spool_folder

FAMILIES = ("Scene.", "Performer.", "Tag.", "Studio.", "Group.", "SceneMarker.", "Gallery.")
OK = b'{"output": "ok"}'
HOOK_SECONDS = 0.05  #: for the POST to a daemon elsewhere


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
    from tasks import run_task

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


def wake(spool: str, line: bytes, name: str, seconds: float) -> str:
    """Wake a daemon, by whichever way there is; return that way, empty when none listens."""
    if nudge(spool):
        return "daemon woken"
    settings = read_settings(spool)
    status = None
    if settings.get("url"):
        from elsewhere import post

        status = post(spool, settings, line, name, seconds)
    if status == 202:
        return "sent to the daemon"
    if status is None and settings.get("command"):
        from starting import start

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
            back = posix.open(".", posix.O_RDONLY | NO_LINK)
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
