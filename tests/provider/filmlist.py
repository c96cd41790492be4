"""Files as disks have them: names that are easily taken for each other, half of some folders unknown to Stash."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

#: The libraries' folders below the root, and how many of ten files lie in each.
LIBRARIES = ("Films", "Séries d'été", "夜/Tiefes Regal")
SHARES = (6, 3, 1)
#: Folders of which Stash knows everything, every second file, or nothing.
_SHELVES = (
    ("Open movies", 1),
    ("Half/Known", 2),
    ("Café (old)", 1),
    ("Nobody knows", 0),
    ("Season 1", 2),
    ("[4K] 100%", 1),
    ("A/B/C/D/E", 1),
)
_TITLES = ("Sintel", "Big Buck Bunny", "Été à Zürich", "夜の歌", "Ночной свет", "Rock & Roll", "It's #1", "say “so” 🎬")
_NAMES = (
    "{title}/{title}.mp4",
    "{title} {n} ({year})/video.mp4",
    "{title} {n} ({year})/{title} ({year}).1080p.x264-GRP.mkv.mp4",
    "{title} {n}/Disc 1/01.mp4",
    "{title} {n}/Disc 2/01.mp4",
    "{n}.mp4",
    "{title}_{n}_%.mp4",
    "{title}  two  spaces {n}.mp4",
    "[{n}] (x) {title} {year}.mp4",
    "{year}/{title} {n}.part.of.MP4",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """`place` is the path below the root, as the disk spells it; `twin` is the number of one with the same content."""

    number: int
    library: int
    place: str
    known: bool
    twin: int | None = None

    @property
    def relative(self) -> str:
        """The path below the library's folder."""
        return self.place.removeprefix(LIBRARIES[self.library] + "/")

    @property
    def title(self) -> str:
        """What a scanner of Plex makes of the file's name."""
        return PurePosixPath(self.place).stem.split(" (")[0]


def film_list(count: int) -> list[Film]:
    """The same ones for the same count; no two have one place, nor one relative path in two libraries."""
    films: list[Film] = []
    for number in range(count):
        library = [0, 1, 0, 2, 0, 1, 0, 1, 0, 0][number % 10]
        shelf, share = _SHELVES[number // 2 % len(_SHELVES)]
        relative = f"{shelf}/{_named(number)}"
        known = share == 1 or (share == 2 and number % 4 < 2)
        films.append(Film(number=number, library=library, place=f"{LIBRARIES[library]}/{relative}", known=known))
    return [*films, *_twins(films)]


def _named(number: int) -> str:
    title = _TITLES[number // 3 % len(_TITLES)]
    name = _NAMES[number % len(_NAMES)].format(title=title, n=number, year=1990 + number % 40)
    if number % len(_NAMES) == 0:
        name = f"{number}/{name}"
    form = ("NFC", "NFD", "mixed")[number % 3]
    if form == "mixed":
        head, _, tail = name.rpartition(" ")
        return unicodedata.normalize("NFD", head) + " " * bool(head) + unicodedata.normalize("NFC", tail)
    return unicodedata.normalize("NFC" if form == "NFC" else "NFD", name)


def _twins(films: Sequence[Film]) -> list[Film]:
    """Of some files that Stash knows there is a second copy, which it takes for the same scene."""
    copied = [film for film in films if film.known][::20]
    return [
        Film(number=len(films) + at, library=one.library, place=_copy(one), known=True, twin=one.number)
        for at, one in enumerate(copied)
    ]


def _copy(film: Film) -> str:
    return f"{LIBRARIES[film.library]}/Copies/{film.number}/{PurePosixPath(film.place).name}"


def forms_of(film: Film, root: str) -> list[str]:
    """Every form in which a Plex with its libraries below `root` may name the file."""
    library = LIBRARIES[film.library].rpartition("/")[2]
    if "\\" in root:
        return [one.replace("/", "\\") for one in (film.relative, f"{library}/{film.relative}", f"{root}/{film.place}")]
    plain = [film.relative, f"/{film.relative}", f"{library}/{film.relative}", f"{root}/{film.place}"]
    both = [*plain, *(one.replace("/", "\\") for one in plain)]
    return [unicodedata.normalize(form, one) for one in both for form in ("NFC", "NFD")] + plain


def form_of(film: Film, root: str) -> str:
    """One of them, another for each film."""
    forms = forms_of(film, root)
    return forms[film.number * 7 % len(forms)]
