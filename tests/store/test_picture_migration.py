"""What was known of pictures before they had recipes and fields is known still."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from plexsync.model.fields import Field
from plexsync.store import pictures
from plexsync.store.database import Database
from plexsync.store.engines import engine_for

COVER = {"scene": 4, "etag": '"e"', "sha1": "s1", "recipe": "old", "checked_for": "then", "checked_at": 5.0}
UPLOAD = {"server": "plex", "rating_key": 7, "sha1": "s1", "key": "upload://posters/s1", "uploaded_at": 6.0}


def before_recipes(url: str) -> None:
    """A store as it was then, with a row in both tables."""
    engine = engine_for(url)
    config = Config()
    config.set_main_option("script_location", "plexsync.store:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as conn:
        if conn.dialect.name != "sqlite":
            conn.execute(sa.text("DROP SCHEMA public CASCADE"))
            conn.execute(sa.text("CREATE SCHEMA public"))
        config.attributes["connection"] = conn
        command.upgrade(config, "0003")
        for name, row in (("covers", COVER), ("uploads", UPLOAD)):
            conn.execute(sa.insert(sa.Table(name, sa.MetaData(), autoload_with=conn)).values(row))
    engine.dispose()


def test_covers_and_uploads_are_carried_over(url: str) -> None:
    before_recipes(url)
    database = Database.open(url)
    with database.transaction() as conn:
        (kept,) = pictures.of(conn, "scene", 4).values()
        assert (kept.recipe, kept.etag, kept.sha1, kept.size) == ("old", '"e"', "s1", 0)
        assert pictures.uploaded(conn, "plex", 7, Field.POSTER, "s1") == "upload://posters/s1"
        assert pictures.uploaded(conn, "plex", 7, Field.BACKGROUND, "s1") is None
    database.close()
