#!/usr/bin/env -S python3 -IS
"""Whether the daemon of this container answers: exit code 0 or 1, and a word that `docker inspect` shows.

It asks where the daemon says that it listens, whatever host and port the settings name.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

#: Seconds; the HEALTHCHECK gives this whole program one more.
PATIENCE = 4.0


def main(data: Path) -> int:
    """Ask once."""
    try:
        facts = json.loads((data / "daemon.json").read_text(encoding="utf-8"))
        url = facts.get("url") or facts.get("provider_url")
        if not url:
            return _end(1, "starting")
        status = asked(url, "/healthz")
    except (OSError, ValueError) as error:
        return _end(1, f"no answer: {error}")
    return _end(0 if status == 200 else 1, f"{url} answers {status}")


def asked(url: str, path: str) -> int:
    """The status of an answer. OSError without one, ValueError where it is none of HTTP."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), PATIENCE) as line:
        line.settimeout(PATIENCE)
        line.sendall(f"GET {path} HTTP/1.0\r\nHost: {place.netloc}\r\n\r\n".encode())
        with line.makefile("rb") as answer:
            words = answer.readline(1000).split()
    if len(words) < 2:
        raise ValueError("an empty answer")
    return int(words[1])


def _end(code: int, word: str) -> int:
    sys.stdout.write(word + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(os.environ.get("PLEXSYNC_DATA_DIR", "/data"))))
