"""What Stash says on stdin, and what is said back on stdout and in its log."""

try:
    import posix
except ImportError:  # Windows
    import os as posix  # type: ignore[no-redef]
import time

MOST_IDS = 500  #: a batch of removed objects: each has its own event anyway


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
