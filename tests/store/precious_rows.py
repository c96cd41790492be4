"""A store with something in every table that a backup keeps, and what is in it for comparison."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from plexsync.model.fields import Field, Value
from plexsync.model.gaps import Scope
from plexsync.model.item import Person
from plexsync.model.work import Lane, Put
from plexsync.store import (
    gapruns,
    history,
    jobs,
    ledger,
    outages,
    owner,
    pictures,
    pins,
    portraits,
    precious,
    preferences,
)
from plexsync.store.database import Connection, Database
from plexsync.store.dead import DeadLetter, bury
from plexsync.store.engines import engine_for
from plexsync.store.outages import OutageKind
from plexsync.store.pictures import Picture
from plexsync.store.pins import PinnedBy
from plexsync.store.portraits import PortraitRow
from plexsync.store.schema import metadata

INTENTS: list[tuple[Field, Value, Value]] = [
    (Field.TITLE, "Ünïcode “quotes” \u2028 line", "New\ntitle\ufffd"),
    (Field.YEAR, 2001, None),
    (Field.RATING, 7.300000000000001, 8.0),
    (Field.GENRES, ("a", "b"), ()),
    (Field.ACTORS, (Person(name="A", role="x"), Person(name="B")), (Person(name="C", role=""),)),
    (Field.SUMMARY, None, ""),
]


def fill(database: Database, items: int = 3) -> None:
    """Rows in every precious table, and some in others."""
    with database.transaction() as conn:
        for number in range(items):
            path = f"/media/{number:05}.mkv"
            unknown = {Field.YEAR} if number % 2 else set()
            ledger.intend(conn, "plex", path, number, INTENTS, 1.5, unknown, {Field.TITLE} if number else None)
            pins.pin(conn, "plex", path, [Field.TITLE, Field.LABELS], PinnedBy.UNDO, 1.75)
            ledger.confirm(conn, "plex", path, {Field.TITLE: ("New title", True)}, 2.25)
            history.record(conn, "daemon 1", "plex", number, path, number, INTENTS, "new", 3.5)
            pictures.note_upload(conn, "plex", number, Field.POSTER, f"sha{number}", f"upload://{number}", 4.0)
            pictures.put(conn, [_picture(number)])
            bury(conn, _letter(number))
        portraits.put(conn, [PortraitRow(server="plex", name_key="ä", name="Ä", performer=3, before="", intended="x")])
        preferences.put(conn, "setting:log_level", "debug")
        preferences.put(conn, "first contact:plex:1", "live")
        preferences.put(conn, "plugin settings", {"stashUrl": "http://stash:9999", "n": 1.5, "none": None})
        preferences.put(conn, "listed:plex", {"1": "5/6/7"})
        preferences.put(conn, "sections:plex", [])
        preferences.put(conn, "index run:plex", 7)
        jobs.put(conn, [Put(server="plex", scene=1, lane=Lane.CHANGE, reason="hook")], 1.0)
        for _ in range(4):
            epoch = owner.take(conn, "plex:plex", "somebody")
        owner.free(conn, "plex:plex", epoch, 20.0)
        outages.began(conn, "stash", OutageKind.AWAY, "refused", 1.0, 2.0)
        gapruns.ask(conn, Scope.WEEK, "you", report_only=True, now=5.5)


def held(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All precious rows by table, as plain values; of owners only what goes on."""
    with database.transaction() as conn:
        return {name: _rows(conn, name) for name in precious.TABLES}


def _rows(conn: Connection, name: str) -> list[tuple[Any, ...]]:
    table = metadata.tables[name]
    columns = [table.c.server, table.c.epoch] if name == "owners" else list(table.c)
    found = conn.execute(sa.select(*columns).order_by(*table.primary_key)).all()
    return [tuple(row) for row in found if name != "preferences" or precious.keeps(row.name)]


def _picture(number: int) -> Picture:
    return Picture(
        kind="scene",
        id=number,
        recipe="r",
        etag='"e"',
        sha1=f"sha{number}",
        size=1000 + number,
        checked_for="2026",
        checked_at=5.0,
    )


def _letter(number: int) -> DeadLetter:
    return DeadLetter(
        server="plex",
        scene=number,
        error="PlexPermanentError",
        failure=None,
        context={"title": "Ü"},
        reasons=("hook",),
        attempts=3,
        digest=None,
        first_failed_at=6.0,
        died_at=7.0,
    )


def older(url: str) -> None:
    """Tables as the first version had them, with a row in two of them."""
    engine = engine_for(url)
    config = Config()
    config.set_main_option("script_location", "plexsync.store:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as conn:
        for name in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public") if conn.dialect.name != "sqlite" else ():
            conn.execute(sa.text(name))
        config.attributes["connection"] = conn
        command.upgrade(config, "0001")
        _row(conn, "ledger", server="plex", path="p", field="title", rating_key=1, before='"old"', is_confirmed=True)
    engine.dispose()


def _row(conn: Connection, name: str, **values: object) -> None:
    table = sa.Table(name, sa.MetaData(), autoload_with=conn)
    conn.execute(sa.insert(table).values(tries=0, intended_at=1.0, intended='"new"', **values))
