"""The JSON that the plugin hands to the daemon: both sides rely on each byte of it."""

import json
import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from plexsync.model.work import Event, EventType
from plexsync.sync.tasks import wish_of
from plugin.hook_process import PYTHONS, Hook

AT = r'"at":\d{10}\.\d{6}'


def only_line(hook: Hook) -> str:
    (path,) = hook.spool.glob("[0-9]*.json")
    return path.read_text("ascii")


@pytest.mark.parametrize("python", PYTHONS)
def test_a_changed_scene_is_one_line_of_version_type_id_and_time(tmp_path: Path, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    hook.event("Scene.Update.Post", 17, {"id": "17", "title": "Hidden"})
    assert re.fullmatch(r'\{"v":1,"type":"Scene.Update.Post","id":"17",' + AT + r"\}\n", only_line(hook))


@pytest.mark.parametrize("python", PYTHONS)
def test_a_removed_scene_also_tells_path_oshash_and_ids(tmp_path: Path, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    given = {"ids": ["3", 4], "checksum": "c", "oshash": "0a1b", "path": '/data/Ä "x".mp4', "delete_file": True}
    hook.event("Scene.Destroy.Post", 3, given)
    more = r',"path":"/data/\\u00c4 \\"x\\".mp4","oshash":"0a1b","ids":\["3","4"\]'
    assert re.fullmatch(r'\{"v":1,"type":"Scene.Destroy.Post","id":"3",' + AT + more + r"\}\n", only_line(hook))


@pytest.mark.parametrize("python", PYTHONS)
def test_merged_tags_tell_the_destination_as_id_and_the_sources_as_ids(tmp_path: Path, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    hook.event("Tag.Merge.Post", 9, {"source": ["7", "8"], "destination": "9"})
    line = r'\{"v":1,"type":"Tag.Merge.Post","id":"9",' + AT + r',"ids":\["7","8"\]\}\n'
    assert re.fullmatch(line, only_line(hook))


TASKS = {
    "sync_all": "Task.SyncAll",
    "sync_recent": "Task.SyncRecent",
    "queue_status": "Task.QueueStatus",
    "process_queue": "Task.ProcessQueue",
    "queue_clear": "Task.QueueClear",
    "dead_show": "Task.DeadShow",
    "dead_retry": "Task.DeadRetry",
    "dead_clear": "Task.DeadClear",
    "dead_purge": "Task.DeadPurge",
    "recover": "Task.Recover",
    "health": "Task.Health",
    "outages": "Task.Outages",
    "doctor": "Task.Doctor",
    "reconcile_all": "Task.ReconcileAll",
    "reconcile_24h": "Task.ReconcileDay",
    "reconcile_7d": "Task.ReconcileWeek",
    "reconcile_empty": "Task.ReconcileEmpty",
    "refresh_index": "Task.RefreshIndex",
    "suggest_paths": "Task.SuggestPathRules",
}


@pytest.mark.parametrize(("mode", "kind"), TASKS.items())
def test_a_task_is_a_line_without_an_id(tmp_path: Path, mode: str, kind: str) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.task(mode)
    assert re.fullmatch(r'\{"v":1,"type":"' + kind + r'","id":"",' + AT + r"\}\n", only_line(hook))


def test_the_daemon_understands_every_task_that_the_plugin_hands_over() -> None:
    assert set(TASKS.values()) == {kind for kind in EventType if kind.startswith("Task.")}
    own = {kind for kind in EventType if wish_of(Event(type=kind), 0.0) is not None}
    assert own == set(TASKS.values()) - {"Task.SyncAll", "Task.SyncRecent"}


def test_the_marker_is_a_line_of_the_same_form(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.run(b"")
    line = (hook.spool / "walk-needed.json").read_text("ascii")
    assert re.fullmatch(r'\{"v":1,"type":"Walk.Needed","id":"",' + AT + r"\}\n", line)


def test_names_of_events_sort_by_time_and_end_in_json(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    for ident in (5, 3, 4):
        hook.event("Scene.Update.Post", ident)
    assert all(re.fullmatch(r"\d{20}-\d+-[0-9a-f]{8}\.json", name) for name in hook.names())
    assert [line["id"] for line in hook.lines()] == ["5", "3", "4"]


def test_a_post_carries_a_list_of_lines_with_the_token(tmp_path: Path, httpserver: HTTPServer) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.event("Scene.Update.Post", 1)
    seen: list[Request] = []

    def take(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        return Response(status=202)

    httpserver.expect_request("/base/api/v1/events", method="POST").respond_with_handler(take)
    hook.settings(url=httpserver.url_for("/base/"), token="abc")
    hook.event("Scene.Update.Post", 2)
    (request,) = seen
    assert request.headers["Authorization"] == "Bearer abc"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Host"] == f"{httpserver.host}:{httpserver.port}"
    document = json.loads(request.get_data())
    assert list(document) == ["events"]
    assert [(event["v"], event["type"], event["id"]) for event in document["events"]] == [
        (1, "Scene.Update.Post", "2"),
        (1, "Scene.Update.Post", "1"),
    ]
