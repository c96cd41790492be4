"""The rows of the table of fields: what a scene gives each field, what a person puts there, how a judge reads it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from operator import attrgetter
from typing import Any

from PIL import Image

from plexsync.model.fields import FIELDS, Field, Kind
from sync.test_story import picture

#: A scene that gives nothing.
BARE: dict[str, Any] = {
    "title": None,
    "code": "",
    "details": "",
    "date": None,
    "director": "",
    "rating100": None,
    "urls": [],
    "studio_id": None,
    "performers": [],
    "tags": [],
    "groups": [],
    "cover_image": None,
}
#: The tag that stands for each content rating.
RATED = {"TV-14": "rated 1", "PG": "rated 2", "Première #1 & 2+": "rated 3"}
#: Every field gets something of the scene, each from a place of its own.
RULES: dict[str, Any] = {
    "sort_title": "{code}",
    "tagline": "{url}",
    "collections": ["groups"],
    "tags": [
        {"like": "label: *", "to": "label", "as": "{name|after:label: }"},
        {"like": "rated *", "to": "nothing"},
    ],
    # The settings' own text is no normal form either.
    "content_ratings": [{"name": tag, "rating": rating.replace("è", "e\u0300")} for rating, tag in RATED.items()],
}

LONG = "Word " * 2500
#: Letters of two parts, what is not drawn, an emoji of several, marks of direction, what a query means otherwise.
ODD = "Cafe\u0301\x07 n\u200bai\u0308ve\ufeff \U0001f469\u200d\U0001f680 \u2067שלום\u2069\u200f a+b & 100% #1?\r\nend"
ODD_SHOWN = "Café naïve \U0001f469\u200d\U0001f680 שלום a+b & 100% #1? end"
#: Stash's markup, in details alone.
MARKED, MARKED_SHOWN = "**Bold** [link](https://x.example/) &amp; <i>more</i>\n", "Bold link & more\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Values are as the judge reads them, None or () for nothing; of `long` and `odd` the scene gives the first and
    Plex shows the second.

    `stash` is what a scene needs to give a value, `plex` what a person writes in Plex to put one there.
    """

    field: Field
    a: Any
    b: Any
    theirs: Any
    stash: Callable[[Any], Mapping[str, Any]]
    plex: Callable[[Any], Mapping[str, Any]]
    read: Callable[[Any], Any]
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)  #: values of some columns, by name
    long: tuple[Any, Any] = (None, None)
    odd: tuple[Any, Any] = (None, None)

    @property
    def name(self) -> str:
        """Plex's name of the field."""
        return FIELDS[self.field].plex

    @property
    def is_list(self) -> bool:
        return FIELDS[self.field].kind in (Kind.TAGS, Kind.PEOPLE)

    @property
    def is_picture(self) -> bool:
        return FIELDS[self.field].kind is Kind.PICTURE

    def given(self, word: str) -> Any:
        """What the scene gives for a word of the table."""
        return getattr(self, word)[0] if word in {"long", "odd"} else self.shown(word)

    def shown(self, word: str) -> Any:
        """What the judge is to read for a word of the table."""
        if word in {"long", "odd"}:
            return getattr(self, word)[1]
        if word == "none":
            return () if self.is_list else None
        return getattr(self, word) if word in {"a", "b", "theirs"} else self.more[word]


def cut(text: str, limit: int) -> str:
    """As much of a text of short words as fits."""
    return text[: limit + 1].rsplit(" ", 1)[0]


def _text(one: Field, stash: Callable[[Any], Mapping[str, Any]], limit: int) -> Row:
    name = FIELDS[one].plex
    return Row(
        field=one,
        a="Dawn & dusk, 100 % + #1?",
        b="日本語 <two>",
        theirs="By hand",
        stash=stash,
        plex=lambda value: {name: value or ""},
        read=lambda item: getattr(item, name) or None,
        long=(LONG, cut(LONG, limit)),
        odd=(ODD, ODD_SHOWN),
    )


def _plain(key: str, value: str | None) -> dict[str, Any]:
    return {key: value or ""}


def _studio(value: str | None) -> dict[str, Any]:
    return {"studio_id": None} if value is None else {"studio": value}


def _sort_title(item: Any) -> str | None:
    """Where there is none, Plex's clients sort by the title."""
    return None if item.titleSort == item.title else item.titleSort


def _entries(
    one: Field, stem: str, plural: str, marks: Sequence[str], stash: Callable[[tuple[str, ...]], Mapping[str, Any]]
) -> Row:
    """A list of names; `marks` follow the letter of each."""
    a, b, c, d = (f"{stem} {letter}{mark}" for letter, mark in zip("abcd", marks, strict=True))
    read = attrgetter("roles" if plural == "actors" else plural)
    return Row(
        field=one,
        a=(a, b),
        b=(b, c),
        theirs=(f"{stem} theirs", f"{stem} older"),
        more={"three": (a, b, c), "four": (a, b, c, d), "one": (a,), "turned": (c, a, b)},
        stash=lambda value: stash(value or ()),
        plex=lambda value: {plural: list(value or ())},
        read=lambda item: tuple(entry.tag for entry in read(item)),
        long=((f"{stem} {LONG}",), (cut(f"{stem} {LONG}", 255),)),
        odd=((f"{stem} {ODD}",), (f"{stem} {ODD_SHOWN}",)),
    )


@cache
def drawn(kind: str, red: int, height: int = 60) -> bytes:
    """A picture of one colour, twice as wide as it is high."""
    written = io.BytesIO()
    Image.new("RGB", (height * 2, height), (red, 90, 160)).save(written, kind)
    return written.getvalue()


def looks(content: bytes) -> str:
    """What there is to see in a picture."""
    with Image.open(io.BytesIO(content)) as image:
        red = image.convert("RGB").resize((1, 1)).tobytes()[0]
        return f"{image.format} {image.size[0]}x{image.size[1]} red {round(red / 10) * 10}"


def _cover(value: str | bytes | None) -> dict[str, Any]:
    """A scene's cover, by its looks or as it is."""
    if value is None:
        return {"cover_image": None}
    content = value if isinstance(value, bytes) else drawn("JPEG", int(value.rpartition(" ")[2]))
    return {"cover_image": picture(content)}


def _shown_picture(listing: str, item: Any) -> str | None:
    """The looks of an upload that is shown; a frame of the video is nothing."""
    found = next((one for one in getattr(item, listing)() if one.selected), None)
    if found is None or not found.ratingKey.startswith("upload://"):
        return None
    server = item._server
    return looks(server._session.get(server.url(found.key, includeToken=True)).content)


def _picture(one: Field, listing: str) -> Row:
    return Row(
        field=one,
        a="JPEG 120x60 red 40",
        b="JPEG 120x60 red 120",
        theirs="PNG 120x60 red 240",
        stash=_cover,
        plex=lambda _: {},
        read=partial(_shown_picture, listing),
        long=(drawn("PNG", 200, 900), "JPEG 1500x750 red 200"),
        odd=(drawn("GIF", 40), "JPEG 120x60 red 40"),
    )


def _rows() -> list[Row]:
    summary = _text(Field.SUMMARY, partial(_plain, "details"), 10_000)
    rated = _text(Field.CONTENT_RATING, lambda value: {"tags": [] if value is None else [RATED[value]]}, 50)
    odd_lines = ODD_SHOWN.replace(" end", "\nend")
    return [
        _text(Field.TITLE, partial(_plain, "title"), 255),
        replace(_text(Field.SORT_TITLE, partial(_plain, "code"), 255), read=_sort_title),
        replace(summary, odd=(MARKED + ODD, MARKED_SHOWN + odd_lines)),
        _text(Field.TAGLINE, lambda value: {"urls": [] if value is None else [value]}, 255),
        _text(Field.STUDIO, _studio, 255),
        replace(rated, a="TV-14", b="PG", odd=("Première #1 & 2+",) * 2),
        Row(
            field=Field.DATE,
            a="2010-09-27",
            b="2011-01-02",
            theirs="1990-03-04",
            stash=lambda value: {"date": value},
            plex=lambda value: {"originallyAvailableAt": value or ""},
            read=lambda item: item.originallyAvailableAt and f"{item.originallyAvailableAt:%Y-%m-%d}",
        ),
        Row(
            field=Field.YEAR,
            a=2010,
            b=2011,
            theirs=1990,
            stash=lambda value: {"date": value and f"{value}-09-27"},
            plex=lambda value: {"year": value or ""},
            read=attrgetter("year"),
        ),
        Row(
            field=Field.RATING,
            a=7.3,
            b=2.0,
            theirs=9.0,
            stash=lambda value: {"rating100": value and round(value * 10)},
            plex=lambda value: {"userRating": value or ""},
            read=attrgetter("userRating"),
        ),
        _entries(Field.GENRES, "Genre", "genres", ("", ", x", " & +", "#%"), lambda value: {"tags": list(value)}),
        # Plex may give labels a capital letter.
        _entries(
            Field.LABELS,
            "mark",
            "labels",
            ("", ", x", " & +", "#%"),
            lambda value: {"tags": [f"label: {each}" for each in value]},
        ),
        _entries(
            Field.COLLECTIONS, "Set", "collections", ("", ", x", " & +", "#%"), lambda value: {"groups": list(value)}
        ),
        _entries(Field.ACTORS, "Actor", "actors", ("", ", x", " & +", "#%"), lambda value: {"performers": list(value)}),
        # Commas part directors in Stash.
        _entries(
            Field.DIRECTORS, "Dir", "directors", ("", " x", " & +", "#%"), lambda value: {"director": "; ".join(value)}
        ),
        _picture(Field.POSTER, "posters"),
        _picture(Field.BACKGROUND, "arts"),
    ]


ROWS: dict[Field, Row] = {row.field: row for row in _rows()}
