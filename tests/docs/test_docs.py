"""What the docs say is there is there, and what is there is in the docs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from plexsync.cli.program import program
from plexsync.config import RuleSetting, load
from plexsync.model.rules import SCENE_FIELDS, TAG_FIELDS, Rules, Source, parse
from plexsync.model.rules.facts import Subject
from plexsync.model.rules.filters import FILTERS
from plexsync.model.scene import Group, Scene, Studio, Tag

ROOT = Path(__file__).parent.parent.parent
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
README = (ROOT / "README.md").read_text()
RULES = (ROOT / "docs" / "rules.md").read_text()


def verbs() -> Iterator[tuple[str, list[str]]]:
    """Every verb of the program with its own options."""
    for name, command in get_command(program).commands.items():  # type: ignore[attr-defined]
        for sub, inner in getattr(command, "commands", {"": command}).items():
            options = [option for option in inner.params if option.param_type_name == "option" and not option.hidden]
            yield f"{name} {sub}".strip(), [option.opts[0] for option in options if option.name != "help"]


@pytest.mark.parametrize(("verb", "options"), list(verbs()))
def test_every_verb_and_option_is_in_the_docs(verb: str, options: list[str]) -> None:
    lines = "\n".join(line for line in COMMANDS.splitlines() if f"plexsync {verb}" in line)
    assert lines, f"docs/commands.md does not tell of `plexsync {verb}`"
    for option in options:
        shown = option in lines or f"--no-{option.removeprefix('--')}" in lines
        assert shown, f"docs/commands.md does not tell of {option} of `plexsync {verb}`"


def test_every_command_that_the_docs_show_exists() -> None:
    known = {verb.split()[0] for verb, _ in verbs()}
    shown = set(re.findall(r"plexsync (?:--\S+ )*([a-z]+)", README + COMMANDS)) - {"works"}
    assert shown <= known, shown - known


def test_every_target_that_the_readme_shows_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    shown = set(re.findall(r"`make ([a-z]+)", README)) | set(re.findall(r"^make ([a-z]+)", README, flags=re.MULTILINE))
    assert {"demo", "test"} <= shown <= targets


def test_the_settings_of_the_readme_load(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    tomllib.loads(example)
    (tmp_path / "plexsync.toml").write_text(example)
    config = load(config_file=None, data_dir=tmp_path, environ={})
    assert config.servers[0].libraries == ("Videos",)
    assert config.path_rules[0].plex == "/volume1/media"


def test_every_local_link_of_the_docs_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", RULES, flags=re.DOTALL))
def test_every_example_of_rules_is_accepted_as_it_stands(tmp_path: Path, example: str) -> None:
    (tmp_path / "plexsync.toml").write_text(example)
    config = load(config_file=None, data_dir=tmp_path, environ={})
    assert config.rules is not None
    assert config.rules.model_fields_set


def test_the_page_of_rules_names_every_key_field_and_filter() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text()
    assert [name for name in RuleSetting.model_fields if f"| `{name}` |" not in settings] == []
    prose = re.sub(r"```.*?```", "", RULES, flags=re.DOTALL)
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", prose))))
    assert {*SCENE_FIELDS, *FILTERS, "else", *(source.value for source in Source)} <= named


def test_the_examples_of_the_page_of_rules_show_what_they_say() -> None:
    scene = Scene(
        id=1,
        title="The Sea",
        studio=Studio(id=1, name="Harbour"),
        groups=(Group(id=1, name="Water", index=7),),
        tags=(Tag(id=1, name="mood: calm"),),
    )
    lines = dict(re.findall(r'^(title|sort_title) = "(.+)"$', RULES, flags=re.MULTILINE))
    shown = {
        name: parse(text, SCENE_FIELDS).render(Subject(scene=scene, rules=Rules())) for name, text in lines.items()
    }
    assert shown == {"title": "Harbour - The Sea", "sort_title": "Water 007 Sea"}
    (name,) = re.findall(r'as = "(\{name.+)"', RULES)
    assert parse(name, TAG_FIELDS).render("mood: calm") == "calm"
