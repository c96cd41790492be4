"""Work that a person drops from the queue, so that it is only the work that is forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.work import Lane
from plexsync.store import jobs, queue
from plexsync.store.puts import WORKING
from plexsync.store.schema import in_step
from plexsync.store.schema import jobs as table


def clear(conn: Connection, lane: Lane | None = None) -> int:
    """Drop what waits on every server, or in one lane; what is being worked on goes on. How many jobs there were.

    Their scenes no longer count as in step: a job may stand for a difference that nothing else remembers, as a new
    picture or a second item, and a full walk finds whatever is not in step.
    """
    waiting = sa.exists().where(
        table.c.server == in_step.c.server, table.c.scene == in_step.c.scene, table.c.state != WORKING
    )
    if lane is not None:
        waiting = waiting.where(table.c.lane == int(lane))
    conn.execute(sa.delete(in_step).where(waiting))
    return sum(jobs.clear(conn, server, lane) for server in queue.servers(conn))
