"""The rules of each library as the settings ask for them, worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from plexsync.config import RuleSetting, RulesSetting
from plexsync.model.fields import Field
from plexsync.model.pictures import Recipe
from plexsync.model.rules import (
    PERFORMER_FIELDS,
    SCENE_FIELDS,
    TAG_FIELDS,
    Admission,
    ContentRatingRule,
    ContentRatings,
    Names,
    PeopleRules,
    Places,
    RuleBook,
    Rules,
    TagRule,
    TagRules,
    Template,
    parse,
)
from plexsync.model.rules.facts import Subject

_TEMPLATES = {
    Field.TITLE: "title",
    Field.SORT_TITLE: "sort_title",
    Field.SUMMARY: "summary",
    Field.TAGLINE: "tagline",
}
#: The rules of people that do not leave a cast as it is in Stash.
_PEOPLE = ("disambiguation", "performer_order", "genders", "ignore_performers", "role")


def book_of(rules: RulesSetting | None, plain: Mapping[str, Any]) -> RuleBook:
    """The rules of all libraries. `plain` are the values of `Rules` that other settings give, alike for each."""
    rules = rules or RulesSetting()
    libraries = {
        title: _library(rules.of(title), _Origins(f'rules.library."{title}"', own.model_fields_set), plain)
        for title, own in rules.library.items()
    }
    return RuleBook(default=_library(rules, _Origins("rules", frozenset()), plain), libraries=libraries)


class _Origins:
    """Where a library's keys stand in the settings: in its own table, or in that of all."""

    def __init__(self, table: str, own: frozenset[str] | set[str]) -> None:
        self._table = table
        self._own = own

    def of(self, key: str) -> str:
        return f"{self._table if key in self._own else 'rules'}.{key}"


def _library(rules: RuleSetting, origins: _Origins, plain: Mapping[str, Any]) -> Rules:
    return Rules(
        **plain,
        admission=_admission(rules),
        tags=_tags(rules, origins),
        people=_people(rules, origins),
        studio=rules.studio,
        content_ratings=_content_ratings(rules, origins),
        templates=_templates(rules, origins),
        labels=rules.labels,
        collections=rules.collections,
        half_stars=rules.half_stars,
        split_directors=rules.split_directors,
        keep_markup=rules.keep_markup,
        recipes=_recipes(rules),
        collection_pictures=rules.collection_pictures,
        when_gone=rules.gone,
        origins={key: origins.of(key) for key in RuleSetting.model_fields},
        people_origin=", ".join(origins.of(key) for key in _PEOPLE if _differs(rules, key)),
    )


def _differs(rules: RuleSetting, key: str) -> bool:
    return bool(getattr(rules, key) != RuleSetting.model_fields[key].default)


def _admission(rules: RuleSetting) -> Admission:
    return Admission(
        only_organized=rules.only_organized,
        only_with_stash_id=rules.only_with_stash_id,
        only_tags=Names(rules.only_tags),
        only_tags_under=Names(rules.only_tags_under),
        not_tags=Names(rules.not_tags),
        not_tags_under=Names(rules.not_tags_under),
        only_studios=Names(rules.only_studios),
        not_studios=Names(rules.not_studios),
        only_paths=Places(rules.only_paths),
        not_paths=Places(rules.not_paths),
        min_rating=rules.min_rating,
        max_rating=rules.max_rating,
    )


def _tags(rules: RuleSetting, origins: _Origins) -> TagRules:
    made = [
        TagRule(
            name=rule.name,
            under=rule.under,
            like=rule.like,
            to=frozenset(rule.to),
            name_there=parse(rule.rename, TAG_FIELDS) if rule.rename else None,
        )
        for rule in rules.tags
    ]
    return TagRules(
        rules=tuple(rule.placed_at(f"{origins.of('tags')}[{n}]") for n, rule in enumerate(made)),
        other=frozenset(rules.other_tags),
        other_origin=origins.of("other_tags") if _differs(rules, "other_tags") else "",
        ignored=Names(rules.ignore_tags),
        ignored_under=Names(rules.ignore_tags_under),
    )


def _people(rules: RuleSetting, origins: _Origins) -> PeopleRules:
    return PeopleRules(
        disambiguation=rules.disambiguation,
        order=rules.performer_order,
        genders=frozenset(gender.value for gender in rules.genders),
        ignored=Names(rules.ignore_performers),
        role=parse(rules.role, PERFORMER_FIELDS, origin=origins.of("role")) if rules.role else None,
    )


def _recipes(rules: RuleSetting) -> dict[Field, Recipe]:
    """The poster as the rules have it; the background is the cover as it is."""
    whole = Recipe(edge=rules.picture_edge, quality=rules.picture_quality)
    return {Field.POSTER: replace(whole, shape=rules.picture_shape), Field.BACKGROUND: whole}


def _content_ratings(rules: RuleSetting, origins: _Origins) -> ContentRatings:
    made = [
        ContentRatingRule(name=rule.name, under=rule.under, like=rule.like, rating=rule.rating)
        for rule in rules.content_ratings
    ]
    return ContentRatings(
        rules=tuple(rule.placed_at(f"{origins.of('content_ratings')}[{n}]") for n, rule in enumerate(made)),
        otherwise=rules.content_rating,
        origin=origins.of("content_rating"),
    )


def _templates(rules: RuleSetting, origins: _Origins) -> dict[Field, Template[Subject]]:
    return {
        field: parse(text, SCENE_FIELDS, origin=origins.of(key))
        for field, key in _TEMPLATES.items()
        if (text := getattr(rules, key))
    }
