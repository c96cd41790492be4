"""After a loss of the ledger: which values may be our own, and which certainly are not."""

from __future__ import annotations

import pytest

from plexsync.model.fields import Field
from plexsync.model.item import Item
from plexsync.store import ledger, losses
from plexsync.store.database import Database
from plexsync.store.losses import Loss

DAY, NOW = 24 * 3600.0, 1_800_000_000.0
#: The backup is from the first day, the loss came on the second.
LOSS = Loss(since=NOW - 2 * DAY, at=NOW - DAY)
TEXT = [Field.TITLE, Field.RATING]


def item(*, added: float = 0, updated: float = 0) -> Item:
    return Item(rating_key=1, section=1, added_at=int(added), updated_at=int(updated))


@pytest.mark.parametrize(
    ("added", "updated", "unknown"),
    [
        (NOW - 9 * DAY, NOW - 1.5 * DAY, {Field.TITLE, Field.RATING}),  # changed between backup and loss
        (NOW - 9 * DAY, NOW, {Field.TITLE, Field.RATING}),  # changed since: by whom before, nobody knows
        (NOW - 9 * DAY, NOW - 8 * DAY, {Field.RATING}),  # not changed since the backup; a rating may be all the same
        (NOW - 9 * DAY, 0, {Field.TITLE, Field.RATING}),  # Plex tells no time
        (NOW - 0.5 * DAY, NOW, set()),  # came after the loss
        (NOW - DAY + 60, NOW, {Field.TITLE, Field.RATING}),  # perhaps only by Plex's clock
        (NOW - 1.5 * DAY, NOW, {Field.TITLE, Field.RATING}),  # came in between
        (NOW + 400 * DAY, NOW, {Field.TITLE, Field.RATING}),  # a time that cannot be
        (0, 0, {Field.TITLE, Field.RATING}),
    ],
)
def test_a_value_is_unknown_where_a_lost_record_may_have_told_of_it(
    database: Database, added: float, updated: float, unknown: set[Field]
) -> None:
    with database.transaction() as conn:
        assert losses.unknown(conn, item(added=added, updated=updated), TEXT, NOW) == set()
        losses.note(conn, LOSS)
        assert losses.unknown(conn, item(added=added, updated=updated), TEXT, NOW) == unknown


def test_without_a_backup_all_that_was_there_is_unknown(database: Database) -> None:
    with database.transaction() as conn:
        losses.note(conn, Loss(since=None, at=NOW - DAY))
        assert losses.unknown(conn, item(added=NOW - 9 * DAY, updated=NOW - 8 * DAY), TEXT, NOW) == set(TEXT)
        assert losses.unknown(conn, item(added=NOW - 0.5 * DAY, updated=NOW), TEXT, NOW) == set()


def test_a_second_loss_leaves_the_first_in_force(database: Database) -> None:
    with database.transaction() as conn:
        losses.note(conn, LOSS)
        losses.note(conn, Loss(since=NOW - 0.2 * DAY, at=NOW))
        assert losses.losses(conn) == (LOSS, Loss(since=NOW - 0.2 * DAY, at=NOW))
        touched_in_the_first = item(added=NOW - 9 * DAY, updated=NOW - 1.5 * DAY)
        assert losses.unknown(conn, touched_in_the_first, [Field.TITLE], NOW) == {Field.TITLE}


def test_the_ledger_tells_which_first_values_are_unknown_and_keeps_that(database: Database) -> None:
    intents = [(Field.TITLE, "perhaps ours", "new"), (Field.STUDIO, "theirs", "new")]
    with database.transaction() as conn:
        ledger.intend(conn, "plex", "/a", 1, intents, 1.0, {Field.TITLE})
        assert ledger.doubtful(conn, "plex", ["/a", "/b"]) == {"/a": [Field.TITLE]}
        ledger.intend(conn, "plex", "/a", 1, [(Field.TITLE, "new", "newer")], 2.0)
        ledger.intend(conn, "plex", "/a", 1, [(Field.STUDIO, "new", "newer")], 2.0, {Field.STUDIO})
        assert ledger.doubtful(conn, "plex", ["/a"]) == {"/a": [Field.TITLE]}
        ledger.drop(conn, "plex", "/a", [Field.TITLE])
        assert ledger.doubtful(conn, "plex", ["/a"]) == {}
