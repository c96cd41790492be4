"""How PostgreSQL finds rows: by index at any backlog, with statistics and before it has any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bench.cluster import Cluster

from plexsync.model.work import Lane, Outcome, Put, Verdict
from plexsync.store import jobs
from plexsync.store.database import Connection, Database
from postgres import fresh_database
from store.lookups import LOOK_UPS, statements_of

ROWS = 100_000
FAR = 300.0
_FILL = f"""
    INSERT INTO jobs (server, scene, lane, reasons, generation, state, due_at, attempts, long_attempts, queued_at)
    SELECT 'plex', scene, 2, '["walk"]', scene, 'ready', {FAR}, '[]', 0, {FAR} FROM generate_series(0, {ROWS - 1}) scene
"""


@pytest.fixture(scope="module", params=["before statistics", "with statistics"])
def crowded(request: pytest.FixtureRequest, postgres_server: Cluster) -> Iterator[Database]:
    """A queue of 100,000 jobs that all wait for their back-off."""
    with fresh_database(postgres_server) as url:
        with postgres_server.ruling(url.rsplit("/", 1)[1]) as ruling:
            ruling.execute(_FILL)
            if request.param == "with statistics":
                ruling.execute("ANALYZE")
        database = Database.open(url)
        yield database
        database.close()


def plans(conn: Connection, work: Callable[[], Any]) -> list[str]:
    """How PostgreSQL goes about each statement of that work, one text for each."""
    return [
        "\n".join(row[0] for row in conn.exec_driver_sql(f"EXPLAIN {statement}", one))
        for statement, parameters in statements_of(conn, work)
        for one in (parameters[:1] if isinstance(parameters, list) else [parameters])
    ]


def test_an_idle_poll_and_a_claim_never_read_all_jobs_nor_sort_them(crowded: Database) -> None:
    def work(conn: Connection) -> None:
        assert jobs.claim(conn, server="plex", lanes=list(Lane), limit=10, now=0.0, token="t") == []
        assert jobs.next_due(conn, "plex", list(Lane)) == FAR
        taken = jobs.claim(conn, server="plex", lanes=list(Lane), limit=3, now=FAR, token="t")
        assert jobs.finish(conn, taken[0], Outcome(verdict=Verdict.DONE), FAR)
        assert jobs.finish(conn, taken[1], Outcome(verdict=Verdict.RETRY, due_at=FAR), FAR)
        jobs.put(conn, [Put(server="plex", scene=n, lane=Lane.CHANGE, reason="hook") for n in (1, ROWS)], FAR)

    with crowded.transaction() as conn:
        found = plans(conn, lambda: work(conn))
        conn.rollback()
    assert len(found) > 15
    assert [plan for plan in found if "Seq Scan on jobs" in plan or "Sort" in plan] == []
    assert sum("ix_jobs_ready" in plan for plan in found) >= 12


@pytest.mark.parametrize("work", LOOK_UPS.values(), ids=LOOK_UPS)
def test_every_look_up_has_an_index_to_go_by(crowded: Database, work: Callable[[Connection], Any]) -> None:
    """Even where so few rows are there that reading all of them is cheaper."""
    with crowded.transaction() as conn:
        conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = plans(conn, lambda: work(conn))
        conn.rollback()
    assert found
    assert [plan for plan in found if "Seq Scan" in plan] == []
