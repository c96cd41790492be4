"""Options of the program itself, and how fast it begins."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli.program import environment
from plexsync.cli.call import hoisted


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (["run", "--data-dir", "/d"], ["--data-dir", "/d", "run"]),
        (["run", "--data-dir=/d", "--json"], ["--data-dir=/d", "--json", "run"]),
        (["sync", "1", "--config", "c.toml", "--all"], ["--config", "c.toml", "sync", "1", "--all"]),
        (["sync", "--library", "A", "--", "--json"], ["sync", "--library", "A", "--", "--json"]),
        (["run", "--data-dir"], ["--data-dir", "run"]),
        ([], []),
    ],
)
def test_the_programs_own_options_may_stand_anywhere(given: list[str], understood: list[str]) -> None:
    """They are moved to the front; nothing behind -- is touched."""
    assert hoisted(given) == understood


def test_help_is_shown_without_loading_what_only_verbs_need() -> None:
    """Start-up stays short: no database, no HTTP, no settings."""
    code = (
        "import sys\n"
        "from plexsync.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'sqlalchemy', 'httpx2', 'uvicorn', 'fastapi', 'pydantic', 'PIL', 'graphql'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"demo" in done.stdout


def test_verbs_that_ask_a_daemon_are_ready_without_its_database_and_its_server() -> None:
    """They load these only where no daemon runs."""
    code = (
        "import sys\n"
        "from plexsync.cli import answering, asking, explaining, previewing, standing, syncing\n"
        "heavy = {'sqlalchemy', 'alembic', 'uvicorn', 'fastapi', 'PIL', 'plexsync.app'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
