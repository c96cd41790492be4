"""The one table of settings. Files, variables, plugin, pages and the reference page are derived from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationInfo, field_validator

from plexsync.config.kinds import (
    Address,
    Allowed,
    Database,
    Folder,
    Folders,
    HostName,
    HostNames,
    MaybeFile,
    Secret,
    Titles,
    TitlesOrAll,
    items,
    lower,
    wrong,
)
from plexsync.config.parts import PathRules, Servers
from plexsync.config.rulesetting import MaybeRules
from plexsync.config.timekinds import Schedule, Zone
from plexsync.model import fields
from plexsync.model.fields import Owner
from plexsync.model.gaps import Scope
from plexsync.model.portraits import PeoplePictures


class TitleWhenEmpty(StrEnum):
    """What Plex's title becomes when the scene has none."""

    KEEP = "keep"
    STEM = "stem"


class LogLevel(StrEnum):
    """From the most to the fewest lines."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


FieldOwner = Annotated[Owner, BeforeValidator(lower)]
PeoplesPictures = Annotated[PeoplePictures, BeforeValidator(lower)]
FieldNames = Annotated[
    tuple[fields.Field, ...],
    BeforeValidator(items),
    Allowed("a list of " + ", ".join(field.value for field in fields.Field)),
]


def setting(meaning: str, *, default: Any, group: str | None = None, early: bool = False, **limits: Any) -> Any:
    """One row. `group` opens a new group, which goes on until the next; an `early` setting is needed before
    the store and Stash can be read, so neither of them may hold it.
    """
    extra: dict[str, JsonValue] = {"group": group, "early": early}
    return Field(default=default, description=meaning, json_schema_extra=extra, **limits)


class Settings(BaseModel):
    """Every setting with its type, default, range and meaning."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False, str_strip_whitespace=True
    )

    data_dir: Folder = Field(
        description="Folder of the database, the secrets, the logs and `plexsync.toml`.",
        json_schema_extra={"group": "Where it runs", "early": True},
    )
    store_url: Database = setting(
        "Database. Without it: `plexsync.db` (SQLite) in the data folder.", default=None, early=True
    )
    host: HostName = setting(
        "Address to listen on; `0.0.0.0` is every address of this computer.",
        default="127.0.0.1",
    )
    port: int = setting("Port to listen on; 0 takes any free one.", default=9797, ge=0, le=65535)
    allowed_hosts: HostNames = setting(
        "Names under which the pages may be opened, besides addresses.",
        default=(),
    )
    url_from_plex: Address = setting(
        "How Plex reaches PlexSync: there it asks while it scans, and fetches pictures of people. Without it none of "
        "those are written.",
        default=None,
    )
    url_from_stash: Address = setting("How Stash reaches PlexSync, when not by host and port.", default=None)
    spool_folders: Folders = setting("Folders in which the hook notes changed scenes.", default=())

    stash_url: Address = setting("Address of Stash.", default=None, group="Stash and Plex")
    stash_api_key: Secret = setting("API key of Stash; needed when Stash has a login.", default=None)
    plex_url: Address = setting("Address of the Plex server, when there is only one.", default=None)
    plex_token: Secret = setting("X-Plex-Token of the Plex server's owner.", default=None)
    libraries: Titles = setting(
        "Plex libraries that are written, by title or key; empty: none is written.",
        default=(),
    )
    servers: Servers = setting(
        "Plex servers, when there are several, in place of `plex_url`, `plex_token` and `libraries`.",
        default=(),
    )
    path_rules: PathRules = setting(
        "How paths in Plex become paths in Stash; the first rule that fits wins.", default=()
    )
    rules: MaybeRules = setting(
        'What scenes give Plex and which take part: `[rules]`, and `[rules.library."Films"]` for one library.',
        default=None,
    )
    tls_verify: bool = setting("Check the certificates of Stash and Plex.", default=True)
    ca_file: MaybeFile = setting("Certificates to trust besides the usual ones (PEM).", default=None)

    strict_matching: bool = setting(
        "Write only where a scene's item is certain.",
        default=True,
        group="What is matched and when it is written",
    )
    skip_not_found: bool = setting(
        "A scene without an item in Plex is no gap: Plex holds only a part.",
        default=False,
    )
    scan_new_files: bool = setting(
        "Have Plex scan the folder of a new scene whose file it does not list yet.", default=False
    )
    preview_first_contact: bool = setting(
        "A newly chosen library is only previewed until you let its backlog be written.", default=True
    )
    preview: TitlesOrAll = setting(
        "Libraries whose writes always wait for your go, edits too; `true`: all.",
        default=(),
    )
    clear_foreign: FieldNames = setting(
        "Fields that an empty value in Stash clears even where PlexSync did not write them.", default=()
    )
    keep_edits: FieldNames = setting(
        "Fields whose edits in Plex are kept, and pinned at once, where `stash` decides them too.", default=()
    )
    rate_plex_items: bool = setting(
        "Write ratings also to items that are matched to Plex's own catalogue (`plex://`): such a rating may be shown "
        "to others beyond this server.",
        default=False,
    )
    title_when_empty: TitleWhenEmpty = setting(
        "A scene without title: `keep` Plex's own, or take the file name's `stem`.",
        default=TitleWhenEmpty.KEEP,
    )

    sync_enabled: bool = setting(
        "Master switch: off writes nothing.",
        default=True,
        group="Which fields are written",
    )
    sync_title: bool = setting("Write titles.", default=True)
    sync_sort_title: bool = setting("Write sort titles, where a rule gives one.", default=True)
    sync_summary: bool = setting("Write summaries.", default=True)
    sync_tagline: bool = setting("Write taglines, where a rule gives one.", default=True)
    sync_date: bool = setting("Write dates and years.", default=True)
    sync_studio: bool = setting("Write studios.", default=True)
    sync_content_rating: bool = setting("Write content ratings, where a rule gives one.", default=True)
    sync_rating: bool = setting("Write ratings.", default=True)
    sync_performers: bool = setting("Write performers as actors.", default=True)
    sync_director: bool = setting("Write directors.", default=True)
    sync_tags: bool = setting("Write tags as genres.", default=True)
    sync_labels: bool = setting("Write labels, where a rule gives some.", default=True)
    sync_collections: bool = setting("Write collections, where a rule gives some.", default=True)
    sync_cover: bool = setting("Write covers as posters.", default=True)
    sync_background: bool = setting("Write covers as backgrounds too.", default=False)
    people_pictures: PeoplesPictures = setting(
        "Write performers' pictures, which a person has one of in all of a Plex server: `always`, `never`, or `safe`, "
        "which leaves out names that libraries outside the synced ones list.",
        default=PeoplePictures.SAFE,
    )

    owner_title: FieldOwner = setting(
        "Who decides the title: `stash` always, `fill` only where Plex is empty, `plex` never written.",
        default=Owner.STASH,
        group="Who decides a field",
    )
    owner_sort_title: FieldOwner = setting("Who decides the sort title.", default=Owner.STASH)
    owner_summary: FieldOwner = setting("Who decides the summary.", default=Owner.STASH)
    owner_tagline: FieldOwner = setting("Who decides the tagline.", default=Owner.STASH)
    owner_date: FieldOwner = setting("Who decides date and year.", default=Owner.STASH)
    owner_studio: FieldOwner = setting("Who decides the studio.", default=Owner.STASH)
    owner_content_rating: FieldOwner = setting("Who decides the content rating.", default=Owner.STASH)
    owner_rating: FieldOwner = setting("Who decides the rating.", default=Owner.FILL)
    owner_actors: FieldOwner = setting("Who decides the actors.", default=Owner.STASH)
    owner_directors: FieldOwner = setting("Who decides the directors.", default=Owner.STASH)
    owner_genres: FieldOwner = setting("Who decides the genres.", default=Owner.STASH)
    owner_labels: FieldOwner = setting(
        "Who decides the labels; whoever does, what others put there stays.", default=Owner.STASH
    )
    owner_collections: FieldOwner = setting(
        "Who decides the collections; whoever does, what others put there stays.", default=Owner.STASH
    )
    owner_poster: FieldOwner = setting("Who decides the poster.", default=Owner.STASH)
    owner_background: FieldOwner = setting("Who decides the background.", default=Owner.STASH)

    provider_last_known: bool = setting(
        "While Stash is away tell Plex what was last known of a scene, in place of asking it to come back.",
        default=False,
        group="What Plex is told when it asks",
    )
    provider_heeds_adult: bool = setting(
        "Match scenes only where Plex asks for adult results too: it may leave that out for libraries that take them.",
        default=False,
    )

    max_retries: int = setting(
        "Attempts after the first before a failure is laid aside.",
        default=5,
        ge=1,
        le=20,
        group="Times and numbers",
    )
    connect_timeout: float = setting("Seconds to wait for a connection.", default=5.0, ge=1, le=30)
    read_timeout: float = setting("Seconds to wait for an answer.", default=30.0, ge=5, le=120)
    poll_interval: float = setting(
        "Seconds between looks at the spool and at due work.",
        default=1.0,
        ge=0.1,
        le=60,
    )
    stash_poll: float = setting(
        "Seconds between looks for what changed in Stash; hooks arrive at once.", default=30.0, ge=5, le=600
    )
    night_poll: bool = setting(
        "Look for changes at night as well; off, Stash is left alone from 1 to 6 o'clock but for hooks.", default=True
    )
    full_walk_hours: float = setting("Hours between walks through everything.", default=24.0, ge=1, le=720)
    reconcile: Schedule = setting(
        "When gaps between Stash and Plex are searched and closed by themselves: `never`, `hourly`, `daily`, `weekly`, "
        'or as cron has it, `"30 4 * * *"`; unless `never` also at the start, if the last time is over an hour ago.',
        default="daily",
    )
    reconcile_scope: Annotated[Scope, BeforeValidator(lower)] = setting(
        "What is searched then: `all`, what was added or changed in the last `24h` or `7d`, or only what is `empty` in "
        "Plex.",
        default=Scope.ALL,
    )
    timezone: Zone = setting(
        "Time zone of schedules, as `Europe/Berlin`; without it that of this computer.", default=None
    )
    dead_letter_days: int = setting("Days that dead letters are kept.", default=30, ge=1, le=365)
    purge_days: int = setting(
        "Days that a purge of dead letters leaves alone; 0 purges all of them.", default=7, ge=0, le=365
    )
    history_days: int = setting("Days that the history of writes is kept.", default=90, ge=1, le=3650)

    log_level: Annotated[LogLevel, BeforeValidator(lower)] = setting(
        "How much is logged.", default=LogLevel.INFO, group="Logs"
    )
    log_obfuscate: bool = setting(
        "Replace titles and paths in logs by ids that stay the same.",
        default=False,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_switch_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation in {int, float}:
            raise wrong("is not a number", "write a number without quotes")
        return value


#: What a plain name says about the one server that it describes.
PLAIN: dict[Literal["plex_url", "plex_token", "libraries"], str] = {
    "plex_url": "url",
    "plex_token": "token",
    "libraries": "libraries",
}

#: The switch and the owner of each field; the year goes with the date.
SWITCH: dict[fields.Field, str] = {
    fields.Field.TITLE: "sync_title",
    fields.Field.SORT_TITLE: "sync_sort_title",
    fields.Field.SUMMARY: "sync_summary",
    fields.Field.TAGLINE: "sync_tagline",
    fields.Field.DATE: "sync_date",
    fields.Field.YEAR: "sync_date",
    fields.Field.STUDIO: "sync_studio",
    fields.Field.CONTENT_RATING: "sync_content_rating",
    fields.Field.RATING: "sync_rating",
    fields.Field.ACTORS: "sync_performers",
    fields.Field.DIRECTORS: "sync_director",
    fields.Field.GENRES: "sync_tags",
    fields.Field.LABELS: "sync_labels",
    fields.Field.COLLECTIONS: "sync_collections",
    fields.Field.POSTER: "sync_cover",
    fields.Field.BACKGROUND: "sync_background",
}
OWNER: dict[fields.Field, str] = {
    field: "owner_date" if field is fields.Field.YEAR else f"owner_{field.value}" for field in fields.Field
}
