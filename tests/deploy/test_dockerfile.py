"""The Dockerfile: what goes into the image, what does not, and that all its parts speak of the same things."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from deploy import health, launch
from deploy.recipe import ROOT, Step, dockerfile, reaches_the_builder
from plexsync.config.settings import Settings
from plexsync.config.table import table
from plexsync.pluginfiles import PLUGIN_NAME

STEPS = dockerfile()
FINAL = max(step.stage for step in STEPS)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def steps(word: str, stage: int | None = None) -> list[Step]:
    return [step for step in STEPS if step.word == word and stage in {None, step.stage}]


def only(word: str) -> Step:
    (step,) = steps(word, FINAL)
    return step


def test_both_stages_begin_with_the_same_slim_python_of_one_version_and_release() -> None:
    first, second = steps("FROM")
    assert re.fullmatch(r"python:3\.\d+(\.\d+)?-slim-[a-z]+", second.text)
    assert first.text.split(" AS ")[0] == second.text


def test_all_that_is_downloaded_is_named_with_its_hash_in_a_lock() -> None:
    commands = [command for step in steps("RUN") for command in step.text.split("&&") if " pip " in command]
    installs = [command.split() for command in commands if " install " in command or " wheel " in command]
    locks = [words[words.index("--requirement") + 1] for words in installs if "--require-hashes" in words]
    assert locks == ["runtime.lock", "build.lock"]
    assert all("--require-hashes" in words or "--no-index" in words for words in installs)


def test_the_builder_sees_what_is_copied_and_nothing_else() -> None:
    copied = [word for step in steps("COPY") if "from" not in step.flags for word in step.words[:-1]]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not in a clone of the repository, so it cannot be told which files are the project's")
    files = listed.stdout.split("\n")
    seen = {path for path in files if path and reaches_the_builder(path)}
    assert seen == {path for path in files if any(path == name or path.startswith(f"{name}/") for name in copied)}
    assert {name for name in copied if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        "plexsync.toml",
        "deploy/secrets/plex_token",
        "deploy/.env",
        "tests/world.py",
        "src/plexsync/__pycache__/daemon.cpython-311.pyc",
        "src/plexsync.egg-info/PKG-INFO",
    ],
)
def test_secrets_caches_and_history_never_reach_the_builder(path: str) -> None:
    assert not reaches_the_builder(path)


def test_every_variable_of_ours_is_a_setting_and_the_image_listens_for_others() -> None:
    environment = {name: value for step in steps("ENV", FINAL) for name, value in step.pairs.items()}
    ours = {name for name in environment if name.startswith("PLEXSYNC_")}
    assert ours <= {row.variable for row in table()}
    assert environment["PLEXSYNC_HOST"] == "0.0.0.0"
    assert only("VOLUME").words == [environment["PLEXSYNC_DATA_DIR"]] == [environment["HOME"]]


def test_the_port_is_the_one_that_the_settings_take_by_themselves() -> None:
    assert only("EXPOSE").text == str(Settings.model_fields["port"].default)


def test_it_runs_the_daemon_and_is_stopped_as_the_daemon_expects() -> None:
    assert (only("ENTRYPOINT").words, only("CMD").words) == (["plexsync"], ["run"])
    assert only("STOPSIGNAL").text == "SIGTERM"


def test_the_health_check_is_a_program_of_the_image_and_has_time_for_its_own_patience() -> None:
    check = only("HEALTHCHECK")
    assert check.words == ["CMD", f"[{launch.HEALTH}]"]
    assert float(check.flags["timeout"].removesuffix("s")) > health.PATIENCE
    links = re.findall(r"ln -s (\S+) /usr/local/bin/(\S+)", " ".join(step.text for step in steps("RUN", FINAL)))
    assert links == [("/opt/plexsync/launch", name) for name in ("plexsync", launch.HEALTH)]


def test_the_plugin_lies_where_the_launcher_looks_for_it() -> None:
    assert launch.PLUGIN.name == PLUGIN_NAME
    assert str(launch.PLUGIN) in [step.words[-1] for step in steps("COPY", FINAL)]


def test_no_tool_for_building_is_left() -> None:
    final = " ".join(step.text for step in steps("RUN", FINAL))
    assert "pip uninstall" in final
    assert not re.search(r"apt|pip install|gcc", final)


def test_its_labels_say_what_the_package_says() -> None:
    labels = {name.rpartition(".")[2]: value for name, value in only("LABEL").pairs.items()}
    assert labels == {
        "title": "PlexSync",
        "description": PROJECT["description"],
        "version": PROJECT["version"],
        "licenses": PROJECT["license"],
    }
