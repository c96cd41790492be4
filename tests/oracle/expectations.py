"""The table: what stands in Plex after each happening, for every field, by who decides it.

a, b, long, odd, one, three, turned    what Stash gives (see `rows`), and the field is locked
none                                   nothing, and the field is locked: what we had written is cleared
theirs                                 what a person put there, and its lock as they left it
theirs!                                the same, and locked, because we wrote beside it
theirs+a, theirs+b                     what a person put there beside what Stash gives
start                                  what Plex made of the file, not locked
a/open                                 what Stash gives, not locked: a person unlocked it and it is still there
-                                      makes no sense, see LEFT_OUT
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plexsync.model.fields import Field

GROUPS: dict[str, tuple[Field, ...]] = {
    "title": (Field.TITLE,),
    "texts": (Field.SORT_TITLE, Field.SUMMARY, Field.TAGLINE, Field.STUDIO, Field.CONTENT_RATING),
    "dates": (Field.DATE, Field.YEAR),
    "rating": (Field.RATING,),
    "lists": (Field.GENRES, Field.ACTORS, Field.DIRECTORS),
    "shared": (Field.LABELS, Field.COLLECTIONS),
    "pictures": (Field.POSTER, Field.BACKGROUND),
}
NUMBERS = ("dates", "rating")
SINGLE = ("title", "texts", *NUMBERS, "pictures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Plex holds `before`, Stash gives `first`; after the sync a person does `by_hand`, and Stash gives `second`."""

    first: str
    before: Literal["none", "theirs"] = "none"
    locked: bool = False  #: by a person, before us
    by_hand: Literal["", "none", "theirs", "refresh"] = ""  #: `refresh`: the field is unlocked, then Plex refreshes
    second: str = ""  #: "": as before


HAPPENINGS: dict[str, Happening] = {
    "set": Happening(first="a"),
    "change": Happening(first="a", second="b"),
    "clear": Happening(first="a", second="none"),
    "add": Happening(first="a", second="three"),
    "remove": Happening(first="four", second="one"),
    "reorder": Happening(first="three", second="turned"),
    "too long": Happening(first="long"),
    "odd characters": Happening(first="odd"),
    "foreign": Happening(before="theirs", first="a"),
    "foreign, none in Stash": Happening(before="theirs", first="none"),
    "foreign, cleared": Happening(before="theirs", first="a", second="none"),
    "locked": Happening(before="theirs", locked=True, first="a"),
    "locked empty": Happening(locked=True, first="a"),
    "edited": Happening(first="a", by_hand="theirs"),
    "edited, changed": Happening(first="a", by_hand="theirs", second="b"),
    "edited, cleared": Happening(first="a", by_hand="theirs", second="none"),
    "emptied": Happening(first="a", by_hand="none"),
    "unlocked, refreshed": Happening(first="a", by_hand="refresh"),
}

STASH_DECIDES = """
                        title   texts   dates   rating  lists   shared    pictures
set                     a       a       a       a       a       a         a
change                  b       b       b       b       b       b         b
clear                   a       none    none    none    none    none      a
add                     -       -       -       -       three   three     -
remove                  -       -       -       -       one     one       -
reorder                 -       -       -       -       turned  three     -
too long                long    long    -       -       long    long      long
odd characters          odd     odd     -       -       odd     odd       odd
foreign                 a       a       a       a       a       theirs+a  a
foreign, none in Stash  theirs  theirs  theirs  theirs  theirs  theirs    theirs
foreign, cleared        a       none    none    none    none    theirs!   a
locked                  a       a       a       -       a       theirs+a  a
locked empty            -       a       a       -       a       a         a
edited                  a       a       a       a       a       theirs+a  a
edited, changed         b       b       b       b       b       theirs+b  b
edited, cleared         theirs  theirs  theirs  theirs  theirs  theirs    theirs
emptied                 -       a       a       a       a       a         a
unlocked, refreshed     a       a       a       a       a       a/open    a
"""

#: We write where Plex is empty or holds what we wrote. A title is never empty: Plex makes one of the file's name.
FILLS = """
                        title   texts   dates   rating  lists   shared    pictures
set                     start   a       a       a       a       a         a
change                  start   b       b       b       b       b         b
clear                   start   none    none    none    none    none      a
add                     -       -       -       -       three   three     -
remove                  -       -       -       -       one     one       -
reorder                 -       -       -       -       turned  three     -
too long                start   long    -       -       long    long      long
odd characters          start   odd     -       -       odd     odd       odd
foreign                 theirs  theirs  theirs  theirs  theirs  theirs    theirs
foreign, none in Stash  theirs  theirs  theirs  theirs  theirs  theirs    theirs
foreign, cleared        theirs  theirs  theirs  theirs  theirs  theirs    theirs
locked                  theirs  theirs  theirs  -       theirs  theirs    theirs
locked empty            -       a       a       -       a       a         a
edited                  theirs  theirs  theirs  theirs  theirs  theirs    theirs
edited, changed         theirs  theirs  theirs  theirs  theirs  theirs    theirs
edited, cleared         theirs  theirs  theirs  theirs  theirs  theirs    theirs
emptied                 -       a       a       a       a       a         a
unlocked, refreshed     start   a       a       a       a       a/open    a
"""

#: `clear_foreign` names every field: what Plex held before us goes where Stash has nothing.
CLEARS_FOREIGN = """
                        title   texts   dates   rating  lists   shared    pictures
foreign, none in Stash  theirs  none    none    none    none    theirs    theirs
foreign, cleared        a       none    none    none    none    theirs!   a
edited, cleared         theirs  none    none    none    none    theirs    theirs
"""

#: `keep_edits` names every field: what a person changed in Plex stays, whatever Stash says from then on.
KEEPS_EDITS = """
                        title   texts   dates   rating  lists   shared    pictures
edited                  theirs  theirs  theirs  theirs  theirs  theirs    theirs
edited, changed         theirs  theirs  theirs  theirs  theirs  theirs    theirs
emptied                 -       none    none    none    none    none      none
"""

#: Why a cell makes no sense: by happening, and by field or group.
LEFT_OUT: dict[str, dict[str, str]] = {
    **{happening: dict.fromkeys(SINGLE, "one value has no entries") for happening in ("add", "remove")},
    "reorder": {
        **dict.fromkeys(SINGLE, "one value has no entries"),
        "genres": "Stash tells tags by name, whatever order they were given in",
        "actors": "Stash tells performers from the oldest to the newest; a rule turns them, see test_order_by_rule",
    },
    "too long": {
        **dict.fromkeys(NUMBERS, "a number and a day have no length"),
        "content_rating": "the settings take no text longer than the field",
    },
    "odd characters": dict.fromkeys(NUMBERS, "a number and a day have no characters"),
    "locked": {"rating": "Plex has no lock for ratings"},
    "locked empty": {"title": "Plex always has a title", "rating": "Plex has no lock for ratings"},
    "emptied": {"title": "Plex always has a title"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field and one happening, and the word for what is to stand in Plex."""

    field: Field
    happening: str
    word: str

    def __str__(self) -> str:
        return f"{self.field.value}, {self.happening}"


def cells(table: str) -> list[Cell]:
    """The cells of a table that make sense."""
    head, *lines = table.strip("\n").splitlines()
    width = len(head) - len(head.lstrip())
    found = []
    for line in lines:
        happening = line[:width].strip()
        for group, word in zip(head.split(), line[width:].split(), strict=True):
            reasons = LEFT_OUT.get(happening, {})
            assert (word == "-") == (group in reasons), f"{happening}, {group}: no reason, or a reason for nothing"
            fields = [one for one in GROUPS[group] if word != "-" and one.value not in reasons]
            found += [Cell(field=one, happening=happening, word=word) for one in fields]
    return found
