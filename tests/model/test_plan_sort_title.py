"""Plex tells a sort title only where it is not the title itself, and the plan knows that."""

from __future__ import annotations

from plexsync.model.fields import Field, Value
from plexsync.model.item import Item
from plexsync.model.plan import Plan, Written, make_plan
from plexsync.model.rules import Rules

OURS = Written(before=None, intended="Durian 1", confirmed="Durian 1", is_confirmed=True)


def plan(item: Item, title: str, sort_title: str, ledger: dict[Field, Written] | None = None) -> Plan:
    wanted: dict[Field, Value] = {Field.TITLE: title, Field.SORT_TITLE: sort_title}
    return make_plan(scene=1, item=item, path="/a", wanted=wanted, rules=Rules(), ledger=ledger or {})


def changes(made: Plan) -> dict[Field, Value]:
    return {change.field: change.after for change in made.changes}


def test_a_sort_title_that_is_the_title_is_not_written_again_and_again() -> None:
    assert plan(Item(rating_key=1, section=1, title="Sintel"), "Sintel", "Sintel").empty


def test_a_sort_title_that_will_be_the_title_is_none() -> None:
    item = Item(rating_key=1, section=1, title="Old")
    assert changes(plan(item, "Sintel", "Sintel")) == {Field.TITLE: "Sintel"}
    assert changes(plan(item, "Sintel", "Old")) == {Field.TITLE: "Sintel", Field.SORT_TITLE: "Old"}


def test_our_own_sort_title_is_cleared_when_the_rule_gives_the_title() -> None:
    item = Item(rating_key=1, section=1, title="Sintel", sort_title="Durian 1")
    assert changes(plan(item, "Sintel", "Sintel", {Field.SORT_TITLE: OURS})) == {Field.SORT_TITLE: None}
    assert plan(Item(rating_key=1, section=1, title="Sintel"), "Sintel", "Sintel", {Field.SORT_TITLE: OURS}).empty


def test_a_sort_title_is_written_beside_a_title_that_plex_keeps() -> None:
    rules = Rules(enabled=frozenset(Field) - {Field.TITLE})
    wanted: dict[Field, Value] = {Field.SORT_TITLE: "Sintel"}
    item = Item(rating_key=1, section=1, title="My own title")
    made = make_plan(scene=1, item=item, path="/a", wanted=wanted, rules=rules, ledger={})
    assert changes(made) == {Field.SORT_TITLE: "Sintel"}
