"""The queue at growing backlogs on a PostgreSQL server of this machine whose commits wait for the disk."""

from __future__ import annotations

from bench.cluster import USER, Cluster, NotInstalledError
from bench.queue import BACKLOGS, ours, rows_of
from bench.row import Row, row


def rows() -> list[Row]:
    """One row a measurement; one that says so where no server is installed."""
    try:
        cluster = Cluster.begun(durable=True)
    except NotInstalledError as error:
        return [row(f"queue on PostgreSQL, not measured: {error}", 0, "")]
    try:
        rates = ours({backlog: _url(cluster, backlog) for backlog in BACKLOGS})
    finally:
        cluster.remove()
    return rows_of("queue on PostgreSQL", rates, "")


def _url(cluster: Cluster, backlog: int) -> str:
    with cluster.ruling() as conn:
        conn.execute(f"CREATE DATABASE backlog_{backlog} OWNER {USER}")
    return cluster.url(f"backlog_{backlog}")
