"""What scenes name is found from either side, whatever they named before."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.model.related import Related, RelatedKind, of_tag, related_to
from plexsync.model.scene import Group, Named, Performer, Scene, Studio, Tag
from plexsync.store import related, seen
from plexsync.store.database import Database
from plexsync.store.related import Known

IDS = st.sets(st.integers(1, 5), max_size=3)
ABOVE = Named(id=9, name="Above")


def scene(number: int, performers: set[int], tags: set[int], groups: set[int], studio: int | None) -> Scene:
    house = Studio(id=studio, name=f"studio {studio}", parents=(ABOVE,)) if studio else None
    return Scene(
        id=number,
        performers=tuple(Performer(id=one, name=f"performer {one}") for one in performers),
        tags=tuple(Tag(id=one, name=f"tag {one}") for one in tags),
        groups=tuple(Group(id=one, name=f"group {one}") for one in groups),
        studio=house,
    )


SCENES = st.builds(scene, st.integers(1, 4), IDS, IDS, IDS, st.none() | st.integers(1, 3))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.lists(SCENES, max_size=4, unique_by=lambda one: one.id), max_size=5),
    gone=st.sets(st.integers(1, 4)),
)
def test_each_scene_is_found_by_all_that_it_names_and_by_nothing_else(
    database: Database, batches: list[list[Scene]], gone: set[int]
) -> None:
    last: dict[int, Scene] = {}
    with database.transaction() as conn:
        seen.forget(conn, [1, 2, 3, 4])
        for batch in batches:
            seen.note(conn, batch, 1.0)
            last |= {one.id: one for one in batch}
        seen.forget(conn, gone)
        for kind in RelatedKind:
            for number in range(1, 10):
                wanted = [one.id for one in last.values() if (kind, number) in related_to(one) and one.id not in gone]
                assert related.scenes_of(conn, kind, [number]) == sorted(wanted)
        named = {key for one in last.values() for key in related_to(one)}
        assert related.known(conn, named).keys() == named


def test_what_lies_above_is_known_by_its_name_alone(database: Database) -> None:
    with database.transaction() as conn:
        seen.note(conn, [scene(1, set(), set(), set(), 2)], 1.0)
        held = related.known(conn, [(RelatedKind.STUDIO, 2), (RelatedKind.STUDIO, 9)])
    assert held[RelatedKind.STUDIO, 2].facts
    assert held[RelatedKind.STUDIO, 9] == Known(kind=RelatedKind.STUDIO, id=9, name="Above", facts="")


def test_a_scene_that_tells_another_name_than_is_known_casts_doubt_on_it(database: Database) -> None:
    """It may have been read before the others were put for the new name, and would else keep the old one."""
    key = (RelatedKind.PERFORMER, 1)
    with database.transaction() as conn:
        seen.note(conn, [scene(1, {1}, set(), set(), None)], 1.0)
        now = Related(kind=RelatedKind.PERFORMER, id=1, name="New", facts="f")
        related.keep(conn, [Known.of(now, "2026-01-01T00:00:00Z")])
        assert not related.known(conn, [key])[key].differs(now)
        seen.note(conn, [scene(2, {1}, set(), set(), None)], 2.0)
        assert related.known(conn, [key])[key].differs(now)


def test_noting_the_same_again_leaves_the_largest_table_alone(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    one = scene(1, {1, 2}, {3}, {4}, 2)
    with database.transaction() as conn:
        seen.note(conn, [one], 1.0)
        changes = conn.exec_driver_sql("SELECT total_changes()").scalar_one()
        seen.note(conn, [replace(one, title="Another")], 2.0)
        assert conn.exec_driver_sql("SELECT total_changes()").scalar_one() - changes == 1
    database.close()


def test_the_facts_of_a_tag_are_what_lies_above_it_where_that_is_asked_for() -> None:
    bare, below = Tag(id=1, name="Tag"), Tag(id=1, name="Tag", ancestors=(ABOVE,))
    assert of_tag(bare).facts != of_tag(below).facts
    assert of_tag(below) == of_tag(replace(below))
