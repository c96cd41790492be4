"""The page of settings says what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import plexsync
from plexsync.config import Settings, load, reference, table
from plexsync.config.reference import EXAMPLE
from plexsync.config.settings import OWNER, SWITCH

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_in_the_docs_is_the_one_made_from_the_table() -> None:
    """When this fails, write the text of `plexsync.config.reference()` to docs/settings.md."""
    assert PAGE.read_text(encoding="utf-8") == reference()


def test_every_setting_stands_on_the_page_with_its_variable_and_meaning() -> None:
    page = reference()
    for row in table():
        assert f"| `{row.name}`<br>`{row.variable}` |" in page
        assert row.meaning
        assert row.group


def test_the_example_on_the_page_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "plexsync.toml").write_text(EXAMPLE, encoding="utf-8")
    config = load(config_file=None, data_dir=tmp_path, environ={})
    assert [server.name for server in config.servers] == ["living room"]
    assert len(config.path_rules) == 2


def test_each_default_on_the_page_may_be_written_as_it_stands(tmp_path: Path) -> None:
    text = "\n".join(f"{row.name} = {row.default}" for row in table() if row.default)
    assert tomllib.loads(text)
    (tmp_path / "plexsync.toml").write_text(text, encoding="utf-8")
    plain = load(config_file=None, data_dir=tmp_path, environ={}).shown()
    (tmp_path / "plexsync.toml").unlink()
    assert plain == load(config_file=None, data_dir=tmp_path, environ={}).shown()


def test_every_setting_is_used() -> None:
    """A setting that nothing reads is a promise that nobody keeps."""
    package = Path(plexsync.__file__).parent
    code = "\n".join(p.read_text() for p in package.rglob("*.py") if p.name != "settings.py")
    by_field = {*SWITCH.values(), *OWNER.values()}
    unused = [n for n in Settings.model_fields if n not in by_field and not re.search(rf'\.{n}\b|"{n}"', code)]
    assert unused == []
