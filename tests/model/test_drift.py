"""What counts as drift, whatever people and Plex did to an item in step."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model.plexmodel import FIELDS_HELD, PlexModel
from model.test_plan_properties import ONE_VALUE, PLEXES, RULES, VALUES, WANTED, begun
from plexsync.model.drift import Drift, drift_of, lost_pictures
from plexsync.model.fields import Field, Owner, Value
from plexsync.model.gaps import GapKind
from plexsync.model.item import Item
from plexsync.model.item_values import value_of
from plexsync.model.looks import look_of_item
from plexsync.model.plan import Written, is_empty, make_plan
from plexsync.model.rules import Rules

TOUCHES = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), ONE_VALUE),
        st.tuples(st.just("refresh"), VALUES),
        st.tuples(st.just("unlock"), st.sampled_from(FIELDS_HELD)),
    ),
    max_size=4,
)


def touched(plex: PlexModel, touches: list[tuple[str, Any]]) -> None:
    """What happens to the item while nobody syncs it."""
    for what, value in touches:
        match what:
            case "edit":
                plex.edit(*value)
            case "refresh":
                plex.refresh(value)
            case _:
                plex.unlock(value)


@given(plex=PLEXES, first=VALUES, wanted=WANTED, rules=RULES, touches=TOUCHES)
def test_what_plex_did_to_an_item_in_step_is_drift_and_never_stale(
    plex: PlexModel,
    first: dict[Field, Value],
    wanted: dict[Field, Value],
    rules: Rules,
    touches: list[tuple[str, Any]],
) -> None:
    it = begun(plex, first)
    for _ in range(3):
        it.sync(wanted, rules)
    assume(it.plan(wanted, rules).empty)
    assert drift_of(it.plan(wanted, rules), in_step=True).kind is None
    touched(it, touches)
    drift = drift_of(it.plan(wanted, rules), in_step=True)
    for name, kind in drift.fields.items():
        assert kind is (GapKind.EMPTY if is_empty(value_of(it.item, name)) else GapKind.DRIFTED)
    it.sync(wanted, rules)
    assert drift_of(it.plan(wanted, rules), in_step=True).kind is None


@given(values=VALUES, other=VALUES)
def test_a_look_moves_exactly_when_a_plain_value_does(values: dict[Field, Any], other: dict[Field, Any]) -> None:
    def item(given_: dict[Field, Any]) -> Item:
        return Item(
            rating_key=1,
            section=1,
            title=given_[Field.TITLE] or "",
            summary=given_[Field.SUMMARY] or "",
            studio=given_[Field.STUDIO] or "",
            rating=given_[Field.RATING],
            genres=given_[Field.GENRES] or (),
        )

    one, two = item(values), item(other)
    alike = (one.title, one.summary, one.studio, one.rating) == (two.title, two.summary, two.studio, two.rating)
    assert (look_of_item(one) == look_of_item(two)) == alike


WRITTEN = Written(before=None, intended="ours", confirmed="ours", is_confirmed=True)


def summary_of(held: str, wanted: str, ledger: dict[Field, Written], *, in_step: bool) -> Drift:
    plan = make_plan(
        scene=1,
        item=Item(rating_key=1, section=1, summary=held),
        path="/a",
        wanted={Field.SUMMARY: wanted},
        rules=Rules(),
        ledger=ledger,
    )
    return drift_of(plan, in_step=in_step)


@pytest.mark.parametrize(
    ("held", "wanted", "in_step", "kind"),
    [
        ("ours", "ours", True, None),
        ("", "ours", True, GapKind.EMPTY),
        ("theirs", "ours", True, GapKind.DRIFTED),
        ("ours", "newer", False, GapKind.STALE),
        ("", "newer", False, GapKind.STALE),
        ("", "ours", False, GapKind.EMPTY),
        ("theirs", "ours", False, GapKind.DRIFTED),
    ],
)
def test_what_is_newer_is_told_from_what_plex_lost(held: str, wanted: str, in_step: bool, kind: GapKind | None) -> None:
    assert summary_of(held, wanted, {Field.SUMMARY: WRITTEN}, in_step=in_step).kind is kind


def test_a_value_that_plex_had_by_itself_and_lost_is_a_gap_though_it_was_never_written() -> None:
    assert summary_of("", "as in Stash", {}, in_step=True).kind is GapKind.EMPTY
    assert summary_of("other", "as in Stash", {}, in_step=True).kind is GapKind.DRIFTED


def test_another_picture_counts_only_where_ours_was_shown() -> None:
    ledger = {Field.POSTER: Written(before=None, intended="sha", confirmed="sha", is_confirmed=True)}
    both = frozenset({Field.POSTER, Field.BACKGROUND})
    assert lost_pictures(both, ledger, Rules(), frozenset()) == {Field.POSTER}
    assert lost_pictures(both, ledger, Rules(), frozenset({Field.POSTER})) == set()
    assert lost_pictures(both, ledger, Rules(owners={Field.POSTER: Owner.FILL}), frozenset()) == set()
