"""Stash, asked for what PlexSync needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from plexsync.model.errors import Incompatible
from plexsync.model.work import Peer
from plexsync.stash import answers, documents
from plexsync.stash.changes import ChangeQuestion, Changes
from plexsync.stash.connection import Connection
from plexsync.stash.covers import Cover, fetch_picture, glimpse_picture
from plexsync.stash.lookup import Scenes, look_up
from plexsync.stash.spelling import endings, loose_ending
from plexsync.stash.walks import MANY, PAGE, Walks
from plexsync.stash.windows import Moment, above

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from plexsync.model.scene import Scene
    from plexsync.stash.unread import UnreadScene

T = TypeVar("T")
#: Seconds within which a living Stash says how it is.
HEALTH_SECONDS = 5.0
REMEDIES = {
    "SETUP": "Stash is not set up yet (SETUP): open it in a browser and finish its setup",
    "NEEDS_MIGRATION": "Stash waits for its database migration (NEEDS_MIGRATION): open it in a browser and confirm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """What Stash says of itself; `status` is OK, SETUP or NEEDS_MIGRATION."""

    status: str
    version: str


class StashClient:
    """One Stash. When Stash fails, every method raises a `SyncError` of the model and nothing else.

    `url` is the address of Stash with the path prefix of a proxy, if any. Time-outs are in seconds. `verify` is False
    to accept any certificate, or the path of a CA file. `redact` masks secrets in what Stash says. With `tag_parents`
    each tag of a scene comes with the tags above it, up to three levels: that costs Stash a question a tag.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        verify: bool | str | ssl.SSLContext = True,
        redact: Callable[[str], str] = lambda text: text,
        tag_parents: bool = False,
    ) -> None:
        self._connection = Connection(
            url,
            api_key=api_key,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            verify=verify,
            redact=redact,
        )
        self._tag_parents = tag_parents
        self._walks = Walks(self._connection, tag_parents=tag_parents)
        self._changes = ChangeQuestion(connection=self._connection, walks=self._walks, tag_parents=tag_parents)

    async def close(self) -> None:
        """Close all sockets."""
        await self._connection.close()

    async def query(self, document: str, variables: Mapping[str, Any], answer_type: type[T]) -> T:
        """The data of one document. An answer with any `errors` is no answer."""
        return await self._connection.answer(document, variables, answer_type)

    async def version(self) -> str:
        """Stash's version, like `v0.30.1`; on odd builds the commit."""
        return (await self.query(documents.VERSION, {}, answers.VersionAnswer)).version.text

    async def status(self, *, within: float | None = None) -> SystemStatus:
        """How Stash is, asked for at most `within` seconds."""
        document = documents.SYSTEM_STATUS
        answer = await self._connection.answer(document, {}, answers.StatusAnswer, within=within)
        return SystemStatus(status=answer.systemStatus.status, version=answer.version.text)

    async def told_time(self) -> float | None:
        """The time by Stash's clock, to the second; None where its answers carry none."""
        _, reply = await self._connection.ask(documents.VERSION, {}, within=HEALTH_SECONDS)
        try:
            return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
        except ValueError:
            return None

    async def healthy(self) -> None:
        """Return when Stash can be worked with, else raise what keeps it from that; within `HEALTH_SECONDS`."""
        status = (await self.status(within=HEALTH_SECONDS)).status
        if status != "OK":
            message = REMEDIES.get(status, f"Stash is in a state that is not known ({status})")
            place = documents.question(documents.SYSTEM_STATUS).place
            raise Incompatible(message, peer=Peer.STASH, status=200, place=place)

    async def scenes(self, ids: Sequence[int | str]) -> dict[int, Scene]:
        """These scenes; an id that is absent does not exist. Raises when any one of them cannot be told."""
        scenes = await self.scenes_each(ids)
        for error in scenes.failed.values():
            raise error
        return scenes.found

    async def scenes_each(self, ids: Sequence[int | str]) -> Scenes:
        """The same, where one scene that Stash cannot tell does not hide the others."""
        return await look_up(self._connection, ids, tag_parents=self._tag_parents)

    async def scenes_after(self, last_id: int, limit: int = PAGE) -> list[Scene]:
        """The next `limit` scenes with a greater id, in order; fewer at the end."""
        return await self._walks.scenes(documents.SCENES_AFTER, above(last_id), last_id, limit)

    async def unread_after(self, last_id: int, limit: int, familiar: Callable[[int], bool]) -> list[UnreadScene]:
        """The same, where a scene whose mark is familiar is only read once somebody asks for it."""
        return await self._walks.unread(last_id, limit, familiar)

    async def ids_after(self, last_id: int, limit: int = MANY) -> list[int]:
        """The same, ids only."""
        return await self._walks.ids(last_id, limit)

    async def touched(self, since: float) -> dict[int, str]:
        """The same scenes as `recent`, only `updated_at` as Stash writes it, by id: cheap enough to poll."""
        return await self._walks.touched(since)

    async def changes(self, since: Moment, *, learn: bool = False, listed: bool = False) -> Changes:
        """What was touched after a moment by Stash's clock, as Stash compares times: its zone may differ from the one
        that the moment is told in. `learn` tells the newest scene besides, `listed` the names of everything."""
        return await self._changes.ask(since, learn=learn, listed=listed)

    async def scene_at(self, path: str) -> Scene | None:
        """The scene with a file at exactly this path as Stash writes it; of several the lowest id; None without one.

        Stash takes `%` and `_` in a path as wildcards and ignores case, so each of its answers is compared.
        """
        return await self._walks.scene_at(path)

    async def scenes_ending(
        self, ends: Sequence[Sequence[str]], limit: int = PAGE, *, loosely: bool = False
    ) -> list[list[Scene]]:
        """Scenes with a file whose path has one of these as its last segments, and perhaps some others: pages of at
        most `limit` of the lowest ids. `loosely` finds every spelling, also one that is composed here and decomposed
        there, or in another case beyond ASCII; of names with few ASCII letters that may be nearly all that there is.
        """
        patterns = [loose_ending(end) for end in ends] if loosely else [one for end in ends for one in endings(end)]
        return await self._walks.like(list(dict.fromkeys(patterns)), limit)

    async def scenes_searched(self, text: str, limit: int) -> list[Scene]:
        """What Stash's own search finds for a text: it looks at titles, details, paths and more."""
        return await self._walks.searched(text, limit)

    async def plugin_settings(self, plugin_id: str) -> dict[str, Any]:
        """What is stored for a plugin; settings that were never saved are absent."""
        variables = {"plugins": [plugin_id]}
        answer = await self.query(documents.PLUGIN_SETTINGS, variables, answers.ConfigurationAnswer)
        settings = (answer.configuration.plugins or {}).get(plugin_id)
        return settings if isinstance(settings, dict) else {}

    async def cover(self, scene: Scene, etag: str | None = None) -> Cover:
        """The scene's cover; `unchanged` when it is still the one with this ETag."""
        return await fetch_picture(self._connection, scene.cover, etag, called="cover")

    async def picture(self, address: str, etag: str | None = None) -> Cover:
        """The same of any picture, by its path and query on the Stash server."""
        return await fetch_picture(self._connection, address, etag)

    async def glimpse(self, address: str, etag: str | None = None) -> Cover:
        """The same, but of a picture that is another one only what is needed to know that."""
        return await glimpse_picture(self._connection, address, etag)

    async def run_operation(self, plugin_id: str, args: Mapping[str, Any]) -> Any:
        """Run a plugin inside Stash and wait for its output. After an error it may have run all the same."""
        variables = {"plugin": plugin_id, "args": args}
        answer = await self.query(documents.RUN_OPERATION, variables, answers.OperationAnswer)
        return answer.runPluginOperation
