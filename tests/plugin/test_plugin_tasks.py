"""Tasks and operations: what a user starts, and what the daemon asks of the plugin."""

import json
import socket
import ssl
import stat
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from certificates import certified
from plugin.hook_process import PYTHONS, Hook, task_call
from plugin.test_contract import TASKS

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("mode", ["sync_all", "sync_recent"])
def test_a_sync_is_noted_and_the_task_returns_at_once(tmp_path: Path, mode: str, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    run = hook.run(task_call(mode, {"from": "task"}))
    assert "is asked for: it is done once a daemon takes it." in run.answer["output"]["text"]
    assert run.log == [f"i: {run.answer['output']['text']}"]
    assert len(hook.lines()) == 1


HANDED = [mode for mode in TASKS if not mode.startswith("sync_")]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("mode", HANDED)
def test_a_task_of_the_daemon_is_handed_over_and_says_where_its_answer_will_stand(
    tmp_path: Path, httpserver: HTTPServer, mode: str, python: str
) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    httpserver.expect_request("/api/v1/events", method="POST").respond_with_data(status=202)
    hook.settings(url=httpserver.url_for(""), token=TOKEN)
    run = hook.run(task_call(mode, {"from": "task"}))
    assert run.answer["output"]["text"].endswith(": handed to the daemon; the answer follows in this log.")
    assert run.log == [f"i: {run.answer['output']['text']}"]
    assert hook.lines() == []


@pytest.mark.parametrize("mode", HANDED)
def test_a_task_that_no_daemon_takes_waits_and_says_how_long_it_counts(tmp_path: Path, mode: str) -> None:
    hook = Hook(spool=tmp_path / "data")
    text = hook.task(mode).answer["output"]["text"]
    assert "no daemon takes this now" in text
    counts_for_ten_minutes = mode in {"queue_clear", "dead_retry", "dead_clear", "dead_purge"}
    assert text.endswith("within 10 minutes." if counts_for_ten_minutes else "once one does.")
    assert [line["type"] for line in hook.lines()] == [TASKS[mode]]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_daemons_answer_is_written_into_the_log_line_by_line(tmp_path: Path, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    run = hook.task("tell", level="warning", lines=["Plex is away", 'two\nlines \x01e\x02 in "one"'])
    assert run.log == ["w: Plex is away", 'w: two lines  e  in "one"']
    assert run.answer["output"]["text"] == "2 lines are in the log."


def test_an_answer_larger_than_the_pipe_to_stash_is_written_whole(tmp_path: Path) -> None:
    lines = [f"{number} " + "ä" * 1500 for number in range(400)]
    run = Hook(spool=tmp_path / "data").task("tell", level="info", lines=lines)
    assert run.log == [f"i: {line}" for line in lines]


@pytest.mark.parametrize("wrong", [{}, {"lines": "one"}, {"lines": [1]}, {"lines": ["a"], "level": "loud"}])
def test_an_answer_of_another_form_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    run = Hook(spool=tmp_path / "data").run(task_call("tell", wrong))
    assert "tell needs lines" in run.answer["error"]


def test_a_task_waits_less_than_two_seconds_for_a_daemon_that_hangs(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hook.settings(url=f"http://127.0.0.1:{listener.getsockname()[1]}", token=TOKEN)
        tries = [_timed(hook, "health") for _ in range(2)]
    assert all("no daemon takes this now" in text for text, _ in tries)
    assert len(hook.lines()) == 2
    # What a start takes is the machine's matter: the same without an address to hang at.
    alone = [_timed(Hook(spool=tmp_path / "alone"), "health") for _ in range(2)]
    assert min(took for _, took in tries) - min(took for _, took in alone) < 1.7


def _timed(hook: Hook, mode: str) -> tuple[str, float]:
    """What a task says, and how long it took."""
    began = time.monotonic()
    text = str(hook.task(mode).answer["output"]["text"])
    return text, time.monotonic() - began


def test_a_sync_that_cannot_be_noted_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    run = Hook(spool=tmp_path / "data").task("sync_all")
    assert str(tmp_path / "data") in run.answer["error"]


def test_a_sync_goes_to_a_daemon_elsewhere(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    httpserver.expect_request("/api/v1/events", method="POST").respond_with_data(status=202)
    hook.settings(url=httpserver.url_for(""), token=TOKEN)
    assert hook.task("sync_all").answer["output"]["way"] == "sent to the daemon"
    assert hook.lines() == []


def test_status_without_a_daemon_says_what_waits_and_what_to_do(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.event("Scene.Update.Post", 17)
    hook.run(b"")
    output = hook.task("status").answer["output"]
    assert (output["listens"], output["waiting"], output["spool"]) == (False, 2, str(hook.spool))
    assert "Daemon address" in output["text"]


@pytest.mark.parametrize("code", [200, 503])
def test_status_repeats_the_readiness_of_a_daemon_elsewhere(tmp_path: Path, httpserver: HTTPServer, code: int) -> None:
    hook = Hook(spool=tmp_path / "data")
    httpserver.expect_request("/readyz").respond_with_data("Plex is away", status=code)
    hook.settings(url=httpserver.url_for(""), token=TOKEN)
    output = hook.task("status").answer["output"]
    assert (output["listens"], output["readyz"]) == (True, f"{code} Plex is away")
    assert TOKEN not in json.dumps(output)


@pytest.mark.parametrize("mode", ["dance", "", ["a"], None])
def test_an_unknown_mode_is_an_error(tmp_path: Path, mode: str) -> None:
    run = Hook(spool=tmp_path / "data").task(mode)
    assert run.status == 0
    assert "error" in run.answer


def stash(httpserver: HTTPServer, settings: dict[str, object] | None) -> int:
    """A Stash that shows the plugin's settings to whom it gave the session."""
    plugins = {} if settings is None else {"PlexSyncDaemon": settings}
    httpserver.expect_request("/graphql", method="POST", headers={"Cookie": "session=SECRET-COOKIE"}).respond_with_json(
        {"data": {"configuration": {"plugins": plugins}}}
    )
    return httpserver.port


@pytest.mark.parametrize("python", PYTHONS)
def test_connect_stores_the_plugins_settings_for_the_hook_alone(
    tmp_path: Path, httpserver: HTTPServer, python: str
) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    url = httpserver.url_for("")
    port = stash(httpserver, {"daemonUrl": url, "eventsToken": TOKEN, "debugLog": True})
    httpserver.expect_request("/api/v1/events", method="POST").respond_with_data(status=202)
    output = hook.task("connect", stash_port=port).answer["output"]
    path = hook.spool / "daemon.json"
    assert json.loads(path.read_text()) == {"url": url, "token": TOKEN}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (hook.spool / "debug").exists()
    assert "takes events" in output["text"]
    assert output["token"] == "0123...cdef"
    assert "SECRET-COOKIE" not in "".join(file.read_text() for file in hook.spool.iterdir())


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that nobody signed, as Stash makes for itself."""
    return certified(tmp_path_factory.mktemp("certificate"), "stash").for_server()


@pytest.mark.parametrize("python", PYTHONS)
def test_connect_reaches_a_stash_that_signed_its_own_certificate(
    tmp_path: Path, own_certificate: ssl.SSLContext, python: str
) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    with HTTPServer("127.0.0.1", ssl_context=own_certificate) as secure:
        port = stash(secure, {"daemonUrl": "http://127.0.0.1:9", "eventsToken": TOKEN})
        output = hook.run(task_call("connect", {}, port, "https")).answer["output"]
    assert "nobody answers" in output["tried"]
    assert json.loads((hook.spool / "daemon.json").read_text())["token"] == TOKEN


def test_connect_keeps_what_else_daemon_json_holds(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.settings(url="http://old:1", token="old", command=["/bin/true"])
    port = stash(httpserver, {"daemonUrl": f"127.0.0.1:{httpserver.port}", "eventsToken": TOKEN})
    hook.task("connect", stash_port=port)
    assert json.loads((hook.spool / "daemon.json").read_text()) == {
        "url": f"http://127.0.0.1:{httpserver.port}",
        "token": TOKEN,
        "command": ["/bin/true"],
    }


@pytest.mark.parametrize("settings", [None, {}, {"daemonUrl": ""}, {"debugLog": True}])
def test_connect_says_where_missing_settings_belong(
    tmp_path: Path, httpserver: HTTPServer, settings: dict[str, object] | None
) -> None:
    hook = Hook(spool=tmp_path / "data")
    run = hook.task("connect", stash_port=stash(httpserver, settings))
    for part in ("Daemon address", "Events token", "Settings > Plugins", str(hook.spool)):
        assert part in run.answer["error"]
    assert not (hook.spool / "daemon.json").exists()


def test_connect_refuses_https_and_says_what_to_give_instead(tmp_path: Path, httpserver: HTTPServer) -> None:
    port = stash(httpserver, {"daemonUrl": "https://nas:9797", "eventsToken": TOKEN})
    error = Hook(spool=tmp_path / "data").task("connect", stash_port=port).answer["error"]
    assert "http://" in error
    assert "tunnel" in error


def test_connect_says_that_stash_does_not_answer(tmp_path: Path) -> None:
    assert "127.0.0.1:9" in Hook(spool=tmp_path / "data").task("connect", stash_port=9).answer["error"]


def test_connect_says_that_the_token_is_refused(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    httpserver.expect_request("/api/v1/events", method="POST").respond_with_data(status=401)
    output = hook.task("connect", url=httpserver.url_for(""), token="wrong").answer["output"]
    assert "refuses the token" in output["tried"]


def test_the_operation_connect_stores_what_the_daemon_gives(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    command = ["plexsync", "run"]
    output = hook.task("connect", command=command, data_dir="/srv").answer["output"]
    assert output["spool"] == str(hook.spool)
    assert json.loads((hook.spool / "daemon.json").read_text()) == {"command": command, "data_dir": "/srv"}
    hook.task("connect", command=None)
    assert json.loads((hook.spool / "daemon.json").read_text()) == {"data_dir": "/srv"}


@pytest.mark.parametrize(
    "wrong", [{"command": "plexsync run"}, {"command": [1]}, {"url": 5}, {"token": []}, {"url": "http://a:b"}]
)
def test_the_operation_connect_refuses_what_the_hook_cannot_use(tmp_path: Path, wrong: dict[str, object]) -> None:
    hook = Hook(spool=tmp_path / "data")
    assert "error" in hook.run(task_call("connect", wrong)).answer
    assert not (hook.spool / "daemon.json").exists()
