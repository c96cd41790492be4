"""`plexsync run --only provider`: a process that answers Plex, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from provider.desk import IDENTIFIER, MATCHES


def started(folder: Path, **settings: str) -> subprocess.Popen[str]:
    variables = {f"PLEXSYNC_{name.upper()}": value for name, value in settings.items()}
    words = [sys.executable, "-m", "plexsync", "run", "--only", "provider", "--data-dir", str(folder), "--json"]
    return subprocess.Popen(
        words, env={**os.environ, "PLEXSYNC_PORT": "0", **variables}, stdout=subprocess.PIPE, stderr=None, text=True
    )


@pytest.mark.process
def test_the_provider_works_alone_without_any_plex(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(stash_app(StashOptions(scenes=2, config_dir=tmp_path))) as stash:
        rules = "/plex/media => /data"
        with started(folder, stash_url=stash.url, path_rules=rules, people_pictures="always") as process:
            assert process.stdout is not None
            try:
                ready: dict[str, Any] = json.loads(process.stdout.readline())
                secret = json.loads((folder / "identity.json").read_text())["provider_path"]
                with httpx2.Client(base_url=ready["url"], verify=False, timeout=60) as plex:
                    root = plex.get(f"/provider/{secret}").json()
                    assert root["MediaProvider"]["identifier"] == IDENTIFIER
                    asked = {"filename": "/plex/media/Blender Foundation/Sintel (2010)/Sintel.mp4"}
                    found = plex.post(f"/provider/{secret}{MATCHES}", json=asked).json()["MediaContainer"]["Metadata"]
                    assert [one["ratingKey"] for one in found] == ["1"]
                    assert plex.get(found[0]["thumb"]).headers["content-type"] == "image/jpeg"
                    assert plex.get("/healthz").status_code == 200
                    nowhere = plex.get("/api/v1/status")
                    assert (nowhere.status_code, nowhere.json()) == (404, {"error": "Not Found"})
            finally:
                process.send_signal(signal.SIGTERM)
        assert process.returncode == 0
        logs = "".join(file.read_text() for file in (folder / "logs").iterdir())
        assert secret not in logs


@pytest.mark.process
def test_without_an_address_of_stash_it_says_what_is_missing(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "plexsync", "run", "--only", "provider", "--data-dir", str(tmp_path / "data")]
    ended = subprocess.run(words, env=os.environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "stash_url is missing" in ended.stderr
