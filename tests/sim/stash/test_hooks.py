"""Plugins: what they are told, in which order they run, and when they are killed."""

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sim.stash.remote import MANIFEST, RECORDER, PluginFolder, Remote, data_url, png, write_plugin

LOOPER = """
import json, sys, urllib.request
told = json.loads(sys.stdin.buffer.read())
server, context = told["server_connection"], told["args"]["hookContext"]
body = json.dumps({"query": "mutation {sceneUpdate(input: {id: %d}) {id}}" % context["id"]}).encode()
request = urllib.request.Request("http://127.0.0.1:%d/graphql" % server["Port"], body, {
    "Content-Type": "application/json", "Cookie": "session=" + server["SessionCookie"]["Value"]})
urllib.request.urlopen(request).read()
"""
SLEEPER = """
import json, os, sys, time
told = json.loads(sys.stdin.buffer.read())
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "started"), "a") as out:
    out.write("%d %d\\n" % (os.getpid(), told["args"]["hookContext"]["id"]))
time.sleep(60)
"""


def wait_until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Look again and again until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def log(stash: Remote) -> list[dict[str, str]]:
    """What plugins logged."""
    told: list[dict[str, str]] = stash.get("/_sim/log").json()
    return told


def test_an_update_is_told_with_all_keys_and_the_names_of_those_sent(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.update(id="3", title="Émo <&>", cover_image=data_url(png("red")))
    context = recorder.contexts[0]
    assert context["id"] == 3
    assert context["type"] == "Scene.Update.Post"
    assert context["input"]["title"] == "Émo <&>"
    assert context["input"]["cover_image"] == data_url(png("red"))
    assert context["input"]["details"] is None
    assert "primary_file_id" in context["input"]
    assert set(context["inputFields"]) == {"id", "title", "cover_image"}


def test_the_connection_is_told_in_gos_order(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.update(id="1")
    call = recorder.calls[0]
    server = call["server_connection"]
    assert list(server) == ["Scheme", "Host", "Port", "SessionCookie", "Dir", "PluginDir"]
    assert server["Host"] == "0.0.0.0"
    assert server["Port"] == int(hooked.url.rpartition(":")[2])
    assert server["SessionCookie"]["Name"] == "session"
    assert server["PluginDir"] == str(recorder.folder)
    assert call["args"]["mode"] == "hook"
    assert call["argv"] == ["first"]
    assert call["env"].split(":")[-1] == str(recorder.folder.parent)


def test_several_updates_are_told_one_by_one_with_all_inputs_each(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask('mutation {scenesUpdate(input: [{id: 1, title: "a"}, {id: 2, details: "b"}]) {id}}')
    first, second = recorder.contexts
    assert [first["id"], second["id"]] == [1, 2]
    assert [each["id"] for each in second["input"]] == ["1", "2"]
    assert set(second["inputFields"]) == {"id", "details"}


def test_a_bulk_update_is_told_per_scene_without_keys_that_were_not_sent(
    hooked: Remote, recorder: PluginFolder
) -> None:
    hooked.ask("mutation {bulkSceneUpdate(input: {ids: [4, 5], tag_ids: {ids: [1], mode: ADD}}) {id}}")
    assert [each["id"] for each in recorder.contexts] == [4, 5]
    expected = {"ids": ["4", "5"], "tag_ids": {"ids": ["1"], "mode": "ADD"}}
    assert recorder.contexts[1]["input"] == expected


def test_a_destroyed_scene_is_told_with_its_path_and_hash(hooked: Remote, recorder: PluginFolder) -> None:
    file = hooked.ask('{findScene(id: 1) {files {path fingerprint(type: "oshash")}}}')["findScene"]["files"][0]
    hooked.ask("mutation {sceneDestroy(input: {id: 1, delete_file: false})}")
    assert recorder.contexts == [
        {
            "id": 1,
            "type": "Scene.Destroy.Post",
            "input": {
                "id": "1",
                "delete_file": False,
                "delete_generated": None,
                "checksum": "",
                "oshash": file["fingerprint"],
                "path": file["path"],
            },
        }
    ]


def test_destroyed_scenes_are_told_with_all_ids(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask("mutation {scenesDestroy(input: {ids: [1, 2]})}")
    assert [each["id"] for each in recorder.contexts] == [1, 2]
    assert all(each["input"]["ids"] == ["1", "2"] for each in recorder.contexts)
    assert recorder.contexts[0]["input"]["path"] != recorder.contexts[1]["input"]["path"]


def test_a_created_scene_is_told_without_an_input(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask('mutation {sceneCreate(input: {title: "Bare"}) {id}}')
    assert recorder.contexts == [{"id": 41, "type": "Scene.Create.Post", "input": None}]


def test_a_merge_of_scenes_is_told_to_nobody(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask("mutation {sceneMerge(input: {source: [2], destination: 1}) {id}}")
    assert recorder.calls == []


def test_merged_tags_are_told_once_with_the_destination(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask("mutation {tagsMerge(input: {source: [1, 3], destination: 2}) {id}}")
    told = {"source": ["1", "3"], "destination": "2"}
    assert recorder.contexts == [{"id": 2, "type": "Tag.Merge.Post", "input": told}]


def test_a_group_is_told_under_both_of_its_names(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask('mutation {groupUpdate(input: {id: 1, name: "Llamas"}) {id}}')
    assert [each["type"] for each in recorder.contexts] == ["Group.Update.Post", "Movie.Update.Post"]


def test_performers_tags_and_studios_are_told_under_their_own_types(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask("""mutation {
      performerUpdate(input: {id: 1, name: "Renamed"}) {id} tagCreate(input: {name: "new"}) {id}
      studioDestroy(input: {id: 2}) performersDestroy(ids: [2, 3])}""")
    told = [(each["type"], each["id"]) for each in recorder.contexts]
    assert told == [
        ("Performer.Update.Post", 1),
        ("Tag.Create.Post", 22),
        ("Studio.Destroy.Post", 2),
        ("Performer.Destroy.Post", 2),
        ("Performer.Destroy.Post", 3),
    ]
    assert recorder.contexts[0]["inputFields"] == ["id", "name"]
    assert recorder.contexts[2]["input"] == {"id": "2"}
    assert recorder.contexts[3]["input"] == ["2", "3"]


def test_a_scan_tells_new_changed_and_moved_files_and_leaves_the_scenes_time(
    hooked: Remote, recorder: PluginFolder
) -> None:
    made = httpx2.post(f"{hooked.url}/_sim/files", json={"path": "/data/new.mp4", "size": 5}).json()["id"]
    before = hooked.ask("query ($i: ID) {findScene(id: $i) {updated_at}}", i=made)
    httpx2.post(f"{hooked.url}/_sim/files", json={"path": "/data/new.mp4", "size": 6})
    httpx2.post(f"{hooked.url}/_sim/files", json={"path": "/data/moved.mp4", "was": "/data/new.mp4"})
    assert [each["type"] for each in recorder.contexts] == [
        "Scene.Create.Post",
        "Scene.Update.Post",
        "Scene.Update.Post",
    ]
    assert recorder.contexts[1] == {"id": made, "type": "Scene.Update.Post", "input": None}
    after = hooked.ask("query ($i: ID) {findScene(id: $i) {updated_at files {path size}}}", i=made)
    assert after["findScene"]["files"] == [{"path": "/data/moved.mp4", "size": 6}]
    assert after["findScene"]["updated_at"] == before["findScene"]["updated_at"]


def test_cleaned_scenes_are_told_without_an_id_in_the_input(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask("mutation {sceneMerge(input: {source: [2], destination: 1}) {id}}")
    body = {"path": "/data/Blender Foundation/Sintel (2010)/"}
    assert httpx2.request("DELETE", f"{hooked.url}/_sim/files", json=body).json() == {"gone": []}
    assert recorder.contexts == []
    body = {"path": "/data/Blender Foundation/Big Buck Bunny (2008)/Big Buck Bunny.mp4"}
    assert httpx2.request("DELETE", f"{hooked.url}/_sim/files", json=body).json() == {"gone": [1]}
    told = recorder.contexts[0]
    assert told["type"] == "Scene.Destroy.Post"
    assert (told["id"], told["input"]["id"], told["input"]["path"]) == (1, "", body["path"])
    assert hooked.ask("{findScene(id: 1) {id}}")["findScene"] is None


def test_files_wait_for_a_scan_when_asked_to(hooked: Remote, recorder: PluginFolder) -> None:
    httpx2.post(f"{hooked.url}/_sim/files", json={"path": "/data/late.mp4", "scan": False})
    assert recorder.calls == []
    job = hooked.ask("mutation {metadataScan(input: {})}")["metadataScan"]
    wait_until(lambda: _status(hooked, job) == "FINISHED")
    assert [each["type"] for each in recorder.contexts] == ["Scene.Create.Post"]


def test_an_edit_by_the_control_route_is_told_to_nobody(hooked: Remote, recorder: PluginFolder) -> None:
    sent = {"id": 1, "title": "Silent", "tags": ["animation", "quite new"], "cover_image": None}
    shown = httpx2.post(f"{hooked.url}/_sim/silent", json=sent).json()
    assert shown["tags"] == ["animation", "quite new"]
    assert hooked.ask("{findScene(id: 1) {title}}")["findScene"]["title"] == "Silent"
    assert hooked.get("/scene/1/screenshot").headers["content-type"].startswith("image/svg+xml")
    assert recorder.calls == []


def test_what_scenes_name_is_made_and_edited_by_the_control_route_and_told_to_nobody(
    hooked: Remote, recorder: PluginFolder
) -> None:
    def named(**told: Any) -> int:
        return int(httpx2.post(f"{hooked.url}/_sim/named", json=told).raise_for_status().json()["id"])

    tag = named(kind="tag", name="red", parents=["warm", "colour"])
    assert named(kind="tag", name="red", rename="crimson") == named(kind="tag", id=tag) == tag
    shown = hooked.ask("query ($id: ID!) {findTag(id: $id) {name parents {name}}}", id=str(tag))["findTag"]
    assert shown == {"name": "crimson", "parents": [{"name": "colour"}, {"name": "warm"}]}
    sent = {"id": 1, "groups": ["First", {"name": "Second", "scene_index": 4}], "code": "X", "stash_ids": []}
    scene = httpx2.post(f"{hooked.url}/_sim/silent", json=sent).json()
    assert (scene["groups"], scene["code"], scene["stash_ids"]) == (["First", "Second"], "X", [])
    assert recorder.calls == []


def test_log_lines_and_durations_are_kept(hooked: Remote) -> None:
    hooked.update(id="1")
    assert log(hooked) == [{"level": "info", "plugin": "Recorder", "message": "noted Scene.Update.Post"}]
    hook = hooked.get("/_sim/hooks").json()[0]
    assert hook["type"] == "Scene.Update.Post"
    assert hook["id"] == 1
    assert hook["exit"] == 0
    assert hook["ms"] > 0


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("import sys; sys.exit(3)", ("error", "error executing hook: exit status 3")),
        ('import sys; print(\'{"error": "no"}\'); sys.exit(3)', ("error", "error executing hook: no")),
        ("import sys; sys.stderr.write('plain\\n'); print()", ("error", "plain")),
        ("import sys; sys.stderr.write('\\x01w\\x02careful\\n'); print()", ("warning", "careful")),
        ("import sys; sys.stderr.write('\\x01d\\x02deep\\n'); print()", ("debug", "deep")),
    ],
)
def test_what_a_plugin_says_is_logged_and_never_fails_the_request(
    start: Callable[..., Remote], tmp_path: Path, program: str, expected: tuple[str, str]
) -> None:
    stash = start(plugins=(write_plugin(tmp_path / "mine", program),))
    assert stash.update(id="1", title="kept")["title"] == "kept"
    assert (log(stash)[0]["level"], log(stash)[0]["message"]) == expected


@pytest.mark.parametrize(
    "fault",
    ["default: 1", "surprise: true", "exec: python3", "interface: smoke", "settings: {a: {type: SECRET}}"],
)
def test_a_manifest_with_anything_unknown_loads_no_plugin(
    start: Callable[..., Remote], tmp_path: Path, fault: str
) -> None:
    key = fault.partition(":")[0]
    kept = "\n".join(line for line in MANIFEST.splitlines() if not line.startswith(key))
    if key == "settings":
        kept = kept.partition("  color:")[0]
    stash = start(plugins=(write_plugin(tmp_path / "mine", RECORDER, kept + f"\n{fault}\n"),))
    assert stash.ask("{plugins {id}}")["plugins"] == []
    assert log(stash)[0]["level"] == "error"


def test_plugins_are_listed_with_tasks_hooks_and_settings(hooked: Remote) -> None:
    told = hooked.ask("""{plugins {id name enabled version tasks {name} hooks {hooks}
      settings {name display_name type} paths {javascript}} pluginTasks {name plugin {id}}}""")
    plugin = told["plugins"][0]
    assert plugin["id"] == "recorder"
    assert plugin["name"] == "Recorder"
    assert plugin["enabled"] is True
    assert plugin["tasks"] == [{"name": "Work"}]
    assert "Tag.Merge.Post" in plugin["hooks"][0]["hooks"]
    assert plugin["settings"] == [{"name": "color", "display_name": "Color", "type": "STRING"}]
    assert told["pluginTasks"] == [{"name": "Work", "plugin": {"id": "recorder"}}]


def test_a_plugin_that_is_switched_off_is_not_run(hooked: Remote, recorder: PluginFolder) -> None:
    hooked.ask("mutation ($m: BoolMap!) {setPluginsEnabled(enabledMap: $m)}", m={"recorder": False})
    hooked.update(id="1")
    assert recorder.calls == []
    hooked.ask("mutation ($m: BoolMap!) {setPluginsEnabled(enabledMap: $m)}", m={"recorder": True})
    hooked.update(id="1")
    assert len(recorder.calls) == 1


def test_a_reloaded_plugin_runs_by_its_new_manifest(hooked: Remote, recorder: PluginFolder) -> None:
    manifest = recorder.folder / "recorder.yml"
    manifest.write_text(manifest.read_text().replace("name: Recorder", "name: Other"))
    assert hooked.ask("mutation {reloadPlugins}")["reloadPlugins"] is True
    assert hooked.ask("{plugins {name}}")["plugins"] == [{"name": "Other"}]


def _status(stash: Remote, job: str) -> str:
    return str(stash.ask("query ($i: ID!) {findJob(input: {id: $i}) {status}}", i=job)["findJob"]["status"])


def test_a_task_is_queued_and_gets_its_arguments_as_text(hooked: Remote, recorder: PluginFolder) -> None:
    job = hooked.ask(
        """mutation ($m: Map) {runPluginTask(plugin_id: "recorder", task_name: "Work", args_map: $m)}""",
        m={"extra": {"deep": 1}},
    )["runPluginTask"]
    wait_until(lambda: _status(hooked, job) == "FINISHED")
    assert recorder.calls[0]["args"] == {"mode": "task", "level": "3", "extra": {"deep": 1}}
    assert recorder.calls[0]["argv"] == ["first", "--task"]


def test_jobs_run_one_at_a_time_and_can_be_stopped(start: Callable[..., Remote], tmp_path: Path) -> None:
    program = SLEEPER.replace('told["args"]["hookContext"]["id"]', "0")
    folder = write_plugin(tmp_path / "slow", program)
    stash = start(plugins=(folder,))
    run = 'mutation {runPluginTask(plugin_id: "slow", task_name: "Work")}'
    first, second = (stash.ask(run)["runPluginTask"] for _ in range(2))
    wait_until((folder / "started").exists)
    assert [job["status"] for job in stash.ask("{jobQueue {status}}")["jobQueue"]] == ["RUNNING", "READY"]
    stash.ask("mutation ($i: ID!) {stopJob(job_id: $i)}", i=first)
    wait_until(lambda: _status(stash, first) == "CANCELLED")
    stash.ask("mutation ($i: ID!) {stopJob(job_id: $i)}", i=second)
    wait_until(lambda: _status(stash, second) == "CANCELLED")
    assert stash.ask("{jobQueue {status}}")["jobQueue"] is None


def test_an_unknown_task_fails_as_a_job(hooked: Remote) -> None:
    job = hooked.ask('mutation {runPluginTask(plugin_id: "recorder", task_name: "None")}')["runPluginTask"]
    wait_until(lambda: _status(hooked, job) == "FAILED")


def test_arguments_may_be_given_as_a_list(hooked: Remote, recorder: PluginFolder) -> None:
    job = hooked.ask("""mutation {runPluginTask(plugin_id: "recorder", task_name: "Work", args: [
      {key: "text", value: {str: "x"}}, {key: "deep", value: {o: [{key: "list", value: {a: [{i: 1}, {b: true}]}}]}},
      {key: "none"}])}""")["runPluginTask"]
    wait_until(lambda: _status(hooked, job) == "FINISHED")
    told = recorder.calls[0]["args"]
    assert (told["text"], told["deep"], told["none"]) == ("x", {"list": [1, True]}, None)


def test_an_operation_answers_at_once(hooked: Remote) -> None:
    run = 'mutation ($m: Map) {runPluginOperation(plugin_id: "recorder", args: $m)}'
    assert hooked.ask(run, m={"mode": "hello"})["runPluginOperation"] == "hello"
    assert hooked.refused('mutation {runPluginOperation(plugin_id: "nobody")}') == "internal system error"


def test_the_error_of_an_operation_is_the_requests_error(start: Callable[..., Remote], tmp_path: Path) -> None:
    stash = start(plugins=(write_plugin(tmp_path / "mine", 'print(\'{"error": "broken"}\')'),))
    assert stash.refused('mutation {runPluginOperation(plugin_id: "mine")}') == "broken"


def test_output_that_is_no_json_object_is_given_as_text(start: Callable[..., Remote], tmp_path: Path) -> None:
    stash = start(plugins=(write_plugin(tmp_path / "mine", "print('hello')"),))
    told = stash.ask('mutation {runPluginOperation(plugin_id: "mine")}')
    assert told["runPluginOperation"] == "hello\n"


def test_a_plugin_that_updates_its_own_scene_is_stopped_after_ten_rounds(
    start: Callable[..., Remote], tmp_path: Path
) -> None:
    manifest = MANIFEST.replace("TRIGGERS", json.dumps(["Scene.Update.Post"]))
    stash = start(plugins=(write_plugin(tmp_path / "loop", LOOPER, manifest),))
    stash.update(id="1")
    assert len(stash.get("/_sim/hooks").json()) == 10


def test_a_program_that_cannot_start_ends_that_events_hooks(start: Callable[..., Remote], tmp_path: Path) -> None:
    broken = write_plugin(tmp_path / "a" / "broken", "", MANIFEST.replace("python3, -S", "no-such-program"))
    recorder = PluginFolder(write_plugin(tmp_path / "b" / "recorder", RECORDER))
    stash = start(plugins=(broken, recorder.folder))
    assert stash.update(id="1", title="kept")["title"] == "kept"
    assert recorder.calls == []
    assert "error running plugin command" in log(stash)[0]["message"]


def test_a_client_that_leaves_kills_the_hook_and_drops_the_rest_of_them(
    start: Callable[..., Remote], tmp_path: Path
) -> None:
    folder = write_plugin(tmp_path / "slow", SLEEPER)
    stash = start(plugins=(folder,))
    body = json.dumps(
        {"query": 'mutation {bulkSceneUpdate(input: {ids: [1, 2, 3], title: "committed"}) {id}}'}
    ).encode()
    port = int(stash.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as leaving:
        head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        leaving.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        wait_until((folder / "started").exists)
        wait_until(lambda: (folder / "started").read_text().endswith("\n"))
    process, number = (folder / "started").read_text().split()
    assert number == "1"
    wait_until(lambda: not Path(f"/proc/{process}").exists())
    wait_until(lambda: stash.get("/_sim/hooks").json())
    assert len((folder / "started").read_text().splitlines()) == 1
    titles = stash.ask("{a: findScene(id: 1) {title} b: findScene(id: 3) {title}}")
    assert titles == {"a": {"title": "committed"}, "b": {"title": "committed"}}


def test_a_hook_has_ended_when_its_output_ends_not_when_its_children_do(
    start: Callable[..., Remote], tmp_path: Path
) -> None:
    program = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "child"), "w").write(str(child.pid))
os._exit(0)
"""
    folder = write_plugin(tmp_path / "parent", program)
    stash = start(plugins=(folder,))
    begun = time.monotonic()
    stash.update(id="1")
    assert time.monotonic() - begun < 5
    os.kill(int((folder / "child").read_text()), 9)


def test_an_input_of_megabytes_is_told_whole(hooked: Remote, recorder: PluginFolder) -> None:
    picture = data_url(png("red") + bytes(3_000_000))
    hooked.update(id="1", cover_image=picture)
    assert recorder.contexts[0]["input"]["cover_image"] == picture


def test_a_plugin_may_leave_its_input_unread(start: Callable[..., Remote], tmp_path: Path) -> None:
    stash = start(plugins=(write_plugin(tmp_path / "deaf", "print('{}')"),))
    stash.update(id="1", title="kept", cover_image=data_url(bytes(3_000_000)))
    assert [hook["exit"] for hook in stash.get("/_sim/hooks").json()] == [0]


def test_a_log_line_beyond_64_kib_ends_the_log_only(start: Callable[..., Remote], tmp_path: Path) -> None:
    program = "import sys\nsys.stderr.write('\\x01i\\x02' + 'x' * 70_000 + '\\n')\nprint('{}')"
    stash = start(plugins=(write_plugin(tmp_path / "loud", program),))
    assert stash.update(id="1", title="kept")["title"] == "kept"
    assert [line["message"][:10] for line in log(stash)][-1:] != ["x" * 10]
