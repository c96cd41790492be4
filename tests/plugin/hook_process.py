"""Runs hook.py as Stash does, and says what it did."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOOK = Path(__file__).parents[2] / "plugin" / "hook.py"
MANIFEST = HOOK.with_name("PlexSyncDaemon.yml")
#: Each Python that runs the hook here; PLEXSYNC_HOOK_PYTHONS names more of them, as paths with colons between.
PYTHONS = sorted(
    {sys.executable, *(str(path) for path in [Path("/usr/bin/python3")] if path.exists())}
    | set(filter(None, os.environ.get("PLEXSYNC_HOOK_PYTHONS", "").split(os.pathsep)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one run ended."""

    status: int
    answer: Any  #: stdout, read as JSON
    log: list[str]  #: lines of stderr with their level letter, as "w: text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """The hook with a spool folder of its own."""

    spool: Path
    python: str = sys.executable
    script: Path = HOOK
    before: tuple[str, ...] = ()  #: a command that runs the process, as unshare

    def start(self, stdin: bytes, **variables: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "STASH_PLUGIN_DATA": str(self.spool), **variables}
        process = subprocess.Popen(
            [*self.before, self.python, "-S", "-E", str(self.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None
        return process

    def run(self, stdin: bytes, **variables: str) -> Ended:
        return ended(self.start(stdin, **variables))

    def event(self, kind: str, ident: object, given: object = None) -> Ended:
        return self.run(hook_call(kind, ident, given))

    def task(self, mode: str, *, stash_port: int = 9, **more: object) -> Ended:
        return self.run(task_call(mode, more, stash_port))

    def lines(self) -> list[dict[str, Any]]:
        """All events in the folder, oldest first."""
        return [json.loads(path.read_bytes()) for path in sorted(self.spool.glob("[0-9]*.json"))]

    def names(self) -> list[str]:
        return sorted(path.name for path in self.spool.iterdir())

    def settings(self, **values: object) -> None:
        self.spool.mkdir(exist_ok=True)
        path = self.spool / "daemon.json"
        path.write_text(json.dumps(values))
        path.chmod(0o600)

    def debug(self) -> None:
        self.spool.mkdir(exist_ok=True)
        (self.spool / "debug").touch()


def ended(process: subprocess.Popen[bytes]) -> Ended:
    stdout, stderr = process.communicate(timeout=30)
    log = []
    for line in stderr.splitlines():
        assert line[:1] == b"\x01", stderr
        assert line[2:3] == b"\x02", stderr
        log.append(f"{line[1:2].decode()}: {line[3:].decode()}")
    return Ended(status=process.returncode, answer=json.loads(stdout), log=log)


def connection(port: int = 9999, *, scheme: str = "http", host: str = "0.0.0.0") -> dict[str, object]:
    cookie = {"Name": "session", "Value": "SECRET-COOKIE", "Path": "", "Quoted": False}
    return {"Scheme": scheme, "Host": host, "Port": port, "SessionCookie": cookie, "Dir": "/config", "PluginDir": "p"}


def hook_call(kind: str, ident: object, given: object = None) -> bytes:
    context = {"id": ident, "type": kind, "input": given}
    call = {"server_connection": connection(), "args": {"hookContext": context, "mode": "hook"}}
    return json.dumps(call).encode()


def task_call(mode: str, more: Mapping[str, object], stash_port: int = 9, scheme: str = "http") -> bytes:
    server = connection(stash_port, scheme=scheme)
    return json.dumps({"server_connection": server, "args": {"mode": mode, **more}}).encode()
