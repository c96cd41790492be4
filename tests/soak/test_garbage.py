"""Garbage at every door: the daemon refuses it, goes on, and loses nothing that makes sense beside it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from process.household import Household, household
from process.programs import until

pytestmark = [pytest.mark.soak, pytest.mark.process, pytest.mark.timeout(600)]

SCENES = 20
SECONDS = 60.0
#: The daemon may grow by a cache or two, never by what it was sent.
MOST_BYTES = 300_000_000

ATOMS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**63, 10**400, "", "1", "x", "\0", "\ud800", "é" * 300, [], {}),
    *("Scene.Update.Post", "Scene.Destroy.Post", "Walk.Needed", "../../etc/passwd", "9" * 5000),
)
NAMES = ("events", "type", "id", "at", "path", "oshash", "ids", "v", "", "\0")


def garbage(chance: random.Random, depth: int = 0) -> Any:
    """Something that JSON can say."""
    kind = chance.random()
    if depth > 4 or kind < 0.5:
        return chance.choice(ATOMS)
    if kind < 0.7:
        return [garbage(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    return {chance.choice(NAMES): garbage(chance, depth + 1) for _ in range(chance.randint(0, 5))}


def body(chance: random.Random) -> bytes:
    """A request's body: something near an event, any JSON, broken JSON, or noise."""
    event = {"type": "Scene.Update.Post", "id": 1, "at": 0.0} | {chance.choice(NAMES): garbage(chance)}
    texts = {
        "near": json.dumps({"events": [event]}),
        "any": json.dumps(garbage(chance)),
        "deep": "[" * chance.randint(1, 20_000),
        "broken": json.dumps({"events": [event]})[: chance.randint(0, 60)],
    }
    which = chance.choice([*texts, "noise"])
    if which == "noise":
        return chance.randbytes(chance.randint(0, 2000))
    return texts[which].encode("utf-8", "surrogatepass")


def memory(home: Household) -> int:
    """Bytes that the daemon has in use."""
    lines = Path(f"/proc/{home.daemon.running.pid}/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def goes_on(home: Household, title: str) -> None:
    """An edit still arrives, and the daemon is not swollen."""
    home.edit(1, title=title)
    until(lambda: not home.differences(), "in step")
    assert memory(home) < MOST_BYTES
    assert "Traceback" not in home.daemon.log.read_text(encoding="utf-8")


def test_garbage_posted_as_events_is_refused_and_never_a_fault_of_ours(tmp_path: Path) -> None:
    chance = random.Random(31)
    with household(tmp_path, scenes=SCENES, plugin=True) as home:
        home.start_daemon()
        home.quiet()
        key = json.loads((home.data / "identity.json").read_text(encoding="utf-8"))["events_token"]
        headers = {"X-Api-Key": key, "Content-Type": "application/json"}
        answers: dict[int, int] = {}
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            sent = body(chance)
            answer = home.client.post(f"{home.daemon_url}/api/v1/events", content=sent, headers=headers)
            answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
            assert answer.status_code < 500, sent
        sys.stdout.write(f"\ngarbage as events: answers {answers}\n")
        assert answers.keys() >= {202, 422} or answers.keys() >= {202, 400}, answers
        goes_on(home, "After the garbage")


def test_bodies_that_never_end_and_connections_that_say_nothing_hold_nobody_up(tmp_path: Path) -> None:
    with household(tmp_path, scenes=SCENES, plugin=True) as home:
        home.start_daemon()
        home.quiet()
        address = httpx2.URL(home.daemon_url)
        half = f"POST /api/v1/events HTTP/1.1\r\nHost: {address.host}\r\nContent-Length: 500\r\n\r\n{{"
        with _connections(str(address.host), address.port or 0, half.encode(), 200):
            goes_on(home, "Beside silent connections")
            assert home.daemon.terminate() < 5.0


def test_garbage_in_the_spool_folder_is_set_aside(tmp_path: Path) -> None:
    chance = random.Random(32)
    with household(tmp_path, scenes=SCENES, plugin=True) as home:
        home.start_daemon()
        home.quiet()
        end, count = time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            for _ in range(20):
                count += 1
                _leave(home.spool, chance, count)
            if chance.random() < 0.1:
                home.edit(chance.randint(1, SCENES), title=f"Among garbage {count}")
            home.daemon.lives(0.05)
        sys.stdout.write(f"\ngarbage in the spool folder: {count} files\n")
        until(lambda: not home.differences(), "in step")
        goes_on(home, "After the garbage")


@contextlib.contextmanager
def _connections(host: str, port: int, sent: bytes, count: int) -> Iterator[None]:
    """So many connections that begin a request and never end it."""
    with contextlib.ExitStack() as stack:
        for number in range(count):
            connection = stack.enter_context(socket.create_connection((host, port), timeout=10))
            if number % 2:
                connection.sendall(sent)
        yield


def _leave(folder: Path, chance: random.Random, count: int) -> None:
    """One entry that the plugin would never have made, named as if it had."""
    name = folder / f"{time.time_ns()}-{count}.json"
    kind = chance.choices(["file", "folder", "dangling", "device", "pipe", "secret", "huge"], [80, 2, 2, 2, 2, 2, 1])[0]
    if kind == "file":
        name.write_bytes(body(chance))
    elif kind == "folder":
        name.mkdir()
    elif kind == "dangling":
        name.symlink_to(folder / "nowhere")
    elif kind == "device":
        name.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(name)
    elif kind == "secret":
        name.write_bytes(b"{}")
        name.chmod(0)
    else:
        name.write_bytes(b" " * 5_000_000)
