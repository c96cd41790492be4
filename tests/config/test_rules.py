"""Rules in the settings: one line for each fault, single keys for single libraries, any place that settings have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from plexsync.app.rules import rules_of
from plexsync.config import Config, check, load
from plexsync.model.errors import ConfigurationError
from plexsync.model.fields import Field
from plexsync.model.rules import StudioForm, desired
from plexsync.model.scene import Named, Scene, StashId, Studio, Tag

SCENE = Scene(
    id=1,
    title="Sintel",
    code="S-1",
    stash_ids=(StashId(endpoint="e", id="x"),),
    studio=Studio(id=1, name="Durian", parents=(Named(id=2, name="Blender"),)),
    tags=(Tag(id=1, name="4K"), Tag(id=2, name="Fantasy")),
)


def loaded(folder: Path, text: str, **more: Any) -> Config:
    (folder / "plexsync.toml").write_text(text, encoding="utf-8")
    return load(config_file=None, data_dir=folder, environ={}, **more)


def test_a_library_overrides_single_keys_and_takes_the_others_from_the_default(tmp_path: Path) -> None:
    text = """
    [rules]
    title = "{studio|suffix: - }{title}"
    studio = "top"

    [[rules.tags]]
    name = "4k"
    to = "label"
    as = "{name} film"

    [rules.library."Films"]
    title = ""
    other_tags = "nothing"
    """
    book = rules_of(loaded(tmp_path, text))
    default, films = desired(SCENE, book.of("Clips")), desired(SCENE, book.of("films"))
    assert default.values[Field.TITLE] == "Durian - Sintel"
    assert default.values[Field.GENRES] == ("Fantasy",)
    assert films.values[Field.TITLE] == "Sintel"
    assert films.values[Field.GENRES] is None
    assert default.values[Field.LABELS] == films.values[Field.LABELS] == ("4K film",)
    assert default.values[Field.STUDIO] == films.values[Field.STUDIO] == "Blender"
    assert default.given_by[Field.TITLE] == "rules.title"
    assert default.given_by[Field.LABELS] == 'rules.tags[0] (name "4k")'
    assert films.given_by[Field.STUDIO] == "rules.studio"


def test_a_value_says_in_which_librarys_table_its_rule_stands(tmp_path: Path) -> None:
    book = rules_of(loaded(tmp_path, '[rules.library."Films"]\nother_tags = ["genre", "label"]'))
    assert desired(SCENE, book.of("Films")).given_by[Field.LABELS] == 'rules.library."Films".other_tags'


FAULTS = [
    ('[rules]\ntitle = "{titel}"', 'rules.title = "{titel}"', 'field "titel" .* write "title" if that is meant'),
    ('[rules]\nsummary = "{details|cut}"', "rules.summary = ", "a number from 1"),
    ('[rules]\nrole = "{title}"', "rules.role = ", "one of aliases, disambiguation, gender, name"),
    ('[rules]\nstudio = "both"', 'rules.studio = "both"', 'allowed: "own", "top" or "path"'),
    ('[rules]\ngone = "delete"', 'rules.gone = "delete"', 'allowed: "leave", "clear" or "restore"'),
    ("[rules.library.F]\ngone = true", "rules.library.F.gone = true", 'allowed: "leave", "clear" or "restore"'),
    ("[rules]\nonly_orgnized = true", "rules.only_orgnized", 'did you mean "rules.only_organized"'),
    ('[rules]\nother_tags = "genres"', 'rules.other_tags[0] = "genres"', "none of the words allowed"),
    ('[rules]\nother_tags = ["nothing", "label"]', "rules.other_tags", 'take out "nothing"'),
    ('[rules]\nlabels = ["url"]', 'rules.labels[0] = "url"', 'allowed: a list of "groups"'),
    ('[rules]\ngenders = "femail"', 'rules.genders[0] = "femail"', '"female"'),
    ('[rules]\nonly_paths = "films"', 'rules.only_paths = "films"', "no absolute path"),
    ('[rules]\nnot_tags_under = "a*"', 'rules.not_tags_under = "a*"', "whole names"),
    ("[rules]\nignore_tags = [4]", "rules.ignore_tags", "put each name in quotes"),
    ("[rules]\nmin_rating = true", "rules.min_rating = true", "is not a whole number"),
    ("[rules]\nmin_rating = 101", "rules.min_rating = 101", "allowed: 0 to 100"),
    ("[rules]\nmin_rating = 60\nmax_rating = 40", "rules ", "max_rating below its min_rating"),
    ("[rules]\nmax_rating = 40\n[rules.library.F]\nmin_rating = 60", "rules ", "max_rating below its min_rating"),
    ('[[rules.tags]]\nname = "a"', "rules.tags[0].to", 'is missing; allowed: "genre"'),
    ('[[rules.tags]]\nto = "label"', "rules.tags[0] ", "exactly one of name, under and like"),
    ('[[rules.tags]]\nname = "a"\nlike = "b"\nto = "label"', "rules.tags[0] ", "exactly one of"),
    ('[[rules.tags]]\nname = "a*"\nto = "label"', 'rules.tags[0].name = "a*"', "use `like"),
    ('[[rules.tags]]\nname = "a"\nto = "label"\nas = "{nam}"', 'rules.tags[0].as = "{nam}"', '"name" if that is meant'),
    ('[[rules.tags]]\nname = "a"\nto = "label"\nrename = "b"', "rules.tags[0].rename", "is not known"),
    ('[[rules.content_ratings]]\nname = "a"', "rules.content_ratings[0].rating", "is missing"),
    ('[rules.library."Films"]\ntitel = "x"', "rules.library.Films.titel", 'did you mean "rules.library.Films.title"'),
    ('[rules.library."tags"]\nmin_rating = 300', "rules.library.tags.min_rating = 300", "allowed: 0 to 100"),
    ("[rules.library.films]\ntitle = 'x'\n[rules.library.Films]\ntitle = 'y'", "rules ", "names one library twice"),
    ("[rules]\nlibrary = 3", "rules.library = 3", "is not a table"),
    ("rules = 3", "rules = 3", "is not a table"),
    ('[[rules]]\ntitle = "x"', "rules ", "single brackets"),
]


@pytest.mark.parametrize(("text", "start", "told"), FAULTS)
def test_a_rule_that_cannot_be_used_has_one_line_with_its_place_and_remedy(
    tmp_path: Path, text: str, start: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, text)
    [line] = caught.value.faults
    assert line.startswith(start)
    assert f"({tmp_path}/plexsync.toml, key rules): " in line
    assert re.search(told, line)
    assert "To mend it: " in line


def test_every_fault_of_the_rules_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, '[rules]\ntitle = "{x}"\nstudio = "y"\n[rules.library.A]\nrole = "{z}"\nw = 1')
    names = ["rules.library.A.role", "rules.library.A.w", "rules.studio", "rules.title"]
    assert sorted(line.split(" ")[0] for line in caught.value.faults) == names


def test_rules_are_json_in_a_variable_in_the_plugins_settings_and_in_the_pages(tmp_path: Path) -> None:
    text = json.dumps({"studio": "path", "library": {"Films": {"studio": "top"}}})
    for more in ({"environ": {"PLEXSYNC_RULES": text}}, {"plugin": {"rules": text}}, {"saved": {"rules": text}}):
        given: dict[str, Any] = {"environ": {}, **more}
        book = rules_of(load(config_file=None, data_dir=tmp_path, **given))
        assert (book.of("x").studio, book.of("Films").studio) == (StudioForm.PATH, StudioForm.TOP)


def test_bad_rules_of_people_are_refused_and_the_weaker_ones_stay(tmp_path: Path) -> None:
    config = loaded(tmp_path, "", plugin={"rules": '{"studio": "top"}'}, saved={"rules": '{"studio": "x"}'})
    assert config.rules is not None
    assert config.rules.studio is StudioForm.TOP
    assert len(config.refused) == 1
    assert check({"rules": "{"})["rules"].startswith('rules = "{" (saved in the pages, rules): is no JSON')
    assert check({"rules": {"studio": "own"}}) == {}


def test_only_the_rules_that_were_given_are_shown(tmp_path: Path) -> None:
    text = (
        '[rules]\nhalf_stars = true\n[[rules.tags]]\nname = "a"\nto = "label"\nas = "b"\n[rules.library.F]\ntitle = "x"'
    )
    assert loaded(tmp_path, text).shown()["rules"] == {
        "half_stars": True,
        "tags": [{"name": ["a"], "to": ["label"], "as": "b"}],
        "library": {"F": {"title": "x"}},
    }
    assert loaded(tmp_path, "").shown()["rules"] is None
