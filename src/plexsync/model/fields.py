"""The closed list of fields that PlexSync writes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plexsync.model.item import Person

#: A field's value in normal form. None means empty; lists are tuples; a picture is the sha1 of its bytes.
Value = str | int | float | tuple[str, ...] | tuple[Person, ...] | None


class Field(StrEnum):
    """Names as in tables, logs, pages and docs."""

    TITLE = "title"
    SORT_TITLE = "sort_title"
    SUMMARY = "summary"
    TAGLINE = "tagline"
    DATE = "date"
    YEAR = "year"
    STUDIO = "studio"
    CONTENT_RATING = "content_rating"
    RATING = "rating"
    ACTORS = "actors"
    DIRECTORS = "directors"
    GENRES = "genres"
    LABELS = "labels"
    COLLECTIONS = "collections"
    POSTER = "poster"
    BACKGROUND = "background"


class Kind(StrEnum):
    """How a field is compared and sent."""

    TEXT = "text"
    DATE = "date"
    NUMBER = "number"
    TAGS = "tags"
    PEOPLE = "people"
    PICTURE = "picture"


class Owner(StrEnum):
    """Who decides a field's value."""

    STASH = "stash"  #: we set it
    FILL = "fill"  #: we write where Plex is empty or holds what we wrote
    PLEX = "plex"  #: never written


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """`plex` is the parameter's name in an edit; `limit` counts characters of a text or of one list entry."""

    field: Field
    kind: Kind
    plex: str
    owner: Owner
    limit: int = 0
    lockable: bool = True
    keep_when_empty: bool = False  #: an empty value in Stash leaves Plex's own, whoever wrote it
    shared: bool = False  #: a list of which only the entries that we added are ours, whoever owns the field


FIELDS: dict[Field, FieldSpec] = {
    spec.field: spec
    for spec in (
        FieldSpec(
            field=Field.TITLE,
            kind=Kind.TEXT,
            plex="title",
            owner=Owner.STASH,
            limit=255,
            keep_when_empty=True,
        ),
        FieldSpec(field=Field.SORT_TITLE, kind=Kind.TEXT, plex="titleSort", owner=Owner.STASH, limit=255),
        FieldSpec(field=Field.SUMMARY, kind=Kind.TEXT, plex="summary", owner=Owner.STASH, limit=10_000),
        FieldSpec(field=Field.TAGLINE, kind=Kind.TEXT, plex="tagline", owner=Owner.STASH, limit=255),
        FieldSpec(field=Field.DATE, kind=Kind.DATE, plex="originallyAvailableAt", owner=Owner.STASH),
        FieldSpec(field=Field.YEAR, kind=Kind.NUMBER, plex="year", owner=Owner.STASH),
        FieldSpec(field=Field.STUDIO, kind=Kind.TEXT, plex="studio", owner=Owner.STASH, limit=255),
        FieldSpec(field=Field.CONTENT_RATING, kind=Kind.TEXT, plex="contentRating", owner=Owner.STASH, limit=50),
        # A user's rating lives apart from the item: Plex has no lock for it and a refresh leaves it alone.
        FieldSpec(field=Field.RATING, kind=Kind.NUMBER, plex="userRating", owner=Owner.FILL, lockable=False),
        FieldSpec(field=Field.ACTORS, kind=Kind.PEOPLE, plex="actor", owner=Owner.STASH, limit=255),
        FieldSpec(field=Field.DIRECTORS, kind=Kind.TAGS, plex="director", owner=Owner.STASH, limit=255),
        FieldSpec(field=Field.GENRES, kind=Kind.TAGS, plex="genre", owner=Owner.STASH, limit=255),
        FieldSpec(field=Field.LABELS, kind=Kind.TAGS, plex="label", owner=Owner.STASH, limit=255, shared=True),
        FieldSpec(
            field=Field.COLLECTIONS, kind=Kind.TAGS, plex="collection", owner=Owner.STASH, limit=255, shared=True
        ),
        FieldSpec(field=Field.POSTER, kind=Kind.PICTURE, plex="thumb", owner=Owner.STASH, keep_when_empty=True),
        FieldSpec(field=Field.BACKGROUND, kind=Kind.PICTURE, plex="art", owner=Owner.STASH, keep_when_empty=True),
    )
}
