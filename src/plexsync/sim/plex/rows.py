"""What a library is made of: sections, items, tags, files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import msgspec

from plexsync.sim.plex.options import CUSTOM, PLAIN_AGENT

Value = str | int | float

INTEGERS = frozenset({"year", "addedAt"})
FLOATS = frozenset({"rating", "audienceRating", "userRating"})
TEXTS = frozenset(
    {
        "title",
        "titleSort",
        "originalTitle",
        "summary",
        "tagline",
        "studio",
        "contentRating",
        "editionTitle",
        "originallyAvailableAt",
    }
)
SCALARS = INTEGERS | FLOATS | TEXTS
#: name in an edit -> element in an answer
TAG_ELEMENTS = {
    "genre": "Genre",
    "country": "Country",
    "collection": "Collection",
    "director": "Director",
    "writer": "Writer",
    "actor": "Role",
    "producer": "Producer",
    "similar": "Similar",
    "mood": "Mood",
    "style": "Style",
    "label": "Label",
}
PICTURES = frozenset({"thumb", "art", "clearLogo", "squareArt", "theme"})
LOCKABLE = SCALARS | set(TAG_ELEMENTS) | PICTURES
#: kept by a refresh although unlocked: they belong to the users, no agent sets them
USERS_OWN = frozenset({"userRating", "addedAt", "label", "collection"})


class Tag(msgspec.Struct, kw_only=True):
    """A shared row: whoever changes it changes it for every item."""

    id: int
    kind: str
    name: str
    thumb: str = ""


class File(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A file that a scan can find."""

    path: str
    size: int = 1_000_000
    duration: int = 60_000  #: milliseconds
    date: str = "2020-01-01"
    present: bool = True
    moved_from: str | None = None


class OtherFile(msgspec.Struct, kw_only=True):
    """A further file of an item: the next part of its first version, or another version."""

    id: int
    path: str
    size: int
    is_part: bool


class Section(msgspec.Struct, kw_only=True):
    """A library."""

    key: int
    title: str
    path: str
    agent: str
    uuid: str
    created_at: int
    updated_at: int
    scanned_at: int
    content_changed: int = 1
    refreshing: bool = False
    group: int | None = None  #: of metadata providers, where one was assigned
    own_scanner: str = ""  #: where it is not the one that goes with the agent

    @property
    def plain(self) -> bool:
        """Whether it is an "Other Videos" library, whose items come from their files alone."""
        return self.agent.endswith(".none")

    @property
    def scanner(self) -> str:
        """What finds its files."""
        usual = "Plex Video Files Scanner" if self.agent == PLAIN_AGENT else "Plex Movie"
        return self.own_scanner or usual

    @property
    def custom(self) -> bool:
        """Whether a provider outside of the server tells of its items."""
        return self.agent.startswith(CUSTOM)


class Gallery(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The pictures of one kind that an item has, oldest first, and the one shown; None: none is shown.

    What is shown is an upload by its SHA-1, a provider's picture by its address, or the default.
    """

    uploads: list[str] = []
    selected: str | None = "default"
    stamp: int = 0  #: moves with the picture
    received: int = 0  #: uploads that came, repeats included
    remote: dict[str, str] = {}  #: addresses that a provider told, with the SHA-1 of the bytes, "" where none came
    given: str = ""  #: the address that it tells now


class Item(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A video, or a collection. `values` and `tags` hold only what was edited; `base` is what the agent knows."""

    key: int
    section: int
    added_at: int
    updated_at: int
    type: str = "movie"
    path: str = ""
    size: int = 0
    duration: int = 0  #: milliseconds
    date: str = ""
    others: list[OtherFile] = []
    guid: str = ""  #: where it does not follow from library and key
    agent: str = ""  #: the provider that matched it
    guids: list[str] = []  #: elsewhere, as that provider told
    base: dict[str, Value | None] | None = None
    base_tags: dict[str, list[int]] | None = None
    base_texts: dict[int, str] = {}  #: tag id -> text
    values: dict[str, Value | None] = {}
    tags: dict[str, dict[int, str]] = {}  #: kind -> tag id -> text (an actor's role)
    locks: dict[str, bool] = {}
    posters: Gallery | None = None
    arts: Gallery | None = None
    deleted_at: int | None = None
    last_rated_at: int | None = None
    view_count: int = 0
    last_viewed_at: int | None = None
    collection_tag: int | None = None

    @property
    def paths(self) -> list[str]:
        """Every file of the item."""
        return [self.path, *(other.path for other in self.others)] if self.path else []

    def value(self, name: str) -> Value | None:
        """What a field holds now; None where it is empty."""
        if name in self.values:
            return self.values[name]
        return self.base_value(name)

    def base_value(self, name: str) -> Value | None:
        """What the agent, or the file, says of a field."""
        if self.base is not None and name in self.base:
            return self.base[name]
        if name == "title":
            return PurePosixPath(self.path).stem
        if name == "originallyAvailableAt":
            return self.date or None
        if name == "year":
            return int(self.date[:4]) if self.date else None
        return self.added_at if name == "addedAt" else None

    def tag_uses(self, kind: str) -> dict[int, str]:
        """Tag ids of one kind, in order, with their texts."""
        if kind in self.tags:
            return self.tags[kind]
        return {tag: self.base_texts.get(tag, "") for tag in (self.base_tags or {}).get(kind, ())}

    def gallery(self, kind: str) -> Gallery:
        """The pictures of a kind, "posters" or "arts", to be changed in place."""
        found: Gallery | None = getattr(self, kind)
        if found is None:
            found = Gallery(stamp=self.added_at)
            setattr(self, kind, found)
        return found

    def look(self) -> Any:
        """A value that is equal before and after a write that changed nothing for a reader."""
        copy = msgspec.structs.replace(self, updated_at=0, last_rated_at=None)
        return msgspec.json.encode(copy)


def guid(section: Section, item: Item) -> str:
    """The id that the agent gave."""
    if item.guid:
        return item.guid
    if section.plain:
        return f"{section.agent}://{item.key:040x}?lang=xn"
    return f"plex://movie/{item.key:024x}" if item.base else f"local://{item.key}"
