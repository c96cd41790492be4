"""How many items show a poster because we sent its bytes."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from plexsync.model.fields import Field
from plexsync.store.schema import items, uploads


def uploaded_in(conn: Connection, server: str, sections: Iterable[int]) -> int:
    """The items of these sections to which a poster was uploaded, as far as the index lists them."""
    of_item = sa.and_(items.c.server == uploads.c.server, items.c.rating_key == uploads.c.rating_key)
    mine = sa.and_(
        uploads.c.server == server, uploads.c.field == Field.POSTER.value, items.c.section.in_(list(sections))
    )
    counted = sa.select(sa.func.count(sa.distinct(uploads.c.rating_key))).select_from(uploads.join(items, of_item))
    return conn.scalar(counted.where(mine)) or 0
