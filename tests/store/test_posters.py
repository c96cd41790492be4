"""How many items show a poster of ours is counted as the index lists them."""

from __future__ import annotations

from plexsync.model.fields import Field
from plexsync.model.item import IndexedItem
from plexsync.store import index, pictures, posters
from plexsync.store.database import Database


def test_each_item_counts_once_and_only_with_a_poster_in_one_of_the_libraries(database: Database) -> None:
    places = {1: 1, 2: 1, 3: 2, 4: 3}
    sent = [(1, Field.POSTER, "a"), (1, Field.POSTER, "b"), (2, Field.BACKGROUND, "c"), (3, Field.POSTER, "d")]
    sent += [(4, Field.POSTER, "e"), (9, Field.POSTER, "f")]
    with database.transaction() as connection:
        listed = [IndexedItem(rating_key=key, section=place, title="", parts=()) for key, place in places.items()]
        index.upsert(connection, "plex", listed, 1)
        for key, field, sha1 in sent:
            pictures.note_upload(connection, "plex", key, field, sha1, f"upload://posters/{sha1}", 1.0)
        assert posters.uploaded_in(connection, "plex", [1, 2]) == 2
        assert posters.uploaded_in(connection, "plex", [3]) == 1
        assert posters.uploaded_in(connection, "plex", []) == 0
        assert posters.uploaded_in(connection, "other", [1, 2, 3]) == 0
