"""What is to be undone: one row per server and scene, carried out when the scene's job is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Lane, Put
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.puts import draw, put
from plexsync.store.schema import undos

#: The reason of a job that an undo was put for, and of one whose scene or file is gone from Stash.
REASON = "undo"
GONE = "gone from Stash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """`paths` are the files whose items are meant, `of_run` the run that alone is undone ("" for all there is).

    `pins`: what was restored is pinned. `number` tells one wish from a later one for the same scene, and names the
    run that carries it out. Where nobody asked, but Stash lost the scene or some of its files, `lost` tells for each
    path in Plex the one in Stash, and the rule of each library says what is done; `title` is what the scene was called.
    """

    server: str
    scene: int
    paths: tuple[str, ...]
    of_run: str = ""
    pins: bool = True
    number: int = 0
    lost: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    @property
    def by_rule(self) -> bool:
        """Whether nobody asked for it."""
        return bool(self.lost)

    @property
    def reason(self) -> str:
        """Why what it writes is written, as the history tells it."""
        return GONE if self.by_rule else REASON

    @property
    def run(self) -> str:
        """The run's id in the history."""
        return f"{'gone' if self.by_rule else 'undo'}-{self.number}"


def ask(conn: Connection, wanted: Sequence[Undo], now: float) -> str:
    """Keep the wishes and put their jobs in front of everything else; the id of the run that they make up together.

    A scene that has such a wish already is undone at both's paths, as the later one says.
    """
    number = draw(conn, 1)[0]
    for some in batches(wanted):
        held = {
            (one.server, one.scene): one.paths
            for server in sorted({one.server for one in some})
            for one in waiting(conn, server, [one.scene for one in some if one.server == server]).values()
        }
        rows = [_row(one, held.get((one.server, one.scene), ()), number, now) for one in some]
        put_rows(conn, undos, rows)
        puts = [Put(server=one.server, scene=one.scene, lane=Lane.USER, reason=REASON) for one in some]
        put(conn, puts, now)
    return f"undo-{number}"


def lose(conn: Connection, undo: Undo, lane: Lane, now: float) -> bool:
    """Keep that Stash lost what `undo` tells, beside what it lost of the scene before, and put its job.

    False, and nothing is kept, where a person's wish for the scene waits already.
    """
    held = waiting(conn, undo.server, [undo.scene]).get(undo.scene)
    if held is not None and not held.by_rule:
        return False
    earlier = held.lost if held is not None else {}
    lost = {**earlier, **undo.lost}
    both = replace(undo, lost=lost, paths=tuple(lost), pins=False)
    put_rows(conn, undos, [_row(both, (), draw(conn, 1)[0], now)])
    put(conn, [Put(server=undo.server, scene=undo.scene, lane=lane, reason=GONE)], now)
    return True


def leave(conn: Connection, server: str, scenes: Iterable[int]) -> int:
    """What Stash lost of these scenes stays as it is in Plex; of how many that was not so."""
    mine = [one for one in waiting(conn, server, scenes).values() if one.by_rule]
    return sum(end(conn, one) for one in mine)


def leave_all(conn: Connection) -> None:
    """The numbers of scenes mean others: what was lost by the old ones stays as it is in Plex."""
    for row in conn.execute(sa.select(undos)).all():
        if _undo(row).by_rule:
            end(conn, _undo(row))


def lost(conn: Connection, server: str) -> list[int]:
    """The scenes of which Stash lost something, and for which that was not carried out yet."""
    rows = conn.execute(sa.select(undos).where(undos.c.server == server).order_by(undos.c.scene))
    return [row.scene for row in rows if _undo(row).by_rule]


def waiting(conn: Connection, server: str, scenes: Iterable[int]) -> dict[int, Undo]:
    """What is to be undone of these scenes."""
    found: dict[int, Undo] = {}
    for some in batches(scenes):
        statement = sa.select(undos).where(undos.c.server == server, undos.c.scene.in_(some))
        found |= {row.scene: _undo(row) for row in conn.execute(statement)}
    return found


def end(conn: Connection, undo: Undo) -> bool:
    """It was carried out; False when another wish for the scene has come since, which stays."""
    mine = sa.and_(undos.c.server == undo.server, undos.c.scene == undo.scene, undos.c.number == undo.number)
    return bool(conn.execute(sa.delete(undos).where(mine)).rowcount)


def count(conn: Connection, server: str) -> int:
    """How many scenes still are to be undone."""
    return conn.scalar(sa.select(sa.func.count()).select_from(undos).where(undos.c.server == server)) or 0


def _row(undo: Undo, more: Sequence[str], number: int, now: float) -> dict[str, Any]:
    what: dict[str, Any] = {"paths": sorted({*undo.paths, *more}), "of_run": undo.of_run, "pins": undo.pins}
    if undo.by_rule:
        what |= {"lost": dict(undo.lost), "title": undo.title}
    return {"server": undo.server, "scene": undo.scene, "number": number, "what": what, "asked_at": now}


def _undo(row: sa.Row[Any]) -> Undo:
    return Undo(
        server=row.server,
        scene=row.scene,
        paths=tuple(row.what["paths"]),
        of_run=row.what["of_run"],
        pins=row.what["pins"],
        number=row.number,
        lost=row.what.get("lost", {}),
        title=row.what.get("title", ""),
    )
