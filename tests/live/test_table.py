"""Each way in which a real Stash changes, with the plugin and without it: Plex is right within the time of that way."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx2
import pytest
import pytest_asyncio

from live.conftest import remove_plugin
from live.figures import show
from live.ground import PLEX_ROOT, Ground, Means, Row
from live.house import RUN
from live.rows import ROWS, rules
from live.server import Stash
from plexsync.pluginfiles import install
from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import Serving, serving
from plexsync.store import queue
from plexsync.sync.service import Service
from plexsync.sync.walks.windows import WINDOWS
from world import FastClock, World, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Seconds: between two looks without the plugin and with it, and after which all names are looked at.
POLL, SELDOM, FIVE_MINUTES = 5, 240, 331
#: Seconds that a hook may take until Plex holds the change, and what is given to a slow machine.
SOON, PATIENCE, LONG = 2.0, 20.0, 120.0
SCRAPER = """name: PlexSyncLive
sceneByFragment:
  action: script
  script: [python3, PlexSyncLive.py]
"""
SCRIPT = "import json, sys\nprint(json.dumps({'title': 'Identified ' + json.load(sys.stdin)['title']}))\n"
ANSWERS = {"yml": SCRAPER, "py": SCRIPT}


@dataclass(frozen=True, slots=True)
class Standing:
    """A server that runs already."""

    url: str


@dataclass(slots=True, kw_only=True, repr=False)
class Table:
    """One PlexSync at work, the ground of each row, and what was measured."""

    place: World
    service: Service
    grounds: dict[str, Ground]
    hooks: bool
    found: list[str] = field(default_factory=list)

    async def arrives(self, row: Row) -> tuple[Means, float]:
        """Make the change; by what it was found, and the seconds until Plex was right."""
        ground = self.grounds[row.name]
        await asyncio.to_thread(row.change, ground)
        if row.beside is not None:
            await row.beside(ground)
        began = time.monotonic()
        for means, way in self._ways().items():
            if await way(row):
                return means, time.monotonic() - began
        item, why = await ground.item(), await ground.why()
        raise AssertionError(f"{row.name}: Plex holds {item}; PlexSync says {why}")

    def _ways(self) -> dict[Means, Callable[[Row], Awaitable[bool]]]:
        waits: dict[Means, Callable[[Row], Awaitable[bool]]]
        waits = {Means.HOOK: self._hook, Means.LOOK: self._leapt} if self.hooks else {Means.LOOK: self._look}
        return waits | {Means.NAMES: self._names, Means.WALK: self._walk}

    async def _hook(self, row: Row) -> bool:
        return await self._soon(row, PATIENCE if row.hooked is Means.HOOK else SOON)

    async def _look(self, row: Row) -> bool:
        return await self._soon(row, PATIENCE if row.unhooked is Means.LOOK else POLL + SOON)

    async def _leapt(self, row: Row) -> bool:
        await self.pass_time(SELDOM + 1)
        return await row.right(self.grounds[row.name])

    async def _names(self, row: Row) -> bool:
        await self.pass_time(FIVE_MINUTES)
        return await row.right(self.grounds[row.name])

    async def _walk(self, row: Row) -> bool:
        await self.service.sync_all()
        await at_rest(self.service)
        return await row.right(self.grounds[row.name])

    async def _soon(self, row: Row, seconds: float) -> bool:
        """Whether Plex is right within so many seconds."""
        try:
            return bool(await until(lambda: row.right(self.grounds[row.name]), patience=seconds, every=0.05))
        except AssertionError:
            return False

    async def pass_time(self, seconds: float) -> None:
        """Let so much time pass, and what was found then be done."""
        entry = self.service.timetable.entries[WINDOWS]
        enough = entry.runs + 1 + entry.under_way
        self.place.clock.leap(seconds)

        async def over() -> bool:
            return entry.runs >= enough and not entry.under_way and await self.service.quiet()

        await until(over, patience=LONG)


async def at_rest(service: Service) -> None:
    """Wait until nothing is due or under way."""
    try:
        await until(service.quiet, patience=LONG)
    except AssertionError as error:
        rows = await service.database.run(lambda c: queue.listing(c, limit=20))
        pending = [name for name, entry in service.entries.items() if entry.pending]
        raise AssertionError(f"{pending} {rows} {await service.status()}") from error


@pytest.fixture(scope="module")
def folder(stash: Stash, media: Path) -> Iterator[Path]:
    """A folder below Stash's media that is empty before and after."""
    made = media / f"Table {RUN}"
    made.mkdir()
    yield made
    gone = [one["id"] for one in stash.scenes() if one["files"][0]["path"].startswith(f"{made}/")]
    stash.ask("mutation($ids: [ID!]!) { scenesDestroy(input: {ids: $ids}) }", ids=gone)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def scraper(stash: Stash) -> Iterator[None]:
    """What identify asks."""
    told = stash.ask("query { configuration { general { scrapersPath } } }")["configuration"]["general"]
    files = {Path(told["scrapersPath"]) / f"PlexSyncLive.{kind}": text for kind, text in ANSWERS.items()}
    for file, text in files.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    stash.ask("mutation { reloadScrapers }")
    yield
    for file in files:
        file.unlink()
    stash.ask("mutation { reloadScrapers }")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[True, False], ids=["told", "untold"])
async def table(
    request: pytest.FixtureRequest,
    stash: Stash,
    plugins: Path,
    folder: Path,
    scraper: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Table]:
    hooks = bool(request.param)
    remove_plugin(stash, plugins)
    rows = chosen(request.session.items)
    async with furnished(tmp_path_factory.mktemp("table"), stash, rows, folder / ("Told" if hooks else "Untold")) as (
        place,
        grounds,
    ):
        spool = install(plugins) if hooks else None
        stash.ask("mutation { reloadPlugins }")
        if spool is not None:
            place.settings["PLEXSYNC_SPOOL_FOLDERS"] = str(spool)
        try:
            async with place.running(stash_poll=str(SELDOM if hooks else POLL)) as service:
                await at_rest(service)
                for ground in grounds.values():
                    ground.service = service
                table = Table(place=place, service=service, grounds=grounds, hooks=hooks)
                # What was touched within the last seconds before the start is looked at once more.
                await table.pass_time(SELDOM)
                yield table
                show("\n  [live] ".join(table.found))
        finally:
            remove_plugin(stash, plugins)


def chosen(items: Sequence[pytest.Item]) -> list[Row]:
    """The rows that are tested in this run."""
    told = [getattr(item, "callspec", None) for item in items]
    names = {one.params["row"].name for one in told if one is not None and "row" in one.params}
    return [row for row in ROWS if row.name in names]


@asynccontextmanager
async def furnished(
    folder: Path, stash: Stash, rows: Sequence[Row], media: Path
) -> AsyncIterator[tuple[World, dict[str, Ground]]]:
    """The ground of every row, in Stash and in Plex."""
    root = str(media.parent.parent)
    with serving(create_app(PlexOptions(items=0, prefix=PLEX_ROOT))) as plex:
        async with httpx2.AsyncClient(timeout=60, verify=False, trust_env=False) as http:
            grounds = {
                row.name: Ground(
                    mark=f"{media.name} {number} {RUN}",
                    stash=stash,
                    plex=plex.url,
                    http=http,
                    media=root,
                    folder=media / f"{number}" / "in",
                )
                for number, row in enumerate(rows)
            }
            await asyncio.to_thread(films, grounds, stash, rows, media)
            for row in rows:
                ground = grounds[row.name]
                # Plex has the second file of the first scene in any case; Stash may find it later.
                for file in {*ground.folder.iterdir(), ground.file(second=True)}:
                    await ground.add_to_plex(file)
            for scene in stash.scenes():
                for file in scene["files"]:
                    if not file["path"].startswith(f"{media}/"):
                        await next(iter(grounds.values())).add_to_plex(file["path"])
            settings = {
                "PLEXSYNC_PATH_RULES": f"{PLEX_ROOT} => {root}",
                "PLEXSYNC_FULL_WALK_HOURS": "720",
                "PLEXSYNC_URL_FROM_PLEX": "http://plexsync.lan:9797",
                "PLEXSYNC_RULES": rules([ground.mark for ground in grounds.values()]),
            }
            yield (
                World(
                    folder=folder,
                    stash=cast(Serving, Standing(stash.url)),
                    plex=plex,
                    http=http,
                    settings=settings,
                    clock=FastClock(1),
                ),
                grounds,
            )


def films(grounds: dict[str, Ground], stash: Stash, rows: Sequence[Row], media: Path) -> None:
    """Files on the disk, and what Stash makes of them, before anything listens."""
    sample = Path(stash.scenes()[0]["files"][0]["path"]).read_bytes()
    for row in rows:
        grounds[row.name].films(row.scenes, seconds=row.seconds, sample=sample)
    stash.scan(str(media), covers=False)
    found = stash.scenes()
    for row in rows:
        grounds[row.name].furnish(found)
        if row.prepare is not None:
            row.prepare(grounds[row.name])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_plex_is_right_by_the_time_of_that_way(table: Table, row: Row) -> None:
    wanted = row.hooked if table.hooks else row.unhooked
    means, seconds = await table.arrives(row)
    table.found.append(
        f"{'with' if table.hooks else 'without'} hooks: {row.name}: {means.name.lower()}, {seconds:.2f} s"
    )
    assert means <= wanted
    if means is Means.HOOK:
        assert seconds < SOON


async def test_what_plex_has_no_place_for_costs_no_write(table: Table, stash: Stash) -> None:
    before = await table.place.plex_counts()
    await asyncio.to_thread(use, stash)
    await table.pass_time(SELDOM)
    await table.pass_time(FIVE_MINUTES)
    await table.service.sync_all()
    await at_rest(table.service)
    after = await table.place.plex_counts()
    assert (after["writes"], after["uploads"]) == (before["writes"], before["uploads"])


def use(stash: Stash) -> None:
    """Plays, markers, galleries, generated files, and a save that changes nothing."""
    ident = stash.scenes()[0]["id"]
    for done in (
        "sceneAddPlay(id: $id) { count }",
        "sceneAddO(id: $id) { count }",
        "sceneSaveActivity(id: $id, resume_time: 1.5, playDuration: 2.0)",
        "sceneUpdate(input: {id: $id}) { id }",
    ):
        stash.ask(f"mutation($id: ID!) {{ {done} }}", id=ident)
    marker = {"title": "It begins", "seconds": 1.0, "scene_id": ident, "primary_tag_id": stash.named("tag", "night")}
    stash.ask("mutation($i: SceneMarkerCreateInput!) { sceneMarkerCreate(input: $i) { id } }", i=marker)
    gallery = {"title": f"Gallery {RUN}", "scene_ids": [ident]}
    made = stash.ask("mutation($i: GalleryCreateInput!) { made: galleryCreate(input: $i) { id } }", i=gallery)["made"]
    stash.ask("mutation($id: ID!) { galleryDestroy(input: {ids: [$id]}) }", id=made["id"])
    wanted = {"phashes": True, "sprites": True, "previews": True, "sceneIDs": [ident]}
    stash.ended(stash.ask("mutation($i: GenerateMetadataInput!) { job: metadataGenerate(input: $i) }", i=wanted)["job"])
