"""What the simulated server holds, and the only place where that changes."""

from __future__ import annotations

import uuid
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import msgspec

from plexsync.sim.library import clips
from plexsync.sim.plex.agents import Agents, Group, Provider
from plexsync.sim.plex.journal import Journal
from plexsync.sim.plex.options import MODERN_AGENT, PLAIN_AGENT, Switches
from plexsync.sim.plex.rows import File, Item, OtherFile, Section, Tag, guid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plexsync.sim.library import Clip
    from plexsync.sim.plex.options import PlexOptions
    from plexsync.sim.plex.rows import Value

FIRST_ITEM = 100
FIRST_MOVIE = 900_000
FIRST_LATER_ITEM = 1_000_001
ROW_TYPES: dict[str, Any] = {
    "item": Item,
    "section": Section,
    "tag": Tag,
    "file": File,
    "provider": Provider,
    "group": Group,
}


class Store:
    """Sections, items, tags and files by their keys, with the indexes that make large libraries fast."""

    def __init__(self, options: PlexOptions) -> None:
        self.options = options
        self.switches = Switches()
        self.sections: dict[int, Section] = {}
        self.items: dict[int, Item] = {}
        self.tags: dict[int, Tag] = {}
        self.files: dict[str, File] = {}  #: only those that were added or removed
        self.version = 0  #: moves with every change
        self.membership = 0  #: moves when items come and go
        self.journal = Journal(options.state)
        self.agents = Agents(self._keep_agents)
        self._paths: dict[str, int] = {}
        self._names: dict[tuple[str, str], int] = {}
        self._uses: dict[int, set[int]] = {}
        self._collections: dict[tuple[int, int], int] = {}
        self._changed: dict[tuple[str, Any], tuple[str, object]] = {}
        self._next_item = FIRST_LATER_ITEM
        self._next_tag = 1
        rows = list(self.journal.read())
        self._born = next((msgspec.json.decode(raw, type=int) for kind, raw in rows if kind == "born"), self.now())
        self._build()
        self._load(rows)

    # What is there

    @property
    def machine_identifier(self) -> str:
        """40 hexadecimal digits; the same for the same options."""
        own = sha1(f"{self.options.prefix}\n{self.options.token}".encode()).hexdigest()  # noqa: S324
        return self.switches.machine_identifier or self.options.machine_identifier or own

    def now(self) -> int:
        """Seconds since the epoch."""
        return int(self.options.clock())

    def by_path(self, path: str) -> Item | None:
        """The video with this file."""
        key = self._paths.get(path)
        return None if key is None else self.items.get(key)

    def tag_named(self, kind: str, name: str) -> Tag | None:
        """The shared row of a name, whatever its capitals."""
        found = self._names.get((kind, name.lower()))
        return None if found is None else self.tags[found]

    def used_by(self, tag: int) -> set[int]:
        """Keys of the items that carry a tag."""
        return self._uses.get(tag, set())

    def tag_names(self, item: Item, kind: str) -> list[str]:
        """An item's tags of one kind, in order."""
        return [self.tags[tag].name for tag in item.tag_uses(kind)]

    def in_section(self, section: int, kind: str = "movie") -> Iterator[Item]:
        """Items of one section and type."""
        return (item for item in self.items.values() if item.section == section and item.type == kind)

    def collection(self, section: int, tag: int) -> Item | None:
        """The collection object of a tag in a section."""
        found = self._collections.get((section, tag))
        return None if found is None else self.items[found]

    def members(self, collection: Item) -> list[Item]:
        """The videos of a collection."""
        keys = sorted(self.used_by(collection.collection_tag or 0))
        return [self.items[key] for key in keys if self.items[key].section == collection.section]

    def present(self, path: str) -> bool:
        """Whether a scan would find this file."""
        file = self.files.get(path)
        return file.present if file else path in self._paths

    # What changes

    def keep(self, kind: str, key: Any, row: object) -> None:
        """Write a changed row through."""
        self.version += 1
        self._changed[kind, key] = (kind, row)
        self.journal.append(kind, row)

    def keep_item(self, item: Item) -> None:
        """Write a changed item through, with the counter of its section."""
        self.keep("item", item.key, item)
        self.sections[item.section].content_changed += 1

    def keep_section(self, section: Section) -> None:
        """Write a changed section through."""
        self.keep("section", section.key, section)

    def remove_section(self, section: Section) -> None:
        """Forget a library with all that is in it."""
        for item in [item for item in self.items.values() if item.section == section.key]:
            self.remove_item(item)
        del self.sections[section.key]
        self.keep("section gone", section.key, section.key)
        self._changed.pop(("section", section.key), None)

    def _keep_agents(self, kind: str, number: int, row: object) -> None:
        if row is None:
            self.keep(f"{kind} gone", number, number)
            self._changed.pop((kind, number), None)
        else:
            self.keep(kind, number, row)

    def assign(self, section: Section, agent: str, group: int | None, scanner: str) -> None:
        """Give a library an agent. Its items keep what they are until a refresh."""
        for item in self.in_section(section.key):
            if not item.guid and (section.plain or item.base):
                item.guid = guid(section, item)
                self.keep_item(item)
        section.agent, section.group, section.own_scanner = agent, group, scanner
        section.updated_at = self.now()
        self.keep_section(section)

    def next_key(self) -> int:
        """A rating key that was never used."""
        self._next_item += 1
        return self._next_item - 1

    def add_item(self, item: Item) -> None:
        """Take an item in."""
        self.membership += 1
        self._index(item)
        self.keep_item(item)

    def remove_item(self, item: Item) -> None:
        """Forget an item for good."""
        self.membership += 1
        for tags in self._all_uses(item):
            self._uses[tags].discard(item.key)
        del self.items[item.key]
        self._collections.pop((item.section, item.collection_tag or 0), None)
        self._forget_paths(item)
        self.keep("gone", item.key, item.key)
        self._changed.pop(("item", item.key), None)
        self.sections[item.section].content_changed += 1

    def move_item(self, item: Item, path: str) -> None:
        """Let an item follow its file."""
        self._paths.pop(item.path, None)
        item.path = path
        self._paths[path] = item.key

    def add_other_file(self, item: Item, path: str, size: int, *, is_part: bool) -> None:
        """Give an item a further file, as if it had been merged."""
        item.others.append(OtherFile(id=self.next_key(), path=path, size=size, is_part=is_part))
        item.updated_at = self.now()
        self._index(item)
        self.keep_item(item)

    def tag(self, kind: str, name: str) -> Tag:
        """The shared row of a name; made if missing, with the capitals of its first use."""
        found = self.tag_named(kind, name)
        if found is None:
            capital = kind == "label" and self.switches.labels_capitalized
            shown = name[:1].upper() + name[1:] if capital else name
            found = Tag(id=self._next_tag, kind=kind, name=shown)
            self._take_tag(found)
            self.keep("tag", found.id, found)
        return found

    def rename_tag(self, tag: Tag, name: str) -> None:
        """Give a shared row another name."""
        self._names.pop((tag.kind, tag.name.lower()), None)
        tag.name = name
        self._take_tag(tag)
        self.keep("tag", tag.id, tag)

    def set_tags(self, item: Item, kind: str, uses: dict[int, str] | None) -> None:
        """Replace an item's tags of one kind; None goes back to what the agent gave."""
        for tag in item.tag_uses(kind):
            self._uses[tag].discard(item.key)
        if uses is None:
            item.tags.pop(kind, None)
        else:
            item.tags[kind] = uses
        for tag in item.tag_uses(kind):
            self._uses.setdefault(tag, set()).add(item.key)

    def set_base(self, item: Item, base: dict[str, Value | None] | None, tags: dict[str, dict[int, str]]) -> None:
        """Replace what an item's agent knows of it."""
        for tag in self._all_uses(item):
            self._uses[tag].discard(item.key)
        item.base = base
        item.base_tags = {kind: list(uses) for kind, uses in tags.items() if uses}
        item.base_texts = {tag: text for uses in tags.values() for tag, text in uses.items() if text}
        for tag in self._all_uses(item):
            self._uses.setdefault(tag, set()).add(item.key)

    def open(self) -> None:
        """Leave the smallest file that holds everything, and write changes through from now on."""
        self._changed["born", 0] = ("born", self._born)
        for section in self.sections.values():
            self._changed["section", section.key] = ("section", section)
        self.journal.rewrite(self._changed.values())

    def close(self) -> None:
        """Leave the smallest file that holds everything."""
        self.open()
        self.journal.close()

    # How it begins

    def add_section(self, title: str, path: str, agent: str = PLAIN_AGENT, *, now: int) -> Section:
        """A new, empty library, made at this time."""
        key = max(self.sections, default=0) + 1
        own = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.machine_identifier}/{key}"))
        section = Section(
            key=key,
            title=title,
            path=path,
            agent=agent,
            uuid=own,
            created_at=now,
            updated_at=now,
            scanned_at=now,
        )
        self.sections[key] = section
        return section

    def _build(self) -> None:
        options = self.options
        section = self.add_section("Open movies", options.prefix, now=self._born)
        for clip in clips(options.items):
            self._index(self._video(section, clip, FIRST_ITEM + clip.number))
        if options.section_count > 1:
            movies = self.add_section("Movies", options.movies_prefix, MODERN_AGENT, now=self._born)
            for clip in clips(options.movies):
                self._index(self._video(movies, clip, FIRST_MOVIE + clip.number))

    def fill(self, section: Section, wanted: Iterable[Clip]) -> None:
        """Put clips into a section, as a first scan with its agent would."""
        for clip in wanted:
            self.add_item(self._video(section, clip, self.next_key()))

    def _video(self, section: Section, clip: Clip, key: int) -> Item:
        item = Item(
            key=key,
            section=section.key,
            added_at=section.created_at,
            updated_at=section.created_at,
            path=f"{section.path}/{clip.path}",
            size=clip.size,
            duration=int(clip.duration * 1000),
            date=clip.date,
        )
        if section.custom:
            item.base = {}
        elif not section.plain:
            item.base = {
                "title": clip.title,
                "summary": f"An agent's words about {clip.title}.",
                "tagline": "Found by an agent.",
                "studio": clip.studio,
                "contentRating": "NR",
                "audienceRating": 7.5,
            }
            kinds = {"genre": clip.tags, "director": (clip.director,), "actor": clip.performers}
            item.base_tags = {
                kind: [self.tag(kind, name).id for name in names if name] for kind, names in kinds.items()
            }
        return item

    def _index(self, item: Item) -> None:
        before = self.items.get(item.key)
        if before is not None:
            for tag in self._all_uses(before):
                self._uses[tag].discard(item.key)
            self._forget_paths(before)
        self.items[item.key] = item
        if item.collection_tag is not None:
            self._collections[item.section, item.collection_tag] = item.key
        for path in item.paths:
            self._paths[path] = item.key
        for tag in self._all_uses(item):
            self._uses.setdefault(tag, set()).add(item.key)

    def _forget_paths(self, item: Item) -> None:
        for path in item.paths:
            if self._paths.get(path) == item.key:
                del self._paths[path]

    def _all_uses(self, item: Item) -> Iterator[int]:
        for kind in {*item.tags, *(item.base_tags or ())}:
            yield from item.tag_uses(kind)

    def _take_tag(self, tag: Tag) -> None:
        self.tags[tag.id] = tag
        self._next_tag = max(self._next_tag, tag.id + 1)
        self._names[tag.kind, tag.name.lower()] = tag.id

    def _load(self, rows: list[tuple[str, msgspec.Raw]]) -> None:
        for kind, raw in rows:
            if kind == "gone":
                self._forget(msgspec.json.decode(raw, type=int))
            elif kind == "section gone":
                self._forget_section(msgspec.json.decode(raw, type=int))
            elif kind in {"provider gone", "group gone"}:
                number = msgspec.json.decode(raw, type=int)
                self.agents.forget(kind.partition(" ")[0], number)
                self._changed[kind, number] = (kind, number)
            elif kind in ROW_TYPES:
                self._take(kind, msgspec.json.decode(raw, type=ROW_TYPES[kind]))
        for section in self.sections.values():
            # Not every move of the counter is written; each of them has left a row, so that it never goes back.
            section.content_changed += len(rows)

    def _take(self, kind: str, row: Any) -> None:
        if kind == "item":
            self._index(row)
            self._next_item = max(self._next_item, row.key + 1, *(other.id + 1 for other in row.others))
        elif kind == "section":
            self.sections[row.key] = msgspec.structs.replace(row, refreshing=False)
        elif kind == "tag":
            self._take_tag(row)
        elif kind in {"provider", "group"}:
            self.agents.take(row)
        else:
            self.files[row.path] = row
        key = row.path if kind == "file" else row.key if kind in {"item", "section"} else row.id
        self._changed[kind, key] = (kind, row)

    def _forget_section(self, key: int) -> None:
        if key in self.sections:
            self.remove_section(self.sections[key])

    def _forget(self, key: int) -> None:
        item = self.items.get(key)
        if item is not None:
            self.remove_item(item)
        self._next_item = max(self._next_item, key + 1)
        self._changed["gone", key] = ("gone", key)
