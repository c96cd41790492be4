"""How a simulated Plex is set up, and the switches for what is not known about a real one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEFAULT_TOKEN = "sim-plex-token"  # noqa: S105  # of a simulator on loopback
MODERN_AGENT = "tv.plex.agents.movie"
PLAIN_AGENT = "com.plexapp.agents.none"
#: How the identifiers of providers outside of the server begin.
CUSTOM = "tv.plex.agents.custom."
VERSION = "1.43.2.10687-563d026ea"


FilenameForm = Literal["relative", "slash", "folder", "absolute", "backslashes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexOptions:
    """One simulated server. The same options make the same server, machine identifier included."""

    items: int = 40  #: clips in the first section
    token: str = DEFAULT_TOKEN
    guest_token: str | None = None  #: of a user who may only read
    prefix: str = "/plex/media"  #: where Plex sees the files of the first section
    state: Path | None = None  #: folder that outlives the process
    machine_identifier: str | None = None
    friendly_name: str = "Simulated Plex"
    section_count: int = 1  #: 2 adds a section "Movies" with the modern agent
    movies: int = 10  #: items in that section
    movies_prefix: str = "/plex/movies"
    clock: Callable[[], float] = time.time


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be one way or the other on a real server; `PUT /_sim/switches` with any of these."""

    tag_mode: Literal["additive", "replace"] = "additive"
    multi_removal: Literal["all", "first"] = "all"
    tags_move: bool = False  #: a tag that is added again goes behind the others
    agent_portraits: bool = False  #: a refresh gives the agent's people the agent's pictures, everywhere
    poster_upload_locks: bool = True
    page_cap_1000_to_400: bool = False
    missing_id: Literal["skip", "404"] = "skip"
    ignore_excludes: bool = False
    url_limit: int | None = 8192  #: bytes of the request line
    upload_limit: int = 10_480_000  #: bytes of a picture
    plus_is_space: bool = True
    date_drives_year: bool = False
    labels_capitalized: bool = False
    empty_collections_vanish: bool = True
    edit_events: bool = False  #: field edits are told over the WebSocket
    tells: bool = True  #: anything at all is told over the WebSocket
    websockets: Literal["well", "silent"] = "well"  #: silent ones stay open, and answer no ping
    websocket_admits: Literal["any", "header", "query"] = "any"  #: where a WebSocket's token has to be
    string_ids_in_events: bool = True
    unlisted: list[int] = []  #: libraries that the list of libraries leaves out, as while a server starts
    updated_filter: Literal["applied", "ignored", "refused"] = "applied"  #: what becomes of `updatedAt>>=`
    moved_file_keeps_key: bool = False
    scan_hold: bool = False  #: scans stay unfinished until this is off
    machine_identifier: str | None = None  #: answer as another server
    claimed: bool = True  #: an account owns the server; until then it lets in whoever comes without a token
    version: str = VERSION  #: as the server tells it; before 1.43 it knows nothing of metadata providers
    provider_answers: bool = True  #: registering and changing tell what came of it; else their answers are empty
    provider_moves_at_restart: bool = False  #: a provider's new address is shown at once, and called after a restart
    other_videos_take_provider: bool = True  #: a library "Other Videos" may be given a custom provider
    provider_parallel: int = 8  #: requests to providers at once, of a scan and of refreshes
    provider_timeout: float = 90.0  #: seconds until the answer of a provider must be there
    provider_filename: FilenameForm = "relative"  #: how a provider is told the path of a file
    manual_filename: bool = False  #: a person's search tells the file too
    include_adult: bool | None = None  #: what a search tells of adult results; None: nothing
    rematch_on_refresh: bool = False  #: a refresh asks for a match too, and does not heed the answer
    first_genre_only: bool = True  #: of a provider's genres only the first one is kept
    provider_collections: bool = True  #: a provider's collections are kept
    refuse_private_images: bool = True  #: a picture at a private address is not fetched; its address is kept
    image_by_url: bool = False  #: no picture of a provider is fetched; their addresses are kept
