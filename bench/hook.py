"""How long Stash waits for a hook: whole processes, against an interpreter that does nothing."""

import json
import os
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HOOK = Path(__file__).parents[1] / "plugin" / "hook.py"
RUNS = 60
BURST = 50
BURSTS = 6
TOOK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Case:
    """One situation: a command, and the folder that the hook finds."""

    def __init__(self, folder: Path, *, bare: bool = False) -> None:
        self.folder = folder
        self.command = [python(), "-S", "-E", *(["-c", "pass"] if bare else [str(HOOK)])]
        self.seconds: list[float] = []
        folder.mkdir()

    def start(self, call: Path) -> int:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, str(call), os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        ]
        environment = {**os.environ, "STASH_PLUGIN_DATA": str(self.folder)}
        return os.posix_spawn(self.command[0], self.command, environment, file_actions=actions)

    def run(self, call: Path) -> None:
        started = time.perf_counter()
        os.waitpid(self.start(call), 0)
        self.seconds.append(time.perf_counter() - started)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def ratio(self, bare: "Case") -> float:
        """Each run against the bare start of the same round, so that a busy minute weighs on both."""
        return statistics.median(mine / its for mine, its in zip(self.seconds, bare.seconds, strict=True))

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[98]

    @property
    def waiting(self) -> int:
        return sum(1 for _ in self.folder.glob("[0-9]*.json"))


def python() -> str:
    """The interpreter itself: a virtual environment looks for its own configuration first."""
    return str(Path(sys.executable).resolve())


def write_call(path: Path) -> Path:
    """What Stash sends when the form of a scene is saved."""
    fields = dict.fromkeys(("code", "director", "date", "rating100", "organized", "cover_image"))
    given = {"id": "17", "title": "A title", "details": "d" * 600, "tag_ids": [str(n) for n in range(40)], **fields}
    cookie = {"Name": "session", "Value": "x" * 400, "Path": "", "Domain": "", "MaxAge": 0, "Quoted": False}
    server = {"Scheme": "http", "Host": "0.0.0.0", "Port": 9999, "SessionCookie": cookie, "Dir": "/", "PluginDir": "p"}
    context = {"id": 17, "type": "Scene.Update.Post", "input": given, "inputFields": list(given)}
    path.write_text(json.dumps({"server_connection": server, "args": {"hookContext": context, "mode": "hook"}}))
    return path


@contextmanager
def bell(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(folder / "nudge.sock"))
        yield ear


@contextmanager
def listening(folder: Path) -> Iterator[None]:
    """A daemon that takes each datagram."""
    with bell(folder) as ear:
        thread = threading.Thread(target=drain, args=(ear,), daemon=True)
        thread.start()
        yield
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", str(folder / "nudge.sock"))
        thread.join()


def drain(ear: socket.socket) -> None:
    while ear.recv(16) != b"end":
        pass


@contextmanager
def hanging(folder: Path) -> Iterator[None]:
    """A daemon that reads nothing, so that its queue is full."""
    with bell(folder), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.settimeout(0)
        try:
            while True:
                other.sendto(b"1", str(folder / "nudge.sock"))
        except BlockingIOError:
            yield


@contextmanager
def elsewhere(folder: Path, *, silent: bool = False) -> Iterator[None]:
    """A daemon that is reached by HTTP only; a silent one takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        settings = folder / "daemon.json"
        settings.write_text(json.dumps({"url": f"http://127.0.0.1:{server.getsockname()[1]}", "token": "t" * 43}))
        settings.chmod(0o600)
        if silent:
            yield
            return
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield
        with socket.create_connection(server.getsockname()) as last:
            last.sendall(b"end")
        thread.join()


def serve(server: socket.socket) -> None:
    while True:
        link, _ = server.accept()
        with link:
            request = link.recv(65536)
            if request == b"end":
                return
            head, _, body = request.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            while len(body) < length:
                body += link.recv(65536)
            link.sendall(TOOK)


def measure(root: Path, runs: int) -> dict[str, Case]:
    """Run all situations in turn, so that a busy moment of the machine meets each of them."""
    call = write_call(root / "call.json")
    cases = {
        name: Case(root / name, bare=name == "bare") for name in ("bare", "up", "down", "hanging", "post", "silent")
    }
    with ExitStack() as stack:
        stack.enter_context(listening(cases["up"].folder))
        stack.enter_context(hanging(cases["hanging"].folder))
        stack.enter_context(elsewhere(cases["post"].folder))
        stack.enter_context(elsewhere(cases["silent"].folder, silent=True))
        for _ in range(runs):
            for case in cases.values():
                case.run(call)
    return cases


def measure_bursts(root: Path, bursts: int) -> tuple[Case, Case]:
    """Start many at once, as several requests to Stash do: bare interpreters and hooks in turn."""
    call = write_call(root / "call.json")
    bare, hook = Case(root / "bare burst", bare=True), Case(root / "burst")
    with listening(hook.folder):
        for _ in range(bursts):
            burst(bare, call)
            burst(hook, call)
    return bare, hook


def burst(case: Case, call: Path) -> None:
    began: dict[int, float] = {}
    for _ in range(BURST):
        now = time.perf_counter()
        began[case.start(call)] = now
    while began:
        ended, _ = os.waitpid(-1, 0)
        case.seconds.append(time.perf_counter() - began.pop(ended))


def rows(runs: int = RUNS, bursts: int = BURSTS) -> list[dict[str, object]]:
    """The numbers of the hook: ratios to a bare start in the same run, and milliseconds."""
    root = Path(tempfile.mkdtemp(prefix="plexsync-bench-"))
    try:
        cases = measure(root, runs)
        bare_burst, hook_burst = measure_bursts(root, bursts)
        lost = bursts * BURST - hook_burst.waiting
    finally:
        shutil.rmtree(root)
    bare = cases["bare"]
    shared = [
        row(f"hook, shared folder, daemon {name}", cases[name].ratio(bare), "x bare", "<= 2")
        for name in ("up", "down", "hanging")
    ]
    return [
        row("a bare interpreter start", bare.median * 1000, "ms", ""),
        *shared,
        row("hook, daemon elsewhere (POST)", cases["post"].median * 1000, "ms", "< 100"),
        row("hook, daemon elsewhere (POST)", cases["post"].ratio(bare), "x bare", ""),
        row("hook, daemon elsewhere, silent", cases["silent"].median * 1000, "ms", "< 100"),
        row(f"{BURST} bare starts at once", bare_burst.p99 * 1000, "ms p99", ""),
        row(f"hook, {BURST} at once", hook_burst.p99 * 1000, "ms p99", "< 200"),
        row(f"hook, {BURST} at once, lost", lost, "events", "0"),
    ]


def row(name: str, value: float, unit: str, reach: str) -> dict[str, object]:
    return {"name": name, "value": round(value, 2), "unit": unit, "reach": reach}


if __name__ == "__main__":
    for line in rows():
        print(f"{line['name']:36} {line['value']:>8} {line['unit']:8} {line['reach']}")
