"""Studio, collections, labels, content rating, rating and directors by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.rules.scenes import SCENE, value
from plexsync.model.fields import Field
from plexsync.model.rules import ContentRatingRule, ContentRatings, Rules, Source, StudioForm, desired
from plexsync.model.rules.directors import directors


@pytest.mark.parametrize(
    ("form", "name"),
    [(StudioForm.OWN, "Durian"), (StudioForm.TOP, "Blender"), (StudioForm.PATH, "Blender / Open / Durian")],
)
def test_the_studio_is_its_own_name_its_topmost_parent_or_the_way_to_it(form: StudioForm, name: str) -> None:
    assert value(Field.STUDIO, Rules(studio=form)) == name
    alone = replace(SCENE, studio=replace(SCENE.studio, parents=()) if SCENE.studio else None)
    assert value(Field.STUDIO, Rules(studio=form), alone) == "Durian"
    assert value(Field.STUDIO, Rules(studio=form), replace(SCENE, studio=None)) is None


def test_collections_and_labels_come_from_what_the_rules_name_each_once() -> None:
    rules = Rules(
        collections=(Source.GROUPS, Source.STUDIO, Source.PARENT_STUDIOS, Source.PERFORMERS),
        labels=(Source.CODE, Source.STASH_IDS, Source.URLS),
    )
    assert value(Field.COLLECTIONS, rules) == (
        *("Open Films", "Dragons", "Durian", "Open", "Blender"),
        *("Zoe", "Ada (1990)", "ADA (2001)", "Bo"),
    )
    assert value(Field.LABELS, rules) == ("DUR-3", "aa-bb", "https://one.example/1", "https://two.example/2")
    assert "rules.collections (groups)" in desired(SCENE, rules).given_by[Field.COLLECTIONS]


def test_a_content_rating_is_by_the_first_rule_that_fits_any_tag_and_else_the_constant() -> None:
    ratings = ContentRatings(
        rules=(
            ContentRatingRule(name=("nobody",), rating="G"),
            ContentRatingRule(under=("series",), rating="TV-MA"),
            ContentRatingRule(name=("fantasy",), rating="PG"),
        ),
        otherwise="X",
    )
    rules = Rules(content_ratings=ratings)
    assert value(Field.CONTENT_RATING, rules) == "TV-MA"
    assert value(Field.CONTENT_RATING, rules, replace(SCENE, tags=SCENE.tags[:2])) == "PG"
    assert value(Field.CONTENT_RATING, rules, replace(SCENE, tags=())) == "X"
    assert Field.CONTENT_RATING not in desired(SCENE, Rules()).values
    assert rules.asks_for_tag_parents


@pytest.mark.parametrize(("rating", "expected"), [(1, 1.0), (4, 1.0), (14, 1.0), (15, 2.0), (74, 7.0), (100, 10.0)])
def test_a_rating_is_rounded_to_half_stars_where_that_is_asked_for(rating: int, expected: float) -> None:
    assert value(Field.RATING, Rules(half_stars=True), replace(SCENE, rating=rating)) == expected
    assert value(Field.RATING, Rules(half_stars=True), replace(SCENE, rating=None)) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("Ada", ["Ada"]),
        ("Ada, Bo;Cy ; ", ["Ada", "Bo", "Cy"]),
        ("Sam Smith, Jr., Bo", ["Sam Smith, Jr.", "Bo"]),
        ("Juniper, Jrue", ["Juniper", "Jrue"]),
        ("Ada & Bo and Cy", ["Ada & Bo and Cy"]),
    ],
)
def test_directors_are_parted_at_commas_and_semicolons(text: str, names: list[str]) -> None:
    assert directors(text) == names


def test_directors_stay_one_text_where_that_is_asked_for() -> None:
    assert value(Field.DIRECTORS, Rules()) == ("Colin Levy", "Ton R. Jr., Jr.", "Ida")
    assert value(Field.DIRECTORS, Rules(split_directors=False)) == (SCENE.director,)


def test_markup_in_details_is_made_plain_unless_it_is_to_be_kept() -> None:
    assert value(Field.SUMMARY, Rules()) == "A girl & her dragon.\nShe looks for it."
    assert value(Field.SUMMARY, Rules(keep_markup=True)) == SCENE.details
