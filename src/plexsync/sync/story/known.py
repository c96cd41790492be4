"""What the store tells of many files and items at once: hardly more statements than for one of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from plexsync.art.covers import Album
from plexsync.model.fields import Field
from plexsync.model.plan import Plan, Written
from plexsync.store import ledger, pictures, pins
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.store.pictures import SCENE, Shown, Upload

#: The fields that hold a scene's cover.
PICTURES = (Field.POSTER, Field.BACKGROUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`written` and `pinned` are by path, `uploads` and `shown` by rating key. `album` learns what is looked at."""

    written: Mapping[str, Mapping[Field, Written]]
    pinned: Mapping[str, frozenset[Field]]
    uploads: Mapping[int, Sequence[Upload]]
    shown: Mapping[int, Mapping[Field, Shown]]
    album: Album

    @classmethod
    def of(
        cls, connection: Connection, server: str, scenes: Collection[int], ties: Collection[Link], now: float
    ) -> Known:
        """Of these scenes and of the files and items that they are linked to."""
        paths = {tie.plex_path for tie in ties}
        keys = {tie.rating_key for tie in ties}
        covers = pictures.of_all(connection, SCENE, scenes)
        return cls(
            written=ledger.rows(connection, server, paths, now),
            pinned=pins.pinned(connection, server, paths),
            uploads=pictures.uploads_of(connection, server, keys),
            shown=pictures.shown_by_each(connection, server, keys),
            album={(SCENE, scene): by_recipe for scene, by_recipe in covers.items()},
        )

    def ledger_of(self, tie: Link) -> Mapping[Field, Written]:
        """What was written to a file. A picture counts only where the item itself got it: an item that came anew
        shows none of it, though its path is an old one."""
        fields = dict(self.written.get(tie.plex_path, {}))
        for name in PICTURES:
            row = fields.get(name)
            if row is not None and row.is_confirmed and not self._got(tie.rating_key, name, str(row.confirmed)):
                fields[name] = replace(row, confirmed=None, is_confirmed=False)
        return fields

    def sha1_of(self, rating_key: int, field: Field, key: str) -> str | None:
        """The picture of ours that is with the item under that key of Plex's."""
        return next((up.sha1 for up in self.uploads.get(rating_key, ()) if (up.field, up.key) == (field, key)), None)

    def growth(self, plan: Plan) -> int:
        """The bytes that Plex's folder grows by when the plan is carried out, as far as they can be told."""
        made = self.album.get((SCENE, plan.scene), {}).values()
        return sum(
            max((one.size for one in made if one.sha1 == change.after), default=0)
            for change in plan.changes
            if change.field in PICTURES and isinstance(change.after, str)
            if not self._got(plan.rating_key, change.field, change.after)
        )

    def _got(self, rating_key: int, field: Field, sha1: str) -> bool:
        return any((up.field, up.sha1) == (field, sha1) for up in self.uploads.get(rating_key, ()))
