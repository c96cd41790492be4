"""What the hook notes of each event."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from plugin.hook_process import HOOK, PYTHONS, Hook, ended, hook_call

OK = {"output": "ok"}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    "kind",
    [
        "Scene.Create.Post",
        "Scene.Update.Post",
        "Scene.Destroy.Post",
        "Performer.Update.Post",
        "Tag.Merge.Post",
        "Studio.Destroy.Post",
        "Group.Create.Post",
        "SceneMarker.Update.Post",
        "Gallery.Update.Post",
    ],
)
def test_each_known_event_is_noted_in_silence(tmp_path: Path, kind: str, python: str) -> None:
    hook = Hook(spool=tmp_path / "data", python=python)
    run = hook.event(kind, 17)
    assert (run.status, run.answer, run.log) == (0, OK, [])
    assert [(line["type"], line["id"]) for line in hook.lines()] == [(kind, "17")]


def test_nothing_else_of_the_call_reaches_the_disk(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    given = {"title": "TITLE", "details": "TITLE", "cover_image": "data:image/jpeg;base64,TITLE", "path": "TITLE"}
    hook.event("Scene.Update.Post", 17, given)
    (path,) = hook.spool.iterdir()
    text = path.read_text()
    assert "TITLE" not in text
    assert "SECRET-COOKIE" not in text


def test_text_of_a_user_cannot_pass_for_the_event(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    trap = '"hookContext":{"id":99,"type":"Scene.Destroy.Post"} "data:image/ \\'
    hook.event("Scene.Update.Post", 17, {"hookContext": {"id": 98}, "title": trap, "id": "97", trap: "x" * 300_000})
    assert [(line["type"], line["id"]) for line in hook.lines()] == [("Scene.Update.Post", "17")]


def test_of_a_list_of_inputs_only_the_id_of_the_hook_counts(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    hook.event("Scene.Update.Post", 2, [{"id": "1"}, {"id": "2"}, {"id": "3"}])
    hook.event("Scene.Update.Post", 3, {"ids": ["1", "2", "3"], "tag_ids": {"ids": ["5"], "mode": "ADD"}})
    assert [(line["id"], "ids" in line) for line in hook.lines()] == [("2", False), ("3", False)]


@pytest.mark.parametrize("ident", ["", 0, None, "x", True, {"a": 1}])
def test_a_scene_removed_by_clean_is_known_by_path_and_hash(tmp_path: Path, ident: object) -> None:
    hook = Hook(spool=tmp_path / "data")
    run = hook.event("Scene.Destroy.Post", ident, {"id": "", "path": "/data/a.mp4", "oshash": "ff", "checksum": None})
    (line,) = hook.lines()
    assert (line["id"], line["path"], line["oshash"], run.log) == ("", "/data/a.mp4", "ff", [])


@pytest.mark.parametrize("size", [100_000, 400_000, 50_000_000])
def test_a_cover_of_any_size_does_not_matter(tmp_path: Path, size: int) -> None:
    hook = Hook(spool=tmp_path / "data")
    cover = "data:image/jpeg;base64," + "QUJD" * (size // 4)
    run = hook.event("Scene.Update.Post", 17, {"cover_image": cover, "title": "after", "ids": ["data:image/"]})
    assert (run.log, [line["id"] for line in hook.lines()]) == ([], ["17"])


def test_bare_base64_of_megabytes_is_read_too(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data")
    run = hook.event("Scene.Update.Post", 17, {"cover_image": "QUJD" * 1_000_000})
    assert (run.log, [line["id"] for line in hook.lines()]) == ([], ["17"])


def test_twenty_at_once_lose_none(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "new" / "data")
    running = [hook.start(hook_call("Scene.Update.Post", ident)) for ident in range(1, 21)]
    assert [ended(process).log for process in running] == [[]] * 20
    assert sorted(int(line["id"]) for line in hook.lines()) == list(range(1, 21))
    assert not list(hook.spool.glob("*.tmp"))


def test_the_folder_is_open_to_a_daemon_of_another_user(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path / "data", before=("sh", "-c", 'umask 077; exec "$@"', "sh"))
    hook.event("Scene.Update.Post", 17)
    (path,) = hook.spool.iterdir()
    assert stat.S_IMODE(hook.spool.stat().st_mode) == 0o777
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("python", PYTHONS)
def test_without_a_variable_the_folder_lies_beside_the_hook(
    tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stash may give the plugin folder as a relative path."""
    shutil.copytree(HOOK.parent, tmp_path / "plugins", ignore=shutil.ignore_patterns("data", "__pycache__"))
    monkeypatch.chdir(tmp_path)
    Hook(spool=Path(), python=python, script=Path("plugins/hook.py")).run(
        hook_call("Scene.Update.Post", 17), STASH_PLUGIN_DATA=""
    )
    (path,) = (tmp_path / "plugins" / "data").iterdir()
    assert json.loads(path.read_text())["id"] == "17"


@pytest.mark.parametrize("python", PYTHONS)
def test_a_plugin_folder_that_cannot_be_written_still_works(tmp_path: Path, python: str) -> None:
    """Python then has no place for compiled modules: a file stands where they would go."""
    plugin = tmp_path / "plugin"
    shutil.copytree(HOOK.parent, plugin, ignore=shutil.ignore_patterns("data", "__pycache__"))
    (plugin / "__pycache__").touch()
    hook = Hook(spool=tmp_path / "data", python=python, script=plugin / "hook.py")
    assert hook.event("Scene.Update.Post", 17).log == []
    assert [line["id"] for line in hook.lines()] == ["17"]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_way_of_a_hook_imports_nothing_slow(tmp_path: Path, python: str) -> None:
    script = tmp_path / "watched.py"
    script.write_text(
        "import sys, posix\n"
        f"sys.path.insert(0, {str(HOOK.parent)!r})\n"
        "import note\n"
        "posix._exit = lambda status: sys.stderr.write(chr(1) + 'i' + chr(2) + ' '.join(sys.modules) + chr(10))\n"
        "note.main()\n"
    )
    run = Hook(spool=tmp_path / "data", python=python, script=script).event("Scene.Update.Post", 17)
    modules = set(run.log[0].split()[1:])
    assert {"note", "call", "spool"} <= modules
    slow = {"json", "re", "socket", "_socket", "pathlib", "subprocess", "argparse", "tasks", "elsewhere", "starting"}
    assert not modules & slow


def test_ten_thousand_waiting_events_become_one_marker(tmp_path: Path) -> None:
    """A listing costs time, so not each run looks; from the first that did, all do."""
    hook = Hook(spool=tmp_path)
    for number in range(10_001):
        os.close(os.open(tmp_path / f"{number:020d}-1-00000000.json", os.O_CREAT | os.O_WRONLY))
    noted = 0
    while not (tmp_path / "walk-needed.json").exists():
        assert noted < 1000
        hook.event("Scene.Update.Post", 17)
        noted += 1
    before = len(hook.names())
    assert before == 10_001 + noted - 1 + 1
    for _ in range(3):
        assert hook.event("Scene.Update.Post", 17).log == []
    assert len(hook.names()) == before


def test_a_marker_alone_does_not_stop_the_notes(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path)
    (tmp_path / "walk-needed.json").write_text("{}")
    hook.event("Scene.Update.Post", 17)
    assert [line["id"] for line in hook.lines()] == ["17"]


def test_with_the_debug_flag_each_event_is_one_line_in_the_log(tmp_path: Path) -> None:
    hook = Hook(spool=tmp_path)
    hook.debug()
    (line,) = hook.event("Scene.Update.Post", 17).log
    assert line.startswith("i: [debug] ")
    assert '"id":"17"' in line
