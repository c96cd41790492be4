"""What is to be undone: one row per server and scene, carried out when the scene's job is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Lane, Put
from plexsync.store.batches import batches
from plexsync.store.dialect import put_rows
from plexsync.store.puts import draw, put
from plexsync.store.schema import undos

#: The reason of a job that an undo was put for.
REASON = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """`paths` are the files whose items are meant, `of_run` the run that alone is undone ("" for all there is).

    `pins`: what was restored is pinned. `number` tells one wish from a later one for the same scene, and names the
    run that carries it out.
    """

    server: str
    scene: int
    paths: tuple[str, ...]
    of_run: str = ""
    pins: bool = True
    number: int = 0

    @property
    def run(self) -> str:
        """The run's id in the history."""
        return f"undo-{self.number}"


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
    what = {"paths": sorted({*undo.paths, *more}), "of_run": undo.of_run, "pins": undo.pins}
    return {"server": undo.server, "scene": undo.scene, "number": number, "what": what, "asked_at": now}


def _undo(row: sa.Row[Any]) -> Undo:
    return Undo(
        server=row.server,
        scene=row.scene,
        paths=tuple(row.what["paths"]),
        of_run=row.what["of_run"],
        pins=row.what["pins"],
        number=row.number,
    )
