"""Who is in the cast, in which order, and under which name."""

from __future__ import annotations

from dataclasses import replace

from model.rules.scenes import SCENE, value
from plexsync.model.fields import Field
from plexsync.model.item import Person
from plexsync.model.rules import (
    PERFORMER_FIELDS,
    Disambiguation,
    Names,
    PeopleRules,
    PerformerOrder,
    Rules,
    parse,
)
from plexsync.model.scene import Performer


def cast(people: PeopleRules) -> list[str]:
    found = value(Field.ACTORS, Rules(people=people))
    return [one.name for one in found if isinstance(one, Person)] if isinstance(found, tuple) else []


def test_two_of_one_name_in_a_scene_are_told_apart_and_others_keep_their_plain_name() -> None:
    assert cast(PeopleRules()) == ["Zoe", "Ada (1990)", "ADA (2001)", "Bo"]


def test_the_disambiguation_may_be_shown_always_or_never() -> None:
    assert cast(PeopleRules(disambiguation=Disambiguation.ALWAYS)) == ["Zoe", "Ada (1990)", "ADA (2001)", "Bo (x)"]
    assert cast(PeopleRules(disambiguation=Disambiguation.NEVER)) == ["Zoe", "Ada", "Bo"]


def test_the_cast_may_be_sorted_by_name() -> None:
    assert cast(PeopleRules(order=PerformerOrder.NAME)) == ["Ada (1990)", "ADA (2001)", "Bo", "Zoe"]


def test_only_the_chosen_genders_are_shown_and_those_who_are_not_told_are_one_of_them() -> None:
    assert cast(PeopleRules(genders=frozenset({"female"}))) == ["Zoe", "Ada (1990)"]
    assert cast(PeopleRules(genders=frozenset({"male", "unknown"}))) == ["ADA (2001)", "Bo"]
    assert cast(PeopleRules(genders=frozenset({"intersex"}))) == []


def test_an_ignored_performer_is_left_out_of_the_cast_and_of_templates() -> None:
    assert cast(PeopleRules(ignored=Names(("zo*", "bo")))) == ["Ada (1990)", "ADA (2001)"]


def test_a_role_text_is_made_of_aliases_and_an_empty_one_is_written_as_empty() -> None:
    rules = Rules(people=PeopleRules(role=parse("{aliases|first|prefix:as }", PERFORMER_FIELDS)))
    found = value(Field.ACTORS, rules)
    assert found is not None
    assert isinstance(found, tuple)
    assert found[:2] == (Person(name="Zoe", role="as Zo"), Person(name="Ada (1990)", role=""))
    assert value(Field.ACTORS, Rules()) != found


def test_a_changed_role_moves_the_digest() -> None:
    rules = Rules(people=PeopleRules(role=parse("{aliases}", PERFORMER_FIELDS)))
    other = replace(SCENE, performers=(replace(SCENE.performers[0], aliases=("Other",)), *SCENE.performers[1:]))
    assert rules.digest(SCENE, "") != rules.digest(other, "")
    assert Rules().digest(SCENE, "") == Rules().digest(other, "")


def test_who_is_shown_as_whom_is_told_for_pictures() -> None:
    shown = PeopleRules().shown(SCENE.performers)
    assert [(one.performer.id, one.person.name) for one in shown][1] == (2, "Ada (1990)")
    twins = (Performer(id=5, name="Cy"), Performer(id=6, name="CY"))
    assert [one.performer.id for one in PeopleRules().shown(twins)] == [5]
