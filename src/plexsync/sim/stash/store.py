"""Everything the simulated Stash holds, in memory and, when a folder is given, in its journal."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from plexsync.sim.stash.journal import Change, Header, Journal
from plexsync.sim.stash.pictures import Pictures
from plexsync.sim.stash.records import KINDS, Entity, Kind, Scene, stamp
from plexsync.sim.stash.refusal import Refused
from plexsync.sim.stash.seed import Seed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plexsync.sim.stash.options import StashOptions


class Store:
    """Records by kind and id. A change happens through one `commit`, whole, on disk before it is seen."""

    def __init__(self, options: StashOptions) -> None:
        self._clock = options.clock
        self._journal = Journal(options.state) if options.state else None
        self._edited: dict[tuple[str, str], Change] = {}
        self.pictures = Pictures(self._journal)
        self.settings: dict[str, dict[str, Any]] = {}  #: plugin id -> its stored settings
        self.disabled: frozenset[str] = frozenset()  #: ids of plugins that are switched off
        earlier = self._journal.header() if self._journal else None
        self._header = earlier or Header(
            scenes=options.scenes, prefix=options.prefix.rstrip("/"), started=self.now(), secret=secrets.token_hex(16)
        )
        seed = Seed(self._header.prefix, self._header.scenes, datetime.fromisoformat(self._header.started))
        seed.grow()
        self.scenes: dict[int, Scene] = seed.scenes
        self.entities: dict[Kind, dict[int, Entity]] = {
            kind: {entity.id: entity for entity in seed.entities[kind].values()} for kind in KINDS
        }
        self._last = {kind: len(self.entities[kind]) for kind in KINDS} | {
            "scene": len(seed.scenes),
            "file": len(seed.scenes),
        }
        if self._journal:
            for change in self._journal.changes() if earlier else ():
                self._apply(change)
            self._journal.start(self._header, self._edited.values())

    @property
    def secret(self) -> str:
        """The key that signs session cookies; the same after a restart."""
        return self._header.secret

    @property
    def prefix(self) -> str:
        """The root of all scene files as Stash sees it."""
        return self._header.prefix

    def now(self) -> str:
        """The present time as it is stored."""
        return stamp(self._clock())

    def new_id(self, kind: str) -> int:
        """An id that no object of this kind ever had."""
        self._last[kind] += 1
        return self._last[kind]

    def scene(self, number: int) -> Scene:
        """The scene of this id, or the refusal that Stash gives."""
        if number not in self.scenes:
            raise Refused(f"scene with id {number} not found")
        return self.scenes[number]

    def entity(self, kind: Kind, number: int) -> Entity:
        """The object of this kind and id, or the refusal that Stash gives."""
        if number not in self.entities[kind]:
            raise Refused(f"{kind} with id {number} not found")
        return self.entities[kind][number]

    def commit(
        self, *records: Scene | Entity, gone: Iterable[tuple[str, int]] = (), rest: Iterable[Change] = ()
    ) -> None:
        """Store these records and forget those gone, all or nothing."""
        changes = [_change(record) for record in records]
        changes += [Change(kind=kind, key=str(number)) for kind, number in gone]
        changes += rest
        if self._journal:
            self._journal.commit(changes)
        for change in changes:
            self._apply(change)

    def configure(self, plugin: str, values: dict[str, Any]) -> None:
        """Replace a plugin's whole map of settings."""
        self.commit(rest=[Change(kind="settings", key=plugin, value=values)])

    def disable(self, plugins: Iterable[str]) -> None:
        """Replace the list of plugins that are switched off."""
        self.commit(rest=[Change(kind="disabled", key="", value=sorted(plugins))])

    def close(self) -> None:
        """Write everything through to the disk."""
        if self._journal:
            self._journal.close()

    def _apply(self, change: Change) -> None:
        self._edited[change.kind, change.key] = change
        if change.kind == "settings":
            self.settings[change.key] = change.value
        elif change.kind == "disabled":
            self.disabled = frozenset(change.value)
        else:
            self._place(change)

    def _place(self, change: Change) -> None:
        number = int(change.key)
        self._last[change.kind] = max(self._last[change.kind], number)
        if change.kind == "scene":
            if change.value is None:
                self.scenes.pop(number, None)
                return
            scene = msgspec.convert(change.value, Scene)
            self.scenes[number] = scene
            self._last["file"] = max(self._last["file"], *(file.id for file in scene.files), 0)
        elif change.kind in self.entities:
            table = self.entities[change.kind]
            if change.value is None:
                table.pop(number, None)
            else:
                table[number] = msgspec.convert(change.value, Entity)


def _change(record: Scene | Entity) -> Change:
    kind = "scene" if isinstance(record, Scene) else record.kind
    return Change(kind=kind, key=str(record.id), value=msgspec.to_builtins(record))
