"""The image itself, where an engine for containers is at hand."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.recipe import DEPLOY, ROOT, compose, dockerfile
from plexsync import __version__
from process.programs import until

pytestmark = [pytest.mark.soak, pytest.mark.process, pytest.mark.timeout(1800)]

_UNCHECKED = (
    "so that the base image can be had, that the image builds and starts, and how an engine sees its health and its "
    "end could not be checked; tests/deploy/test_steps.py does the same steps in a folder"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Docker, or what speaks like it."""

    program: str
    image: str

    def __call__(self, *words: str) -> str:
        """What it prints; the test fails when it fails."""
        done = self.tried(*words)
        assert done.returncode == 0, f"{self.program} {' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def tried(self, *words: str) -> subprocess.CompletedProcess[str]:
        """How it ended."""
        return subprocess.run([self.program, *words], capture_output=True, text=True, check=False)

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator[str]:
        """A container as compose.yaml runs it, and away with it."""
        service = compose()["services"]["plexsync"]
        rights = [f"--cap-drop={right}" for right in service["cap_drop"]]
        rights += [f"--security-opt={line}" for line in service["security_opt"]]
        name = self("run", "--detach", "--read-only", "--tmpfs=/tmp", *rights, *words, self.image)
        try:
            yield name
        finally:
            self("rm", "--force", "--volumes", name)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = (name for name in ("docker", "podman") if shutil.which(name))
    living = (name for name in found if not Engine(program=name, image="").tried("info").returncode)
    program = next(living, None)
    if program is None:
        pytest.skip(f"no engine for containers answers here (docker or podman), {_UNCHECKED}")
    made = Engine(program=program, image=f"plexsync-test-{uuid.uuid4().hex[:8]}")
    base = next(step.text.split()[0] for step in dockerfile() if step.word == "FROM")
    if made.tried("image", "inspect", base).returncode and made.tried("pull", base).returncode:
        pytest.skip(f"{program} cannot get {base}, {_UNCHECKED}")
    made("build", "--file", str(DEPLOY / "Dockerfile"), "--tag", made.image, str(ROOT))
    yield made
    made("image", "rm", "--force", made.image)


SETTINGS = (
    "--env=PLEXSYNC_STASH_URL=http://127.0.0.1:9",
    "--env=PLEXSYNC_PLEX_URL=http://127.0.0.1:9",
    "--env=PLEXSYNC_PLEX_TOKEN=abcdefgh",
)


def test_the_image_starts_gets_well_and_ends_when_told(engine: Engine) -> None:
    added = [f"--cap-add={right}" for right in compose()["services"]["plexsync"]["cap_add"]]
    with engine.running(*added, *SETTINGS, "--env=PUID=42004", "--env=PGID=42004") as name:
        until(lambda: not engine.tried("exec", name, "plexsync-health").returncode, "well", patience=120)
        assert engine("exec", name, "plexsync", "--version") == f"plexsync {__version__}"
        assert {line.split()[0] for line in engine("exec", name, "stat", "-c", "%u", "/data").splitlines()} == {"42004"}
        assert engine.tried("exec", name, "touch", "/opt/x").returncode != 0
        engine("stop", name)
        (facts,) = json.loads(engine("inspect", name))
        assert facts["State"]["ExitCode"] == 0


def test_a_container_of_another_user_needs_no_right_at_all(engine: Engine) -> None:
    with engine.running(*SETTINGS, "--user=1000:1000") as name:
        until(lambda: not engine.tried("exec", name, "plexsync-health").returncode, "well", patience=120)
        engine("stop", name)
