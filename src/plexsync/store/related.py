"""What scenes name, as it was when its scenes were last put, and which scenes name it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.related import Key, Related, RelatedKind, keys_of, related_to
from plexsync.model.scene import Scene
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.schema import decisions, links, related, relations

_KNOWN = sa.select(related.c.id, related.c.name, related.c.facts, related.c.updated_at)
_UNLINK = sa.delete(relations).where(
    relations.c.kind == sa.bindparam("of_kind"),
    relations.c.related == sa.bindparam("of_related"),
    relations.c.scene == sa.bindparam("of_scene"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An object that scenes name. `updated_at` is Stash's own text of when it was last looked at, "" where never."""

    kind: RelatedKind
    id: int
    name: str
    facts: str
    updated_at: str = ""

    @property
    def key(self) -> Key:
        """Its kind and id."""
        return self.kind, self.id

    @classmethod
    def of(cls, now: Related, updated_at: str = "") -> Known:
        """What is to be known of an object."""
        return cls(kind=now.kind, id=now.id, name=now.name, facts=now.facts, updated_at=updated_at)

    def differs(self, now: Related) -> bool:
        """Whether the scenes that name it may look otherwise by now."""
        return self.name != now.name or self.facts != now.facts


def note(conn: Connection, scenes: Sequence[Scene], before: Mapping[int, str]) -> None:
    """Remember what these scenes name. `before` are the texts (`text_of`) that were kept of those seen before."""
    met: dict[Key, list[Related]] = defaultdict(list)
    added: list[tuple[Key, int]] = []
    for scene in scenes:
        told, known = keys_of(scene), _keys(before.get(scene.id, ""))
        if fresh := told - known:
            facts = related_to(scene)
            for key in fresh:
                added.append((key, scene.id))
                met[key].append(facts[key])
        _drop(conn, known - told, scene.id)
    rows = [{"kind": int(kind), "related": number, "scene": scene} for (kind, number), scene in added]
    for some in batches(rows):
        put_rows(conn, relations, some)
    _meet(conn, met)


def text_of(scene: Scene) -> str:
    """All that a scene names, as one short text: equal exactly when it names the same."""
    return " ".join(f"{kind:d}.{number}" for kind, number in sorted(keys_of(scene)))


def forget(conn: Connection, before: Mapping[int, str]) -> None:
    """Scenes are gone; these texts were kept of them."""
    for scene, text in before.items():
        _drop(conn, _keys(text), scene)


def known(conn: Connection, keys: Iterable[Key]) -> dict[Key, Known]:
    """Those of the objects that some scene names."""
    found: dict[Key, Known] = {}
    for kind, ids in _by_kind(keys).items():
        for some in batches(ids):
            mine = sa.and_(related.c.kind == int(kind), related.c.id.in_(some))
            for row in conn.execute(_KNOWN.where(mine)):
                found[kind, row[0]] = Known(kind=kind, id=row[0], name=row[1], facts=row[2], updated_at=row[3])
    return found


def all_names(conn: Connection, kind: RelatedKind) -> dict[int, str]:
    """The names of all objects of a kind that some scene names."""
    statement = sa.select(related.c.id, related.c.name).where(related.c.kind == int(kind))
    return {row.id: row.name for row in conn.execute(statement)}


def keep(conn: Connection, rows: Iterable[Known]) -> None:
    """The scenes that name these were put, so that from now on they count as told."""
    for some in batches(rows):
        put_rows(conn, related, [_row(row) for row in some])


def drop(conn: Connection, keys: Iterable[Key]) -> None:
    """Stash has these no more. Which scenes named them is kept until each is read again."""
    for kind, ids in _by_kind(keys).items():
        for some in batches(ids):
            conn.execute(sa.delete(related).where(related.c.kind == int(kind), related.c.id.in_(some)))


def scenes_of(conn: Connection, kind: RelatedKind, numbers: Iterable[int]) -> list[int]:
    """The scenes that name any of these, when they were last read, in order of id."""
    found: set[int] = set()
    for some in batches(numbers):
        mine = sa.and_(relations.c.kind == int(kind), relations.c.related.in_(some))
        found.update(conn.scalars(sa.select(relations.c.scene).where(mine)))
    return sorted(found)


def a_linked_scene(conn: Connection, server: str, key: Key) -> int | None:
    """One of the scenes that name it and have an item on that server, best one of which all is written."""
    mine = sa.and_(relations.c.kind == int(key[0]), relations.c.related == key[1], links.c.server == server)
    joined = sa.join(relations, links, links.c.scene == relations.c.scene)
    decided = sa.exists().where(decisions.c.server == server, decisions.c.scene == relations.c.scene)
    best = (decided, relations.c.scene)
    return conn.scalar(sa.select(relations.c.scene).select_from(joined).where(mine).order_by(*best).limit(1))


def _meet(conn: Connection, met: Mapping[Key, Sequence[Related]]) -> None:
    """Of what was never met, keep what the scenes tell. What they tell otherwise than it is known is doubtful.

    One of them may have been read before the others were put, and be the last to be noted.
    """
    held = known(conn, met)
    rows: list[Known] = []
    for key, told in met.items():
        first = next((one for one in told if one.facts), told[0])
        row = held.get(key) or Known.of(first)
        if any(one.name != row.name or (one.facts and one.facts != row.facts) for one in told):
            row = replace(row, facts="")
        if row != held.get(key):
            rows.append(row)
    keep(conn, rows)


def _row(row: Known) -> dict[str, Any]:
    # Twenty times as quick as `asdict`, and a first walk makes tens of thousands of them.
    return {
        "kind": int(row.kind),
        "id": row.id,
        "name": row.name,
        "facts": row.facts,
        "updated_at": row.updated_at,
    }


def _drop(conn: Connection, keys: Iterable[Key], scene: int) -> None:
    rows = [{"of_kind": int(kind), "of_related": number, "of_scene": scene} for kind, number in keys]
    if rows:
        conn.execute(_UNLINK, rows)


def _keys(text: str) -> set[Key]:
    parts = (one.partition(".") for one in text.split())
    return {(RelatedKind(int(kind)), int(number)) for kind, _, number in parts}


def _by_kind(keys: Iterable[Key]) -> dict[RelatedKind, list[int]]:
    found: dict[RelatedKind, list[int]] = defaultdict(list)
    for kind, number in keys:
        found[kind].append(number)
    return found
