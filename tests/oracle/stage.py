"""The table of fields on a stage: one scene for each cell, all of them synced together."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plexapi.server import PlexServer

from oracle.expectations import HAPPENINGS, Cell, Happening
from oracle.rows import BARE, ROWS, RULES, Row, drawn
from plexsync.config.settings import OWNER, SWITCH
from plexsync.model.fields import FIELDS, Field
from world import FastClock, World, until, world

TOKEN = "sim-plex-token"
HEADERS = {"X-Plex-Token": TOKEN}
#: Real seconds until hundreds of scenes are in step, on the slowest machine.
PATIENCE = 1200.0
#: Marks that only say which way a text runs.
DIRECTIONS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
#: A summary of 10,000 characters does not fit into the longest line that some servers take.
AT_LEAST_OF_A_SUMMARY = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cell's scene and item, and what it begins with."""

    cell: Cell
    scene: int
    key: str
    title: str

    @property
    def row(self) -> Row:
        return ROWS[self.cell.field]

    @property
    def happening(self) -> Happening:
        return HAPPENINGS[self.cell.happening]


def owned(owner: str) -> dict[str, str]:
    """The settings by which all fields are decided so."""
    return dict.fromkeys(OWNER.values(), owner)


def switched_off() -> dict[str, str]:
    """The settings by which no field is written."""
    return dict.fromkeys(SWITCH.values(), "false")


def every_field() -> str:
    """A setting that names every field."""
    return ", ".join(field.value for field in Field)


@dataclass(slots=True, kw_only=True)
class Stage:
    """The two simulators, furnished for the cells."""

    world: World
    places: Sequence[Place]

    async def furnish(self) -> None:
        """As it is before us: each scene gives its first value, each item holds what people put there."""
        for place in self.places:
            await self._scene(place, place.happening.first, bare=True)
            await self._by_hand(place, place.happening.before, locked=place.happening.locked)

    async def happen(self) -> None:
        """What happens after the first sync."""
        for place in self.places:
            happening = place.happening
            if happening.by_hand == "refresh":
                await self.edit(place, {"locks": {place.row.name: False}})
                address = f"{self.world.plex.url}/library/metadata/{place.key}/refresh"
                (await self.world.http.put(address, headers=HEADERS)).raise_for_status()
            elif happening.by_hand:
                await self._by_hand(place, happening.by_hand, locked=True, again=True)
            if happening.second:
                await self._scene(place, happening.second)

    async def _scene(self, place: Place, word: str, *, bare: bool = False) -> None:
        gives = place.row.stash(place.row.given(word))
        content = {"id": place.scene, **(BARE if bare else {}), **gives}
        if bare and "studio" in gives:
            del content["studio_id"]
        answer = await self.world.http.post(f"{self.world.stash.url}/_sim/silent", json=content)
        assert answer.status_code == 200, answer.text

    async def _by_hand(self, place: Place, word: str, *, locked: bool, again: bool = False) -> None:
        row = place.row
        if row.is_picture:
            await self._picture_by_hand(place, word, locked=locked, taken_off=again and word == "none")
        elif word == "theirs" or row.field is not Field.TITLE:
            await self.edit(place, {**row.plex(row.shown(word)), "lock": locked and FIELDS[row.field].lockable})

    async def _picture_by_hand(self, place: Place, word: str, *, locked: bool, taken_off: bool) -> None:
        address = f"{self.world.plex.url}/library/metadata/{place.key}"
        if word == "theirs":
            listing = "posters" if place.cell.field is Field.POSTER else "arts"
            answer = await self.world.http.post(f"{address}/{listing}", content=drawn("PNG", 240), headers=HEADERS)
            answer.raise_for_status()
        elif taken_off:
            (await self.world.http.delete(f"{address}/{place.row.name}", headers=HEADERS)).raise_for_status()
        await self.edit(place, {"locks": {place.row.name: locked}})

    async def edit(self, place: Place, values: Mapping[str, Any]) -> None:
        """A person writes values and locks in Plex."""
        answer = await self.world.http.put(f"{self.world.plex.url}/_sim/items/{place.key}", json=dict(values))
        assert answer.status_code == 200, answer.text

    @asynccontextmanager
    async def synced(self, settings: Mapping[str, Any]) -> AsyncIterator[None]:
        """The first sync; what happens in the block; the second one; and a third, which must find nothing to do."""
        scenes = [place.scene for place in self.places]
        async with self.world.running(rules=json.dumps(RULES), **settings) as service:
            await until(service.quiet, patience=PATIENCE, every=0.05)
            yield
            await service.sync_scenes(scenes)
            await until(service.quiet, patience=PATIENCE, every=0.05)
            await self.world.forget_requests()
            await service.sync_scenes(scenes)
            await until(service.quiet, patience=PATIENCE, every=0.05)
            counts = await self.world.plex_counts()
            assert (counts["writes"], counts["uploads"]) == (0, 0), "a sync with nothing to do writes nothing"

    def judged(self, switches: Mapping[str, Any]) -> list[str]:
        """What an independent client reads otherwise than the table says, in words."""
        connect: Any = PlexServer
        judge = connect(self.world.plex.url, TOKEN)
        try:
            return [line for place in self.places for line in wrong(place, judge.fetchItem(int(place.key)), switches)]
        finally:
            judge._session.close()


def wrong(place: Place, item: Any, switches: Mapping[str, Any]) -> list[str]:
    """One line for a value that is not the expected one, and one for a lock."""
    word, row = place.cell.word, place.row
    found, wanted = row.read(item), expected(place, switches)
    lines = []
    if not same(place, found, wanted, switches):
        lines.append(f"{place.cell}: Plex shows {short(found)}, not {short(wanted)} ({word})")
    locked = row.name in {one.name for one in item.fields if one.locked}
    if locked is not (FIELDS[row.field].lockable and is_locked(place)):
        lines.append(f"{place.cell}: {'locked' if locked else 'not locked'} ({word})")
    return lines


def expected(place: Place, switches: Mapping[str, Any]) -> Any:
    """The value for the cell's word, where Plex keeps its order or writes names its own way in that form."""
    word, row = place.cell.word, place.row
    if word == "start":
        return place.title
    if word == "turned" and switches["tag_mode"] == "additive" and not switches["tags_move"]:
        word = "three"
    parts = [row.shown(part) for part in word.removesuffix("!").removesuffix("/open").split("+")]
    value = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    if row.field is Field.LABELS and switches["labels_capitalized"]:
        return tuple(name[:1].upper() + name[1:] for name in value)
    return value


def same(place: Place, found: Any, wanted: Any, switches: Mapping[str, Any]) -> bool:
    """Whether that is it. The order of labels and collections is nobody's, marks of direction are not seen."""
    if place.cell.field is Field.SUMMARY and place.cell.word == "long" and switches["url_limit"] is not None:
        start = found.removesuffix("…")
        return start != found and len(start) > AT_LEAST_OF_A_SUMMARY and bool(wanted.startswith(start))
    if FIELDS[place.cell.field].shared:
        return sorted(map(bare, found)) == sorted(wanted)
    if isinstance(found, tuple):
        found = tuple(map(bare, found))
    return bool((bare(found) if isinstance(found, str) else found) == wanted)


def bare(text: str) -> str:
    """A text without the marks that say which way it runs."""
    return text.translate(DIRECTIONS)


def is_locked(place: Place) -> bool:
    """Whether the field is to be locked: by what we wrote, or by a person."""
    match place.cell.word:
        case "start" | "a/open":
            return False
        case "theirs":
            return place.happening.locked or place.happening.by_hand == "theirs"
        case _:
            return True


def short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 160 else f"{text[:80]} ... {text[-60:]} ({len(text)} characters)"


@asynccontextmanager
async def stage(folder: Path, cells: Sequence[Cell], switches: Mapping[str, Any]) -> AsyncIterator[Stage]:
    """A scene for each cell, furnished, in a Plex with these switches."""
    async with world(folder, scenes=len(cells)) as made:
        made.clock = FastClock(60)
        await made.switches(**switches)
        items = await made.items()
        scenes = (await made.http.get(f"{made.stash.url}/_sim/scenes?covers=0")).json()
        places = []
        for cell, scene in zip(cells, scenes, strict=True):
            item = items[scene["paths"][0].replace("/data", "/plex/media", 1)]
            places.append(Place(cell=cell, scene=scene["id"], key=item["ratingKey"], title=item["title"]))
        found = Stage(world=made, places=places)
        await found.furnish()
        yield found
