"""What Plex waits for while it scans: twenty questions at once, beside an endpoint that only answers the same bytes."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
from bench.idle import use
from bench.many import FEW, moved
from bench.row import Row, row

from plexsync.app.folder import open_store
from plexsync.app.sources import Sources
from plexsync.demo.processes import Running, start, without_settings
from plexsync.demo.stage import PLEX_ROOT, STASH_ROOT
from plexsync.model.item import Section
from plexsync.model.provider import IDENTIFIER, guid_of
from plexsync.model.scene import Scene
from plexsync.provider.identifiers import MATCHES, METADATA
from plexsync.stash.client import StashClient
from plexsync.store import sections, seen

SIZES = (100, 1_000, 10_000, 100_000)
AT_ONCE = 20
#: Questions of a process that was just started, and of each round of one that is warm.
COLD, WARM = 200, 600
ROUNDS = 3
_PAGE = 5_000
#: What is measured, how it is called, and the milliseconds to reach.
_KINDS = (
    ("bare", "the limit, an endpoint that answers the same bytes", ""),
    ("match", "match", "< 50"),
    ("metadata", "metadata", "< 100"),
    ("kept", "metadata of what was just matched", "< 100"),
    ("cold_match", "match by a fresh process", ""),
    ("cold_metadata", "metadata by a fresh process", ""),
)
_PYTHON = [sys.executable, "-m"]
_REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """The questions of a Plex whose library holds so many scenes, each about another one while there are any."""

    base: str
    scenes: int
    models: Sequence[Scene]

    def match(self, scene: int) -> tuple[str, str]:
        """The file of the scene, by its place in the library."""
        path = scene_at(self.models, scene - 1).files[0].path.removeprefix(f"{STASH_ROOT}/")
        body = json.dumps({"type": 1, "title": "Anything", "filename": path})
        head = f"POST {self.base}{MATCHES} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}", guid_of(scene) + '"'

    def metadata(self, scene: int) -> tuple[str, str]:
        """All of the scene."""
        query = "includeChildren=1&updating=1&X-Plex-Language=en-US&X-Plex-Text-Format=markdown"
        return f"GET {self.base}{METADATA}/{scene}?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n", guid_of(scene) + '"'

    def numbers(self) -> Iterator[int]:
        """The scenes in no order, again and again."""
        return itertools.cycle(random.Random(5).sample(range(1, self.scenes + 1), self.scenes))


def scene_at(models: Sequence[Scene], place: int) -> Scene:
    """The scene at this place, counted from 0, as `bench.many` tells it."""
    model, lap = models[place % len(models)], place // len(models)
    files = tuple(replace(file, path=moved(file.path, lap, STASH_ROOT)) for file in model.files)
    return replace(model, id=place + 1, files=files)


def rows(sizes: Sequence[int] = SIZES) -> list[Row]:
    """One size after the other. Only the largest is reached for."""
    found = [measured(scenes) for scenes in sizes]
    return [one for figures in found for one in rows_of(figures, reached=figures is found[-1])]


def rows_of(figures: Mapping[str, float], *, reached: bool = True) -> list[Row]:
    """Those of one size."""
    size = f"{figures['scenes']:,.0f}"
    found = []
    for name, called, reach in _KINDS:
        bound = reach if reached else ""
        found.append(row(f"{size}: {called}, p50", figures[f"{name}_p50"], "ms"))
        found.append(row(f"{size}: {called}, p99", figures[f"{name}_p99"], "ms", bound))
        if f"{name}_ratio" in figures:
            found.append(row(f"{size}: {called}, p50 to the limit's", figures[f"{name}_ratio"], "x"))
            found.append(row(f"{size}: {called}, processor a question", figures[f"{name}_processor"], "ms"))
    return [*found, row(f"{size}: peak memory of the provider", figures["peak_megabytes"], "MB", "< 150")]


def measured(scenes: int) -> dict[str, float]:
    """Milliseconds and megabytes."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="plexsync-bench-")))
        stash = pages_of_stash(scenes, folder, ending)
        models = asyncio.run(filled(stash, scenes, folder / "data"))
        found = fresh("metadata", stash, models, scenes, folder)
        return {"scenes": scenes, **found, **fresh("match", stash, models, scenes, folder)}


def pages_of_stash(scenes: int, folder: Path, ending: ExitStack) -> str:
    """Where a Stash of so many scenes answers, which makes each answer of what a few are like."""
    few = str(min(scenes, FEW))
    origin = running("Stash", ["plexsync", "sim", "stash", "--scenes", few], folder, ending)
    return running("pages of Stash", ["bench.many", origin.url, str(scenes)], folder, ending).url


def running(name: str, words: Sequence[str], folder: Path, ending: ExitStack, **environ: str) -> Running:
    """A process of ours, until the end."""
    around = without_settings(os.environ) | {"PYTHONPATH": str(_REPOSITORY)} | environ
    process = start(name, [*_PYTHON, *words], folder, around)
    ending.callback(process.end)
    return process


def environ_of(stash: str, **more: str) -> dict[str, str]:
    """The settings of a provider for one library of a Plex that nobody asks."""
    return {
        "PLEXSYNC_STASH_URL": stash,
        "PLEXSYNC_PLEX_URL": "http://127.0.0.1:9",
        "PLEXSYNC_PLEX_TOKEN": "nobody",
        "PLEXSYNC_PATH_RULES": f"{PLEX_ROOT} => {STASH_ROOT}",
        "PLEXSYNC_PEOPLE_PICTURES": "always",
        "PLEXSYNC_PORT": "0",
        **more,
    }


async def filled(stash: str, scenes: int, data: Path) -> Sequence[Scene]:
    """A store that knows the library and every scene, as after a walk; the models of the scenes."""
    client = StashClient(stash)
    try:
        models = await client.scenes_after(0, min(scenes, FEW))
    finally:
        await client.close()
    database = open_store(Sources(environ=environ_of(stash), data_dir=data).load())
    library = Section(key=1, title="Films", type="movie", agent=IDENTIFIER, locations=(PLEX_ROOT,))
    try:
        with database.transaction() as connection:
            sections.keep(connection, "plex", [library])
            sections.keep_synced(connection, "plex", [library.key])
        for first in range(0, scenes, _PAGE):
            page = [scene_at(models, place) for place in range(first, min(first + _PAGE, scenes))]
            with database.transaction() as connection:
                seen.note(connection, page, 1.0)
    finally:
        database.close()
    return models


def fresh(first: str, stash: str, models: Sequence[Scene], scenes: int, folder: Path) -> dict[str, float]:
    """A provider that was just started: what it is asked `first`, cold; and, where that is a match, the rest, warm."""
    words = ["plexsync", "--data-dir", str(folder / "data"), "--json", "run", "--only", "provider"]
    with ExitStack() as own:
        process = running(f"provider {first}", words, folder, own, **environ_of(stash))
        secret = json.loads((folder / "data" / "identity.json").read_text(encoding="utf-8"))["provider_path"]
        questions = Questions(base=f"/provider/{secret}", scenes=scenes, models=models)
        numbers = questions.numbers()
        ask = questions.match if first == "match" else questions.metadata
        cold = asked(process.url, [ask(number) for number in itertools.islice(numbers, COLD)])
        found = {f"cold_{first}_p50": share(cold, 50), f"cold_{first}_p99": share(cold, 99)}
        if first == "match":
            found |= warm(process, questions, numbers, folder, own)
        return found | {"peak_megabytes": peak(process.process.pid)}


def warm(
    provider: Running, questions: Questions, numbers: Iterator[int], folder: Path, ending: ExitStack
) -> dict[str, float]:
    """Rounds of each kind of question, and of the bare endpoint, one after the other."""
    sample = folder / "answer.json"
    sample.write_bytes(httpx2.get(f"{provider.url}{questions.base}{METADATA}/1", trust_env=False).content)
    bare = running("bare", ["bench.bare", str(sample)], folder, ending)
    taken: dict[str, list[Taken]] = {"bare": [], "match": [], "kept": [], "metadata": []}
    for _ in range(ROUNDS):
        some, others = list(itertools.islice(numbers, WARM)), list(itertools.islice(numbers, WARM))
        matches = [questions.match(number) for number in some]
        taken["bare"].append(taken_by(bare, [(request, "MediaContainer") for request, _ in matches]))
        taken["match"].append(taken_by(provider, matches))
        taken["kept"].append(taken_by(provider, [questions.metadata(number) for number in some]))
        taken["metadata"].append(taken_by(provider, [questions.metadata(number) for number in others]))
    return {
        f"{name}_{what}": value
        for name, rounds in taken.items()
        for what, value in _medians(rounds, taken["bare"]).items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One round: seconds until each had its answer, the shortest first, and seconds of processor for each."""

    waited: Sequence[float]
    processor: float


def taken_by(server: Running, questions: Sequence[tuple[str, str]]) -> Taken:
    """A round of these."""
    before = use(server.process.pid)
    waited = asked(server.url, questions)
    return Taken(waited=waited, processor=(use(server.process.pid).processor - before.processor) / len(questions))


def _medians(rounds: Sequence[Taken], limits: Sequence[Taken]) -> dict[str, float]:
    pairs = zip(rounds, limits, strict=True)
    return {
        "p50": statistics.median(share(one.waited, 50) for one in rounds),
        "p99": statistics.median(share(one.waited, 99) for one in rounds),
        "ratio": statistics.median(share(one.waited, 50) / share(limit.waited, 50) for one, limit in pairs),
        "processor": 1000 * statistics.median(one.processor for one in rounds),
    }


def asked(url: str, questions: Sequence[tuple[str, str]]) -> Sequence[float]:
    """Seconds until each had its answer, the shortest first."""
    told = json.dumps({"url": url, "at_once": AT_ONCE, "asked": questions})
    done = subprocess.run(
        [*_PYTHON, "bench.crowd"],
        input=told.encode(),
        cwd=_REPOSITORY,
        env=without_settings(os.environ),
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    found: Sequence[float] = json.loads(done.stdout)["waited"]
    return found


def share(waited: Sequence[float], part: int) -> float:
    """The milliseconds that so many of 100 do not pass."""
    return 1000 * waited[max(0, -(-len(waited) * part // 100) - 1)]


def peak(pid: int) -> float:
    """The most megabytes that a process had in memory."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1_000_000
