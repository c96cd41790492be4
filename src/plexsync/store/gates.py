"""Where the gate of each peer stands, so that a restart does not forget an outage."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.store.dialect import put_rows
from plexsync.store.schema import gates


def load(conn: Connection, peer: str) -> dict[str, Any] | None:
    """The facts last saved; None when there are none or they cannot be read: the gate counts as closed then."""
    text = conn.scalar(sa.select(gates.c.facts).where(gates.c.peer == peer))
    if text is None:
        return None
    try:
        facts = json.loads(text)
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def save(conn: Connection, peer: str, facts: dict[str, Any], now: float) -> None:
    """Keep the facts of a peer's gate."""
    put_rows(conn, gates, [{"peer": peer, "facts": json.dumps(facts), "saved_at": now}])
