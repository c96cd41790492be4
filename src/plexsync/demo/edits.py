"""What a user does in Stash during the show, and how long each change takes to be in Plex."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from plexsync.demo.judge import held, plex_path, wanted
from plexsync.demo.servers import Plex, Stash


class EditKind(StrEnum):
    """How an edit was made."""

    SINGLE = "single"
    BULK = "bulk"  #: several scenes in one request: Stash runs their hooks one after another before it answers
    OUTAGE = "outage"  #: while Plex was away


@dataclass(slots=True, kw_only=True)
class Edit:
    """One field of one scene; `began` when the user saved, `arrived` when Plex held it (monotonic seconds)."""

    scene: int
    field: str
    before: Any
    after: Any
    path: str
    began: float
    arrived: float | None = None
    kind: EditKind = EditKind.SINGLE

    @property
    def seconds(self) -> float | None:
        """From the click on Save to Plex; None while it is on its way."""
        return None if self.arrived is None else self.arrived - self.began


@dataclass(slots=True)
class Editing:
    """Makes edits and watches them arrive. `told` is called whenever something happened."""

    stash: Stash
    plex: Plex
    told: Callable[[Edit], None]
    edits: list[Edit] = field(default_factory=list)
    outage: bool = False  #: whether Plex is away while edits are made

    def save(self, scene: int, what: str, **values: Any) -> None:
        """Save one field of one scene."""
        self._doing([scene], what, lambda: self.stash.edit(scene, **values))

    def save_many(self, scenes: list[int], what: str, **values: Any) -> None:
        """Save one field of several scenes at once."""
        self._doing(scenes, what, lambda: self.stash.edit_many(scenes, **values))

    def of(self, kind: EditKind) -> list[Edit]:
        """The edits that were made in that way."""
        return [edit for edit in self.edits if edit.kind is kind]

    def all_arrived(self) -> bool:
        """Look at Plex; whether every edit is there."""
        waiting = [edit for edit in self.edits if edit.arrived is None]
        if waiting:
            items, now = self.plex.items(), time.monotonic()
            for edit in waiting:
                if held(items[edit.path])[edit.field] == edit.after:
                    edit.arrived = now
                    self.told(edit)
        return all(edit.arrived is not None for edit in self.edits)

    def _doing(self, scenes: list[int], what: str, save: Callable[[], None]) -> None:
        before = self._values(scenes, what)
        kind = EditKind.OUTAGE if self.outage else EditKind.BULK if len(scenes) > 1 else EditKind.SINGLE
        began = time.monotonic()
        save()
        after = self._values(scenes, what)
        for scene in scenes:
            path, value = after[scene]
            # Of two edits of one field only the last can be seen to arrive.
            self.edits = [one for one in self.edits if (one.scene, one.field, one.arrived) != (scene, what, None)]
            edit = Edit(
                scene=scene,
                field=what,
                before=before[scene][1],
                after=value,
                path=path,
                began=began,
                kind=kind,
            )
            self.edits.append(edit)
            self.told(edit)

    def _values(self, scenes: list[int], what: str) -> dict[int, tuple[str, Any]]:
        asked = set(scenes)
        return {
            scene["id"]: (plex_path(scene["paths"][0]), wanted(scene)[what])
            for scene in self.stash.scenes(covers=what == "poster")
            if scene["id"] in asked
        }
