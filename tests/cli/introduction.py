"""A simulated Plex, and something that answers as our provider does where Plex is told to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.responses import JSONResponse

from cli.program import Done, House
from plexsync.model.provider import IDENTIFIER
from plexsync.sim.plex import PlexOptions
from plexsync.sim.plex import create_app as plex_app
from plexsync.sim.serving import serving
from plexsync.store.identity import FILE_NAME, Identity, load_or_create
from sim.plex.provider import Films, films_served, root

TOKEN, GUEST = "sim-plex-token", "sim-guest-token"
PROVIDERS = "/media/providers/metadata"
GROUPS = f"{PROVIDERS}/group"
#: The library that an agent of ours can name, and the one that it cannot.
MOVIES, OTHERS = "Movies", "Open movies"


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """A data folder whose daemon ran once, its Plex, and where the provider answers."""

    house: House
    plex: httpx2.Client
    films: Films
    me: Identity

    @property
    def address(self) -> str:
        """What Plex has to be told."""
        return f"{self.films.url.removesuffix('/films')}/provider/{self.me.provider_path}"

    def settings(self, **changes: str) -> None:
        """The settings, some of them otherwise; "" leaves one out."""
        values = {
            "plex_url": f'"{self.house.plex}"',
            "plex_token": f'"{TOKEN}"',
            "url_from_plex": f'"{self.films.url.removesuffix("/films")}"',
            "libraries": f'["{OTHERS}", "{MOVIES}"]',
        } | changes
        self.house.configure("".join(f"{name} = {value}\n" for name, value in values.items() if value))

    def call(self, *words: str) -> Done:
        """Run a verb. Wherever something is shown, the secret is not, unless `provider show` was asked."""
        done = self.house.call("provider", *words)
        assert words[0] == "show" or self.me.provider_path not in done.out + done.err
        assert TOKEN not in done.out + done.err
        return done

    def steps(self, *words: str) -> dict[str, str]:
        """What became of each step of registering."""
        done = self.call("register", *words, "--json")
        assert done.code == 0, done.err
        return {step["step"]: step["state"] for step in done.facts["steps"]}

    def providers(self) -> dict[str, dict[str, Any]]:
        """All that Plex knows, by identifier."""
        return {one["identifier"]: one for one in self._listed(PROVIDERS, "MetadataAgentProvider")}

    def agents(self) -> dict[str, list[str]]:
        """The titles of the providers that each agent asks, by its title."""
        titles = {one["id"]: one["title"] for one in self.providers().values()}
        groups = self._listed(GROUPS, "MetadataAgentProviderGroup")
        return {
            one["title"]: [
                titles[item.get("metadataAgentProviderId", item["id"])] for item in one["MetadataAgentGroupItem"]
            ]
            for one in groups
        }

    def group(self, title: str) -> int:
        """The number of an agent."""
        found = self._listed(GROUPS, "MetadataAgentProviderGroup")
        return int(next(one["id"] for one in found if one["title"] == title))

    def library(self, title: str) -> dict[str, Any]:
        """A library as Plex lists it."""
        return next(one for one in self._listed("/library/sections", "Directory") if one["title"] == title)

    def make_group(self, title: str, primary: str = IDENTIFIER) -> int:
        """Somebody makes an agent in Plex."""
        answer = self.plex.post(GROUPS, params={"title": title, "primaryIdentifier": primary})
        assert answer.status_code == 200, answer.text
        return self.group(title)

    def told(self) -> list[str]:
        """The requests by which Plex was to change something."""
        rows = self.plex.get("/_sim/requests").json()["requests"]
        return [f"{row['method']} {row['path']}" for row in rows if row["method"] != "GET"]

    def forget(self) -> None:
        """Count from nothing again."""
        self.plex.delete("/_sim/requests")

    def switch(self, **switches: Any) -> None:
        """Another position of the simulator's switches."""
        assert self.plex.put("/_sim/switches", json=switches).status_code < 300

    def fault(self, *rules: dict[str, Any]) -> None:
        """Faults of Plex; none clears them."""
        assert self.plex.put("/_sim/faults", json=list(rules)).status_code < 300

    def _listed(self, path: str, element: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.plex.get(path).json()["MediaContainer"].get(element, [])
        return found


@contextmanager
def introduced(folder: Path) -> Iterator[Introduction]:
    """Nothing of PlexSync is known to Plex yet."""
    data_dir = folder / "data"
    data_dir.mkdir()
    me = load_or_create(data_dir / FILE_NAME)
    films = Films(
        answers={
            "healthz": JSONResponse({"status": "ok"}),
            "*": JSONResponse(root(IDENTIFIER, title="PlexSync (Stash)")),
        }
    )
    options = PlexOptions(items=3, section_count=2, movies=4, guest_token=GUEST)
    headers = {"X-Plex-Token": TOKEN, "Accept": "application/json"}
    with (
        films_served(films),
        serving(plex_app(options)) as plex,
        httpx2.Client(base_url=plex.url, headers=headers, verify=False, timeout=30) as client,
    ):
        house = House(data_dir=data_dir, plugins=folder, stash="http://127.0.0.1:9", plex=plex.url)
        made = Introduction(house=house, plex=client, films=films, me=me)
        made.settings()
        yield made
