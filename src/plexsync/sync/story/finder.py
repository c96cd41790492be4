"""Which items of one Plex hold the files of a scene, told from the store alone: no request is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plexsync.model.item import IndexedItem
from plexsync.model.match import Confidence, Match, Surroundings, Verdict, match_file
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import name_key, path_key
from plexsync.model.scene import Scene, SceneFile
from plexsync.store import index, links, seen
from plexsync.store.database import Connection
from plexsync.sync.index.libraries import Libraries


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
class _Near:
    """What the store knows around some files: where each is under Plex's view, and by keys what lies there."""

    mapped: Mapping[str, Sequence[str]]
    at_path: Mapping[str, Sequence[IndexedItem]]
    same_name: Mapping[str, Sequence[IndexedItem]]
    twins: Mapping[str, Sequence[tuple[int, str]]]


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
        return self.find_each(connection, [scene])[scene.id]

    def find_each(self, connection: Connection, scenes: Sequence[Scene]) -> dict[int, Found]:
        """The same of many scenes, for hardly more statements than of one."""
        version = index.version(connection, self.server)
        matches = self._matches(connection, scenes)
        ties = {scene.id: self._ties(scene, matches[scene.id]) for scene in scenes}
        shared = self._shared(connection, ties, matches)
        return {
            scene.id: self._found(scene, matches[scene.id], ties[scene.id], shared.get(scene.id, ""), version)
            for scene in scenes
        }

    def _found(
        self, scene: Scene, matches: list[Match], ties: tuple[links.Link, ...], shared: str, version: int
    ) -> Found:
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
        return self._matches(connection, [scene])[scene.id]

    def _matches(self, connection: Connection, scenes: Sequence[Scene]) -> dict[int, list[Match]]:
        near = self._near(connection, [file.path for scene in scenes for file in scene.files])
        return {
            scene.id: [match_file(file, self._around(scene, file, near)) for file in scene.files] for scene in scenes
        }

    def _ties(self, scene: Scene, matches: Sequence[Match]) -> tuple[links.Link, ...]:
        return tuple(link for match in matches if self._counts(match) for link in self._links(scene, match))

    def remember(self, connection: Connection, scene: Scene, found: Found) -> None:
        """The links found replace the ones stored."""
        links.replace(connection, self.server, scene.id, found.links)

    def _counts(self, match: Match) -> bool:
        return match.verdict is Verdict.FOUND and (match.confidence is Confidence.HIGH or not self.strict)

    def _near(self, connection: Connection, paths: Iterable[str]) -> _Near:
        mapped = {path: self._places(path) for path in paths}
        keys = [path_key(to) for places in mapped.values() for to in places]
        names = [name_key(path) for path, places in mapped.items() if not places]
        return _Near(
            mapped=mapped,
            at_path=index.at_paths(connection, self.server, keys) if keys else {},
            same_name=index.named(connection, self.server, names) if names else {},
            twins=seen.scenes_named(connection, names) if names else {},
        )

    def _places(self, path: str) -> Sequence[str]:
        """Where Plex may have the file by the rules; first what a synced library would list."""
        places = self.paths.places_in_plex(path)
        return places if len(places) < 2 else sorted(places, key=lambda place: not self.libraries.holds(place))

    def _around(self, scene: Scene, file: SceneFile, near: _Near) -> Surroundings:
        places, name = near.mapped[file.path], name_key(file.path)
        there = [item for key in dict.fromkeys(map(path_key, places)) for item in near.at_path.get(key, ())]
        return Surroundings(
            mapped=places[0] if places else None,
            also=places[1:],
            at_path=self._open(there),
            same_name=self._open(near.same_name.get(name, ())),
            twins=[path for other, path in near.twins.get(name, ()) if other != scene.id],
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
                plex_path=self._held_as(item, match),
                confidence=match.confidence.value,
                reason=match.reason,
            )

    def _held_as(self, item: IndexedItem, match: Match) -> str:
        """The path under which the item holds the file."""
        held = {path_key(part.path): part.path for part in item.parts}
        if (key := path_key(match.plex_path)) in held:
            return held[key]
        places = map(path_key, self.paths.places_in_plex(match.file.path))
        return next((held[key] for key in places if key in held), match.plex_path)

    def _shared(
        self,
        connection: Connection,
        ties: Mapping[int, Sequence[links.Link]],
        matches: Mapping[int, Sequence[Match]],
    ) -> dict[int, str]:
        """Why the items found for a scene belong to another scene as well; scenes of which they do not are absent."""
        items = {item.rating_key: item for found in matches.values() for match in found for item in match.items}
        keys = list(dict.fromkeys(tie.rating_key for some in ties.values() for tie in some))
        linked = links.of_items(connection, self.server, keys)
        rivals = {key: self._rivals(connection, items[key], linked.get(key, ())) for key in keys}
        among = {(scene, other) for scene, some in ties.items() for tie in some for other in rivals[tie.rating_key]}
        alive = seen.known(connection, {other for scene, other in among if other != scene})
        reasons: dict[int, str] = {}
        for scene, some in ties.items():
            for key in dict.fromkeys(tie.rating_key for tie in some):
                if others := (rivals[key] & alive.keys()) - {scene}:
                    reasons.setdefault(scene, f"item {key} of Plex also holds a file of scene {min(others)}")
        return reasons

    def _rivals(self, connection: Connection, item: IndexedItem, linked: Iterable[links.Link]) -> set[int]:
        # A link that the index no longer bears out is an old one: its scene finds that out by itself.
        held = {path_key(part.path) for part in item.parts}
        return {other.scene for other in linked if path_key(other.plex_path) in held} | self._scenes_of(
            connection, item
        )

    def _scenes_of(self, connection: Connection, item: IndexedItem) -> set[int]:
        """The scenes that have a file exactly where the item has one."""
        if len(item.parts) < 2:
            return set()
        places = [path_key(to) for part in item.parts for to in self.paths.places_in_stash(part.path)]
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
