"""What the story of a scene is told with."""

from __future__ import annotations

from dataclasses import dataclass

from plexsync.art import Art
from plexsync.model.rules import RuleBook, Rules
from plexsync.plex.client import PlexClient
from plexsync.plex.writer import Writer
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.story.collectionposters import CollectionPosters
from plexsync.sync.story.finder import Finder
from plexsync.sync.story.portraits import Portraits
from plexsync.sync.story.writerlock import WriterLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """One server, and everything that its scenes need."""

    server: str
    database: Transactions
    plex: PlexClient
    writer: Writer
    pen: WriterLock
    art: Art
    portraits: Portraits
    collection_posters: CollectionPosters
    rules: RuleBook
    libraries: Libraries
    finder: Finder
    clock: Clock
    run: str  #: the id under which this daemon's writes are kept

    def rules_of(self, section: int) -> Rules:
        """The rules of the library with this key."""
        titles = (one.title for one in self.libraries.sections if one.key == section)
        return self.rules.of(*titles, str(section))
