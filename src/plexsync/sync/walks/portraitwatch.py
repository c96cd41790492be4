"""Finds in a walk the people whose pictures differ: scenes that are in step otherwise say nothing of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from plexsync.art.addresses import Addresses
from plexsync.art.sources import PictureKind
from plexsync.model.compare import text_key
from plexsync.model.pictures import Recipe
from plexsync.model.rules import RuleBook, Shown
from plexsync.model.scene import Scene
from plexsync.store import pictures, portraits
from plexsync.store.database import Connection
from plexsync.store.portraits import PortraitRow
from plexsync.sync.causes import GAP, PICTURE


@dataclass(slots=True, kw_only=True)
class PortraitWatch:
    """One scene is put for each person, once in a walk."""

    addresses: Addresses
    recipe: Recipe
    rules: RuleBook
    _told: set[tuple[str, str]] = field(default_factory=set)

    def begin(self) -> None:
        """A walk begins."""
        self._told.clear()

    def restless(self, connection: Connection, server: str, scenes: Sequence[Scene]) -> dict[int, str]:
        """Those of the scenes, all of them in step, that somebody's picture is to be looked at for, and why."""
        shown = {scene.id: list(self._shown(scene)) for scene in scenes}
        cast = [one for people in shown.values() for one in people]
        held = portraits.rows(connection, server, {text_key(one.person.name) for one in cast})
        ids = {one.performer.id for one in cast}
        checked = pictures.of_each(connection, PictureKind.PERFORMER, ids, self.recipe.name)
        found: dict[int, str] = {}
        for scene, people in shown.items():
            for one in people:
                key = text_key(one.person.name)
                picture = checked.get(one.performer.id)
                why = self._why(one, held.get(key), picture.checked_for if picture is not None else None)
                if why and (server, key) not in self._told:
                    self._told.add((server, key))
                    found[scene] = PICTURE if PICTURE in (why, found.get(scene)) else why
        return found

    def _shown(self, scene: Scene) -> Iterator[Shown]:
        """By the rules of any library; those that call somebody alike count once."""
        met: set[tuple[int, str]] = set()
        for rules in self.rules:
            for one in rules.people.shown(scene.performers):
                if (known := (one.performer.id, text_key(one.person.name))) not in met:
                    met.add(known)
                    yield one

    def _why(self, one: Shown, row: PortraitRow | None, checked_for: str | None) -> str:
        mine = row is not None and row.performer == one.performer.id
        if not one.performer.picture:
            return PICTURE if mine else ""
        if row is None or row.performer is None or not row.looked_at:
            return GAP
        if not mine:
            return ""
        if checked_for is not None and checked_for != one.performer.picture:
            return PICTURE
        moved = row.intended is not None and not row.intended.startswith(f"{self.addresses.base}/")
        return GAP if moved else ""
