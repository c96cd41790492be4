"""The image's own steps in a folder: what they leave starts, answers, is well, and ends when it is told to."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.memory import quick_place

from deploy import launch
from deploy.building import Building
from deploy.recipe import dockerfile
from plexsync import __version__
from plexsync.pluginfiles import PLUGIN_NAME, plugin_files
from process.programs import until

#: An image takes its time on a busy machine.
pytestmark = [pytest.mark.process, pytest.mark.timeout(900)]

#: Who the daemon is to be; nobody on this machine.
USER = 42_003
#: Docker's own; then it kills.
STOP_SECONDS = 10.0


@pytest.fixture(scope="module")
def built() -> Iterator[Building]:
    with tempfile.TemporaryDirectory(prefix="plexsync-image-", dir=quick_place()) as name:
        folder = Path(name)
        folder.chmod(0o755)
        building = Building(folder=folder, python=_python_for_everybody())
        building.build()
        yield building


def _python_for_everybody() -> str:
    """An interpreter that other users may run too, where there is one: some lie in root's own folder."""
    usual = "/usr/bin/python3"
    if importlib.util.find_spec("ensurepip") is None:
        pytest.skip("this Python makes no environments (Debian: python3-venv), so the image's steps could not be done")
    closed = any(not folder.stat().st_mode & stat.S_IXOTH for folder in Path(sys.executable).resolve().parents)
    asked = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    fits = closed and not subprocess.run([usual, "-c", asked], capture_output=True, check=False).returncode
    return usual if fits else sys.executable


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """How much of a container this machine lends: root's namespaces where there are any, else just a process."""

    built: Building
    data: Path
    apart: bool

    def command(self, program: str, *words: str) -> list[str]:
        """A program in its image: read-only but for the data folder, with no more rights than compose.yaml gives."""
        inner = [str(self.built.root / "usr" / "local" / "bin" / program), *words]
        if not self.apart:
            return inner
        root, data = self.built.root, self.built.root / "data"
        mounts = (f"--bind {root} {root}", f"--bind {self.data} {data}", f"-o remount,bind,ro {root}")
        script = " && ".join([*(f"mount {words}" for words in mounts), 'exec "$@"'])
        rights = ["setpriv", "--bounding-set", "-all,+chown,+setuid,+setgid", "--no-new-privs"]
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *rights, *inner]

    def environ(self, **more: str) -> dict[str, str]:
        """As compose.yaml gives it, on loopback, with a Stash and a Plex that are away."""
        given = {
            "PLEXSYNC_HOST": "127.0.0.1",
            "PLEXSYNC_PORT": "0",
            "PLEXSYNC_STASH_URL": "http://127.0.0.1:9",
            "PLEXSYNC_PLEX_URL": "http://127.0.0.1:9",
            "PLEXSYNC_PLEX_TOKEN_FILE": str(self.built.folder / "plex_token"),
            "PUID": str(USER if self.apart else os.geteuid()),
            "PGID": str(USER if self.apart else os.getegid()),
            "TZ": "Europe/Berlin",
        }
        place = {} if self.apart else {"PLEXSYNC_DATA_DIR": str(self.data)}
        return self.built.environ(given | place | more)

    def verb(self, program: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """What `docker exec` would show."""
        return subprocess.run(
            self.command(program, *words), env=self.environ(**more), capture_output=True, text=True, check=False
        )

    def well(self) -> bool:
        """What the health check says."""
        return self.verb("plexsync-health").returncode == 0


@pytest.fixture
def container(built: Building, tmp_path: Path) -> Container:
    (built.folder / "plex_token").write_text("abcdefgh\n")
    data = Path(tempfile.mkdtemp(dir=built.folder))
    return Container(built=built, data=data, apart=_can_be_apart())


def _can_be_apart() -> bool:
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv", "mount"))):
        return False
    tried = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def started(container: Container, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The image's own command."""
    (command,) = [step.words for step in dockerfile() if step.word == "CMD"]
    with log.open("wb") as said:
        process = subprocess.Popen(
            container.command("plexsync", *command), env=container.environ(), stdout=said, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_the_image_holds_the_program_what_it_needs_and_no_tool_for_building(built: Building) -> None:
    (packages,) = (built.root / "opt" / "plexsync").glob("lib/python3*/site-packages")
    names = {found.metadata["Name"].lower() for found in importlib.metadata.distributions(path=[str(packages)])}
    assert {"plexsync", "psycopg", "uvicorn"} <= names
    assert not names & {"pytest", "mypy", "pip", "hatchling", "setuptools"}
    (base,) = (built.root / "usr" / "local").glob("lib/python3*/site-packages")
    assert not any(base.glob("pip*"))


def test_the_image_holds_the_plugin_whole_with_a_spool_folder_for_everybody(built: Building) -> None:
    plugin = built.root / "plugins" / PLUGIN_NAME
    sources = {file.name for file in plugin_files().glob("*.*") if file.suffix in {".py", ".yml"}}
    assert {file.name for file in plugin.iterdir()} == sources | {"data"}
    assert (plugin / "data").stat().st_mode & 0o777 == 0o777
    assert list((plugin / "data").iterdir()) == []


def test_the_container_starts_gets_well_and_ends_when_told(container: Container, tmp_path: Path) -> None:
    log = tmp_path / "said"
    assert container.verb("plexsync", "--version").stdout == f"plexsync {__version__}\n"
    assert not container.well()
    with started(container, log) as process:
        until(lambda: process.poll() is not None or container.well(), "well")
        assert process.poll() is None, log.read_text()
        doctor = container.verb("plexsync", "doctor", "--json")
        assert "The daemon works" in doctor.stdout, doctor
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, log.read_text()
    assert not container.well()
    assert {path.stat().st_uid for path in container.data.rglob("*")} == {USER if container.apart else os.geteuid()}
    strange = {path.name for path in container.data.iterdir() if not path.name.startswith(launch.OURS)}
    assert strange == set(), "deploy/launch.py does not know these as ours"
    assert json.loads(log.read_text().splitlines()[-1])["event"] == "stopped"


def test_a_container_without_settings_says_what_is_missing_in_a_line_each(container: Container) -> None:
    done = container.verb("plexsync", "run", PLEXSYNC_STASH_URL="nonsense")
    assert done.returncode == 2
    assert "PLEXSYNC_STASH_URL" in done.stderr
    assert done.stderr.count("\n") == 1
