"""The health check of the image: it asks where the daemon says that it listens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from deploy.recipe import DEPLOY


def checked(data: Path) -> tuple[int, str]:
    """Its exit code and its word."""
    done = subprocess.run(
        [sys.executable, "-IS", str(DEPLOY / "health.py")],
        env={"PLEXSYNC_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


def told(data: Path, **facts: object) -> Path:
    (data / "daemon.json").write_text(json.dumps(facts))
    return data


@pytest.mark.parametrize("name", ["url", "provider_url"])
def test_a_daemon_or_provider_that_answers_is_well(tmp_path: Path, httpserver: HTTPServer, name: str) -> None:
    httpserver.expect_request("/healthz").respond_with_json({"status": "ok"})
    assert checked(told(tmp_path, **{name: httpserver.url_for("")}))[0] == 0


def test_one_that_answers_anything_else_is_not(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/healthz").respond_with_data("", status=503)
    code, word = checked(told(tmp_path, url=httpserver.url_for("")))
    assert (code, word.endswith("answers 503")) == (1, True)


def test_one_that_is_not_there_yet_or_any_more_is_not_well_and_nothing_is_said_in_many_lines(tmp_path: Path) -> None:
    assert checked(tmp_path)[0] == 1
    assert checked(told(tmp_path, pid=1)) == (1, "starting")
    code, word = checked(told(tmp_path, url="http://127.0.0.1:9"))
    assert (code, "refused" in word) == (1, True)
    (tmp_path / "daemon.json").write_text("{half")
    assert checked(tmp_path)[0] == 1
