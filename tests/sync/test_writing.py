"""What a plan becomes on its way to Plex."""

from __future__ import annotations

from plexsync.model.item import Item, Person
from plexsync.model.portraits import Portrait
from plexsync.plex.edit import params_of
from plexsync.sync.story.writing import with_portraits


def test_a_picture_of_a_person_leaves_the_lock_of_the_cast_as_it_is() -> None:
    """It is sent with the cast that Plex holds, which may be locked by us, by a person, or by nobody."""
    item = Item(rating_key=7, section=2, actors=(Person(name="Ann", role="Queen"),))
    picture = Portrait(name="Ann", before="", after="http://plexsync/art/ann", performer=3)
    sent = {param.name: param.value for param in params_of(with_portraits([], [picture], item))}
    assert sent["actor[0].tag.thumb"] == "http://plexsync/art/ann"
    assert sent["actor[0].tagging.text"] == "Queen"
    assert "actor.locked" not in sent
