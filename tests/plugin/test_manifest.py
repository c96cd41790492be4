"""Stash drops a plugin whose manifest holds one key that it does not know."""

from itertools import pairwise
from typing import Any

import pytest

from plexsync.model.work import EventType
from plugin.hook_process import HOOK, MANIFEST
from plugin.test_contract import TASKS

KNOWN = {
    "": {"name", "description", "version", "url", "exec", "interface", "errLog", "tasks", "hooks", "settings", "ui"},
    "tasks": {"name", "description", "execArgs", "defaultArgs"},
    "hooks": {"name", "description", "execArgs", "defaultArgs", "triggeredBy"},
    "settings": {"displayName", "description", "type"},
}


def scalar(text: str) -> str:
    return text.strip().strip('"')


def block(lines: list[tuple[int, str]]) -> Any:
    """Read the part of YAML that the manifest uses: maps, lists and plain values by indentation."""
    if not lines:
        return ""
    indent = lines[0][0]
    starts = [at for at, (depth, _) in enumerate(lines) if depth == indent] + [len(lines)]
    parts = [lines[start:end] for start, end in pairwise(starts)]
    if lines[0][1].startswith("- "):
        return [item(part, indent) for part in parts]
    return dict(pair(part) for part in parts)


def item(part: list[tuple[int, str]], indent: int) -> Any:
    first = part[0][1][2:]
    if ": " not in first:
        return scalar(first)
    return block([(indent + 2, first), *part[1:]])


def pair(part: list[tuple[int, str]]) -> tuple[str, Any]:
    key, colon, value = part[0][1].partition(":")
    assert colon, part
    assert not (value.strip() and part[1:]), f"{key} has a value and a block"
    return key, scalar(value) if value.strip() else block(part[1:])


@pytest.fixture
def manifest() -> Any:
    text = MANIFEST.read_text("utf-8")
    rows = [line for line in text.splitlines() if line.strip()]
    for row in rows:
        assert "\t" not in row
        value = row.partition(": ")[2]
        assert value[:1] == '"' or (": " not in value and " #" not in value), f"{row} is not plain YAML"
    return block([(len(row) - len(row.lstrip()), row.strip()) for row in rows])


def test_the_manifest_holds_only_keys_that_stash_knows(manifest: Any) -> None:
    assert set(manifest) <= KNOWN[""]
    for entry in manifest["tasks"]:
        assert set(entry) <= KNOWN["tasks"]
    for entry in manifest["hooks"]:
        assert set(entry) <= KNOWN["hooks"]
    for setting in manifest["settings"].values():
        assert set(setting) <= KNOWN["settings"]


def test_the_hook_runs_without_site_packages_and_python_variables(manifest: Any) -> None:
    assert manifest["exec"] == ["python3", "-S", "-E", "{pluginDir}/hook.py"]
    assert manifest["interface"] == "raw"
    assert HOOK.is_file()


def test_one_hook_entry_listens_to_every_event_that_the_daemon_understands(manifest: Any) -> None:
    (hook,) = manifest["hooks"]
    assert hook["triggeredBy"] == [kind.value for kind in EventType if kind.endswith(".Post")]


def test_each_entry_has_its_own_mode_as_stash_does_not_send_its_name(manifest: Any) -> None:
    entries = [*manifest["tasks"], *manifest["hooks"]]
    modes = [entry["defaultArgs"]["mode"] for entry in entries]
    assert sorted(modes) == sorted({"connect", "hook", "status", *TASKS})
    assert [task["name"] for task in manifest["tasks"]] == [
        "Sync all",
        "Sync recent",
        "Status",
        "Queue status",
        "Process queue now",
        "Clear queue",
        "Dead letters: show",
        "Dead letters: retry",
        "Dead letters: clear",
        "Dead letters: purge older than N days",
        "Recover outage jobs",
        "Health check",
        "Outage report",
        "Doctor",
        "Refresh Plex index",
        "Suggest path rules",
        "Reconcile all",
        "Reconcile last 24 hours",
        "Reconcile last 7 days",
        "Reconcile empty only",
        "Connect",
    ]
    assert all(task["defaultArgs"]["from"] == "task" for task in manifest["tasks"])


def test_settings_have_a_type_and_a_name_without_a_dot(manifest: Any) -> None:
    kinds = {key: setting["type"] for key, setting in manifest["settings"].items()}
    assert kinds == {
        "daemonUrl": "STRING",
        "eventsToken": "STRING",
        "debugLog": "BOOLEAN",
        "waitForTasks": "BOOLEAN",
        "plexUrl": "STRING",
        "plexToken": "STRING",
        "libraries": "STRING",
        "purgeDays": "NUMBER",
    }


def test_no_other_yml_lies_in_the_plugin_folder() -> None:
    assert [path.name for path in HOOK.parent.rglob("*.yml")] == ["PlexSyncDaemon.yml"]
