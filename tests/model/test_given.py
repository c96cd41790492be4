"""What Plex takes from our provider is ours: nobody writes it again, and it goes when Stash clears it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.plexmodel import FIELDS_HELD, PlexModel
from model.test_plan_properties import ONE_VALUE, WANTED
from plexsync.model.fields import Field
from plexsync.model.item import Item
from plexsync.model.leaving import leaving
from plexsync.model.plan import Plan, Written, entry_keys, make_plan, to_lock
from plexsync.model.provider import IDENTIFIER, guid_of, tells_of
from plexsync.model.restoring import Known
from plexsync.model.rules import Rules, WhenGone

GUID = f"{IDENTIFIER}://movie/1"
RULES = Rules()
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("stash"), WANTED),
        st.tuples(st.just("edit"), ONE_VALUE),
        st.tuples(st.just("unlock"), st.sampled_from(FIELDS_HELD)),
        st.tuples(st.just("told"), st.none()),
        st.tuples(st.just("sync"), st.none()),
    ),
    max_size=10,
)


def lived(plex: PlexModel, steps: list[tuple[str, Any]]) -> dict[Field, Any]:
    """What is wanted in the end, once it was synced."""
    wanted: dict[Field, Any] = {}
    for step in steps:
        match step:
            case ("stash", values):
                wanted = {name: values.get(name) for name in FIELDS_HELD}
            case ("edit", (name, value)):
                plex.edit(name, value)
            case ("unlock", name):
                plex.unlock(name)
            case ("told", _):
                plex.told(wanted)
            case ("sync", _):
                plex.sync(wanted, RULES)
    plex.sync(wanted, RULES)
    return wanted


@settings(max_examples=80)
@given(st.booleans(), STEPS)
def test_a_refresh_after_a_sync_leaves_nothing_to_do(additive: bool, steps: list[tuple[str, Any]]) -> None:
    plex = PlexModel(guid=GUID, additive=additive)
    wanted = lived(plex, steps)
    plex.told(wanted)
    plex.sync(wanted, RULES)
    held = dict(plex.values)
    plex.told(wanted)
    again = plex.plan(wanted, RULES)
    assert (again.changes, again.given, again.disowned) == ((), (), ())
    assert plex.values == held


@settings(max_examples=80)
@given(st.booleans(), STEPS)
def test_labels_of_people_survive_the_provider_and_us_and_so_do_collections_that_stash_never_names(
    additive: bool, steps: list[tuple[str, Any]]
) -> None:
    """Of a collection that both name, and nobody locked, Plex itself does not tell whose it is."""
    plex = PlexModel(guid=GUID, additive=additive)
    lived(plex, steps)
    named = {key for step in steps if step[0] == "stash" for key in entry_keys(step[1].get(Field.COLLECTIONS))}
    for name, theirs in plex.theirs.items():
        assert theirs - (named if name is Field.COLLECTIONS else set()) <= entry_keys(plex.values.get(name))


@settings(max_examples=80)
@given(WANTED, st.lists(st.sampled_from(["told", "sync"]), max_size=4))
def test_what_stash_clears_goes_whoever_brought_it(wanted: dict[Field, Any], steps: list[str]) -> None:
    plex = PlexModel(guid=GUID)
    plex.told(wanted)
    for step in [*steps, "sync"]:
        plex.told(wanted) if step == "told" else plex.sync(wanted, RULES)
    plex.sync(dict.fromkeys(FIELDS_HELD), RULES)
    assert set(plex.values) <= {Field.TITLE}


@settings(max_examples=80)
@given(st.lists(WANTED, max_size=4))
def test_what_plex_took_while_everything_else_waited_goes_too(told: list[dict[Field, Any]]) -> None:
    plex = PlexModel(guid=GUID)
    for some in told:
        wanted = {name: some.get(name) for name in FIELDS_HELD}
        plex.told(wanted)
        plex.learn(wanted, RULES)
    plex.sync(dict.fromkeys(FIELDS_HELD), RULES)
    assert set(plex.values) <= {Field.TITLE}


def test_the_guid_is_the_one_that_the_provider_tells() -> None:
    assert tells_of(guid_of(12), 12)
    assert not tells_of(guid_of(12), 1)
    assert not tells_of(guid_of(1) + "2", 1)


def planned(item: Item, wanted: dict[Field, Any], **more: Any) -> Plan:
    return make_plan(scene=1, item=item, path="/a", wanted=wanted, rules=RULES, ledger={}, **more)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"guid": guid_of(2)}, "of another scene"),
        ({"guid": "plex://movie/1"}, "of another agent"),
        ({"locks": frozenset({"summary"})}, "locked"),
        ({"summary": "Another"}, "not what is wanted"),
    ],
)
def test_only_what_surely_came_from_the_provider_counts(facts: dict[str, Any], why: str) -> None:
    item = replace(Item(rating_key=7, section=2, guid=GUID, summary="Told"), **facts)
    assert planned(item, {Field.SUMMARY: "Told"}).given == (), why


def test_what_is_pinned_and_a_refresh_would_move_is_to_be_locked_as_it_is() -> None:
    item = Item(rating_key=7, section=2, guid=GUID, summary="Told", locks=frozenset({"title"}))
    pins = frozenset({Field.SUMMARY, Field.TITLE, Field.LABELS, Field.RATING})
    made = planned(item, {Field.SUMMARY: "Newer"}, pins=pins)
    assert (made.given, made.empty) == ((), True)
    assert to_lock(item, RULES, pins) == (Field.SUMMARY,)


def test_a_lost_scene_takes_along_what_the_provider_gave_only_where_it_is_to_be_cleared() -> None:
    item = Item(rating_key=7, section=2, guid=GUID, summary="Told", genres=("Told", "Own"), collections=("Told", "Own"))
    rows = {
        Field.SUMMARY: Written(before="Told", intended="Told", confirmed="Told", is_confirmed=True, given="Told"),
        Field.GENRES: _list_row(("Told", "Own")),
        Field.COLLECTIONS: _list_row(("Told", "Own")),
    }
    known = {name: Known(written=row, before_locked=False) for name, row in rows.items()}
    assert leaving(item, known, {}, WhenGone.RESTORE).restored == ()
    cleared = {one.field: one.change.after for one in leaving(item, known, {}, WhenGone.CLEAR).restored}
    assert cleared == {Field.SUMMARY: None, Field.GENRES: ("Own",), Field.COLLECTIONS: ("Own",)}


def _list_row(before: tuple[str, ...]) -> Written:
    told = ("Told",)
    return Written(before=before, intended=told, confirmed=told, is_confirmed=True, given=told)
