"""The order of a list: whose it is where we only fill, and what becomes of another one while a write is in doubt."""

from __future__ import annotations

import pytest

from plexsync.model.fields import Field, Owner
from plexsync.model.item import Item
from plexsync.model.plan import Written, make_plan
from plexsync.model.rules import Rules

OURS = ("a", "b", "c")
TURNED = ("c", "a", "b")


@pytest.mark.parametrize(
    ("held", "written", "expected"),
    [
        (OURS, Written(before=None, intended=OURS, confirmed=OURS, is_confirmed=True), TURNED),
        (("b", "a", "c"), Written(before=None, intended=OURS, confirmed=OURS, is_confirmed=True), None),
        (OURS, None, None),
        (OURS, Written(before=None, intended=TURNED, confirmed=OURS, is_confirmed=True), None),
    ],
    ids=["ours", "put in another order in Plex", "there before us", "Plex keeps its own order"],
)
def test_another_order_in_stash_is_written_over_ours_alone(
    held: tuple[str, ...], written: Written | None, expected: tuple[str, ...] | None
) -> None:
    plan = make_plan(
        scene=1,
        item=Item(rating_key=7, section=2, genres=held),
        path="/a",
        wanted={Field.GENRES: TURNED},
        rules=Rules(owners={Field.GENRES: Owner.FILL}),
        ledger={} if written is None else {Field.GENRES: written},
    )
    assert [change.after for change in plan.changes] == ([expected] if expected else [])


def test_another_order_that_stash_gives_while_a_write_is_in_doubt_is_written() -> None:
    plan = make_plan(
        scene=1,
        item=Item(rating_key=7, section=2, genres=OURS),
        path="/a",
        wanted={Field.GENRES: TURNED},
        rules=Rules(),
        ledger={Field.GENRES: Written(before=None, intended=OURS, in_doubt=True)},
    )
    assert [change.after for change in plan.changes] == [TURNED]
