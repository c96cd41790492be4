"""A daemon elsewhere: one POST, and files go only when it took them."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from plugin.hook_process import PYTHONS, Hook, hook_call

CALL = hook_call("Scene.Update.Post", 17)


def sent(httpserver: HTTPServer) -> list[list[Any]]:
    """The ids of each POST."""
    return [[event["id"] for event in json.loads(request.get_data())["events"]] for request, _ in httpserver.log]


def answering(httpserver: HTTPServer, status: int) -> str:
    httpserver.expect_request("/api/v1/events", method="POST").respond_with_data(status=status)
    return httpserver.url_for("")


def fill(hook: Hook, count: int) -> None:
    hook.spool.mkdir()
    for number in range(count):
        line = {"v": 1, "type": "Scene.Update.Post", "id": str(1000 + number), "at": 1.5}
        (hook.spool / f"{number:020d}-1-00000000.json").write_text(json.dumps(line) + "\n")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_the_daemon_took_is_gone_from_the_folder(
    tmp_path: Path, httpserver: HTTPServer, python: str, host: str
) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    fill(hook, 3)
    answering(httpserver, 202)
    hook.settings(url=f"http://{host}:{httpserver.port}", token="abc")
    assert hook.run(CALL).log == []
    assert sent(httpserver) == [["17", "1000", "1001", "1002"]]
    assert hook.names() == ["daemon.json"]


def test_a_hundred_older_events_go_along_oldest_first(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    fill(hook, 150)
    hook.settings(url=answering(httpserver, 202), token="abc")
    hook.run(CALL)
    assert sent(httpserver) == [["17", *(str(1000 + number) for number in range(100))]]
    assert [line["id"] for line in hook.lines()] == [str(1100 + number) for number in range(50)]


def test_a_wanted_walk_goes_along(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.run(b"")
    hook.settings(url=answering(httpserver, 202), token="abc")
    hook.run(CALL)
    (events,) = [json.loads(request.get_data())["events"] for request, _ in httpserver.log]
    assert [event["type"] for event in events] == ["Scene.Update.Post", "Walk.Needed"]
    assert hook.names() == ["daemon.json"]


def test_a_torn_file_holds_up_nobody(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    fill(hook, 1)
    (hook.spool / "00000000000000000000-1-00000000.json").write_text('{"v":1,"ty')
    (hook.spool / "00000000000000000001-1-00000000.json").write_text("")
    hook.settings(url=answering(httpserver, 202), token="abc")
    hook.run(CALL)
    assert sent(httpserver) == [["17"]]


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "Connect"), (403, "Connect"), (413, "log"), (500, "log"), (200, "log")]
)
def test_any_other_answer_leaves_the_files_and_says_why(
    tmp_path: Path, httpserver: HTTPServer, status: int, remedy: str
) -> None:
    hook = Hook(spool=tmp_path / "data")
    fill(hook, 2)
    url = answering(httpserver, status)
    hook.settings(url=url, token="SECRET-TOKEN")
    (line,) = hook.run(CALL).log
    assert str(status) in line
    assert url in line
    assert remedy in line
    assert "SECRET-TOKEN" not in line
    assert len(hook.lines()) == 3


def test_a_daemon_that_is_away_leaves_the_files_in_silence(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        hook.settings(url=f"http://127.0.0.1:{closed.getsockname()[1]}", token="abc")
        assert hook.run(CALL).log == []
    assert [line["id"] for line in hook.lines()] == ["17"]


@pytest.mark.parametrize("python", PYTHONS)
def test_a_daemon_that_takes_the_connection_and_never_answers_holds_nobody_up(tmp_path: Path, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook.settings(url=f"http://127.0.0.1:{silent.getsockname()[1]}", token="abc", command=["/bin/true"])
        started = time.monotonic()
        run = hook.run(CALL)
        assert time.monotonic() - started < 2
    assert run.log == []
    assert hook.names()[0].endswith(".json")
    assert [line["id"] for line in hook.lines()] == ["17"]
    assert not (hook.spool / "starting").exists()


def test_a_host_that_takes_no_connection_holds_nobody_up(tmp_path: Path) -> None:
    """Its queue of connections is full, so a connection is neither made nor refused."""
    hook = Hook(spool=tmp_path / "data")
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        hook.settings(url=f"http://127.0.0.1:{full.getsockname()[1]}", token="abc")
        started = time.monotonic()
        hook.run(CALL)
        assert time.monotonic() - started < 2
        for one in waiting:
            one.close()
    assert [line["id"] for line in hook.lines()] == ["17"]


def test_a_name_that_nobody_knows_holds_nobody_up(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.settings(url="http://no-such-host.invalid:9797", token="abc")
    started = time.monotonic()
    assert hook.run(CALL).log == []
    assert time.monotonic() - started < 2
    assert [line["id"] for line in hook.lines()] == ["17"]


def test_a_daemon_that_is_away_is_started_when_a_command_is_named(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        hook.settings(url=f"http://127.0.0.1:{closed.getsockname()[1]}", token="abc", command=["/bin/true"])
        hook.debug()
        assert "daemon started" in hook.run(CALL).log[0]


@pytest.mark.parametrize(
    "url", ["https://nas:9797", "nas", "http://", "http://nas:x", "http://nas:70000", "http://a@b", 5]
)
def test_an_address_that_cannot_work_is_named(tmp_path: Path, url: object) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.settings(url=url, token="abc")
    (line,) = hook.run(CALL).log
    assert str(url) in line
    assert str(hook.spool / "daemon.json") in line
    assert [line["id"] for line in hook.lines()] == ["17"]


def test_a_token_with_line_breaks_cannot_add_headers(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.settings(url=answering(httpserver, 202), token="abc\r\nX-Evil: 1\r\n")
    hook.run(CALL)
    ((request, _),) = httpserver.log
    assert "X-Evil" not in request.headers


def test_after_a_post_without_answer_only_a_few_older_events_go_along_until_one_is_taken(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    hook = Hook(spool=tmp_path / "data")
    fill(hook, 150)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        hook.settings(url=f"http://127.0.0.1:{deaf.getsockname()[1]}", token="abc")
        hook.run(CALL)
    assert len(hook.lines()) == 151
    hook.settings(url=answering(httpserver, 202), token="abc")
    hook.run(CALL)
    hook.run(CALL)
    assert [len(events) for events in sent(httpserver)] == [1 + 10, 1 + 100]
