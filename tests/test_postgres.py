"""The server of the tests themselves: shared by all processes of a run, and gone with the last of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bench.cluster import Cluster

from postgres import joined

ROOT = Path(__file__).parents[1]
USER_OF_THE_SERVER = """
import sys
from pathlib import Path
from postgres import joined

with joined(Path(sys.argv[1])) as cluster:
    print(cluster.folder, cluster.port, flush=True)
    sys.stdin.read()
"""


def user(folder: Path) -> subprocess.Popen[str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "src")))}
    return subprocess.Popen(
        [sys.executable, "-c", USER_OF_THE_SERVER, str(folder)],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> tuple[Path, str]:
    assert process.stdout is not None
    folder, port = process.stdout.readline().split()
    return Path(folder), port


def gone(folder: Path) -> bool:
    """Whether the server's folder goes away in time."""
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not folder.exists()


@pytest.mark.process
def test_processes_share_a_server_that_outlives_each_and_goes_with_the_last_even_if_killed(
    tmp_path: Path, postgres_server: Cluster
) -> None:
    with user(tmp_path) as first:
        server = told(first)
        assert server[0] != postgres_server.folder
        with user(tmp_path) as second:
            assert told(second) == server
            first.kill()
            first.wait()
            with joined(tmp_path) as cluster, cluster.ruling() as ruling:
                assert ruling.execute("SELECT 1").fetchone() == (1,)
            assert server[0].exists()
            second.send_signal(signal.SIGKILL)
    assert gone(server[0])
    assert not (tmp_path / "postgres.json").exists()


@pytest.mark.process
@pytest.mark.parametrize(("required", "outcome"), [("", "1 skipped"), ("ffmpeg,postgresql", "1 error")])
def test_without_a_server_tests_are_skipped_unless_it_is_required(tmp_path: Path, required: str, outcome: str) -> None:
    (tmp_path / "conftest.py").write_text(
        "import bench.cluster\nbench.cluster._PLACES = ()\npytest_plugins = ['postgres']\n"
    )
    (tmp_path / "test_one.py").write_text("def test_one(postgres_url: str) -> None:\n    assert postgres_url\n")
    python_path = os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "src")))
    environ = {"PATH": "/nowhere", "PYTHONPATH": python_path, "PLEXSYNC_TEST_REQUIRE": required}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", str(tmp_path)],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout, done.stdout + done.stderr
    assert "PostgreSQL is not installed: on Debian, the package is called postgresql" in done.stdout
