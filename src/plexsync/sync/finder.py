"""Which items of one Plex hold the files of a scene, told from the store alone: no request is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plexsync.model.item import IndexedItem
from plexsync.model.match import Confidence, Match, Surroundings, Verdict, match_file
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import name_key, path_key
from plexsync.model.scene import Scene, SceneFile
from plexsync.store import index, links, seen
from plexsync.store.database import Connection
from plexsync.sync.libraries import Libraries


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a scene's files are. `links` may be written; `refusal` says why nothing may, `absent` what is not there.

    `kind` names the refusal in one word for lists and counts.
    """

    links: tuple[links.Link, ...] = ()
    kind: str = ""
    refusal: str = ""
    absent: tuple[Match, ...] = ()
    index_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """`strict` writes only to what is sure; `skip_missing` takes a file without item for one that never comes."""

    server: str
    libraries: Libraries
    paths: PathRules
    strict: bool = True
    skip_missing: bool = False

    def find(self, connection: Connection, scene: Scene) -> Found:
        """All files of the scene. Nothing is written; see `remember`."""
        version = index.version(connection, self.server)
        matches = self.matches(connection, scene)
        ties = tuple(link for match in matches if self._counts(match) for link in self._links(scene, match))
        shared = self._shared(connection, scene, ties)
        if shared:
            return Found(kind="shared", refusal=shared, index_version=version)
        absent = tuple(m for m in matches if m.verdict is Verdict.MISSING and self.libraries.holds(m.plex_path))
        if ties:
            return Found(links=ties, absent=() if self.skip_missing else absent, index_version=version)
        if absent and not self.skip_missing:
            return Found(absent=absent, index_version=version)
        kind, refusal = self._refusal(scene, matches)
        return Found(kind=kind, refusal=refusal, index_version=version)

    def matches(self, connection: Connection, scene: Scene) -> list[Match]:
        """What was found for each file of the scene."""
        return [match_file(file, around) for file, around in self._around(connection, scene)]

    def remember(self, connection: Connection, scene: Scene, found: Found) -> None:
        """The links found replace the ones stored."""
        links.replace(connection, self.server, scene.id, found.links)

    def _counts(self, match: Match) -> bool:
        return match.verdict is Verdict.FOUND and (match.confidence is Confidence.HIGH or not self.strict)

    def _around(self, connection: Connection, scene: Scene) -> Iterable[tuple[SceneFile, Surroundings]]:
        mapped = {file.path: self.paths.to_plex(file.path) for file in scene.files}
        keys = [path_key(path) for path in mapped.values() if path is not None]
        names = [name_key(file.path) for file in scene.files if mapped[file.path] is None]
        at_path = index.at_paths(connection, self.server, keys) if keys else {}
        same_name = index.named(connection, self.server, names) if names else {}
        twins = seen.scenes_named(connection, names) if names else {}
        for file in scene.files:
            to, name = mapped[file.path], name_key(file.path)
            rivals = [path for other, path in twins.get(name, ()) if other != scene.id]
            yield (
                file,
                Surroundings(
                    mapped=to,
                    at_path=self._open(at_path.get(path_key(to), ())) if to is not None else (),
                    same_name=self._open(same_name.get(name, ())),
                    twins=rivals,
                ),
            )

    def _open(self, items: Sequence[IndexedItem]) -> list[IndexedItem]:
        """Without those of libraries that are not synced, or no longer."""
        return [item for item in items if not self.libraries.shuts_out(item.section)]

    def _links(self, scene: Scene, match: Match) -> Iterable[links.Link]:
        for item in match.items:
            yield links.Link(
                server=self.server,
                scene=scene.id,
                stash_path=match.file.path,
                rating_key=item.rating_key,
                section=item.section,
                plex_path=_held_as(item, match.plex_path),
                confidence=match.confidence.value,
                reason=match.reason,
            )

    def _shared(self, connection: Connection, scene: Scene, ties: tuple[links.Link, ...]) -> str:
        """Why the items found belong to another scene as well; "" when they do not."""
        keys = [tie.rating_key for tie in ties]
        linked = links.of_items(connection, self.server, keys)
        items = index.of_keys(connection, self.server, keys)
        for key in keys:
            if key not in items:
                continue
            # A link that the index no longer bears out is an old one: its scene finds that out by itself.
            held = {path_key(part.path) for part in items[key].parts}
            rivals = {other.scene for other in linked.get(key, ()) if path_key(other.plex_path) in held}
            rivals |= self._scenes_of(connection, items[key])
            if others := seen.known(connection, rivals - {scene.id}):
                return f"item {key} of Plex also holds a file of scene {min(others)}"
        return ""

    def _scenes_of(self, connection: Connection, item: IndexedItem) -> set[int]:
        """The scenes that have a file exactly where the item has one."""
        if len(item.parts) < 2:
            return set()
        places = [path_key(to) for part in item.parts if (to := self.paths.to_stash(part.path)) is not None]
        return {scene for scenes in seen.scenes_at(connection, places).values() for scene in scenes}

    def _refusal(self, scene: Scene, matches: list[Match]) -> tuple[str, str]:
        if not scene.files:
            return "no file", "the scene has no file in Stash"
        for match in matches:
            if match.verdict is Verdict.AMBIGUOUS:
                keys = ", ".join(str(item.rating_key) for item in match.items)
                return "ambiguous", f"{match.file.path}: {match.reason} (items {keys})"
        for match in matches:
            if match.verdict is Verdict.FOUND:
                return "unsure", f"{match.file.path}: {match.reason}, but neither size nor duration proves it"
        match = matches[0]
        if match.verdict is Verdict.MISSING:
            if self.libraries.holds(match.plex_path):
                return "missing", match.reason
            return "outside", f"{match.plex_path} lies in no synced library of Plex"
        return "outside", match.reason


def _held_as(item: IndexedItem, path: str) -> str:
    return next((part.path for part in item.parts if path_key(part.path) == path_key(path)), path)
