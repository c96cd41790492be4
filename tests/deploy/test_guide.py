"""docs/container.md shows what there is."""

from __future__ import annotations

import re

import pytest
import yaml
from typer.main import get_command

from deploy.recipe import ROOT, compose
from plexsync.cli.program import program
from plexsync.config.table import table

GUIDE = (ROOT / "docs" / "container.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_every_verb_that_the_guide_shows_exists() -> None:
    known = set(get_command(program).commands)  # type: ignore[attr-defined]
    shown = set(re.findall(r"(?:exec plexsync|run --rm) plexsync ([a-z]+)", GUIDE))
    assert {"setup", "doctor", "backup", "restore", "plugin"} <= shown <= known


def test_every_variable_that_the_guide_names_is_a_setting() -> None:
    named = set(re.findall(r"PLEXSYNC_[A-Z_]+", GUIDE))
    assert {name for name in named if name.removesuffix("_FILE") not in {row.variable for row in table()}} == set()


def test_every_service_profile_and_volume_that_the_guide_names_is_in_compose_yaml() -> None:
    content = compose(offers=True)
    (profiles,) = re.findall(r"COMPOSE_PROFILES=(\S+)", GUIDE)
    assert {*profiles.split(","), "postgres"} == {
        name for name, one in content["services"].items() if "profiles" in one
    }
    (other,) = [yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml"]
    assert set(other["volumes"]) == {f"{content['name']}_plugin"}
    ours = content["services"]["stash"]["volumes"]
    (line,) = other["services"]["stash"]["volumes"]
    assert line.removeprefix(f"{content['name']}_") in ours


@pytest.mark.parametrize("name", ["PUID", "PGID", "TZ", "COMPOSE_PROFILES", "MEDIA"])
def test_the_example_of_the_file_env_names_each_variable(name: str) -> None:
    assert any(kind == "sh" and f"\n{name}=" in f"\n{text}" for kind, text in BLOCKS)
