"""The films that both simulators hold: the same clip has the same number, path and cover everywhere."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import count as numbers
from itertools import islice
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterator

COVER_SIZE = (320, 180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One video file and what is known about it."""

    number: int  #: from 1, without gaps
    title: str
    date: str  #: YYYY-MM-DD
    details: str
    studio: str
    performers: tuple[str, ...]
    tags: tuple[str, ...]
    director: str
    path: str  #: relative to a library's root, with forward slashes
    size: int  #: bytes
    duration: float  #: seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film that may be shown in more than one take."""

    title: str
    year: int
    director: str
    details: str
    seconds: int
    roles: tuple[str, ...]
    tags: tuple[str, ...]
    studio: str = "Blender Foundation"


FILMS = (
    Film(
        title="Sintel",
        year=2010,
        director="Colin Levy",
        seconds=888,
        details="A lonely traveller searches the world for a small dragon she once cared for.",
        roles=("Sintel", "The Shaman", "Scales"),
        tags=("animation", "short", "fantasy", "dragon"),
    ),
    Film(
        title="Big Buck Bunny",
        year=2008,
        director="Sacha Goedegebure",
        seconds=596,
        details="A large and gentle rabbit settles a score with three small bullies of the forest.",
        roles=("Bunny", "Frank", "Rinky", "Gamera"),
        tags=("animation", "short", "comedy", "forest"),
    ),
    Film(
        title="Elephants Dream",
        year=2006,
        director="Bassam Kurdali",
        seconds=654,
        details="Two men walk through an endless machine and cannot agree on what it is.",
        roles=("Proog", "Emo"),
        tags=("animation", "short", "surreal", "machine"),
    ),
    Film(
        title="Tears of Steel",
        year=2012,
        director="Ian Hubert",
        seconds=734,
        details="Friends gather in an old church in Amsterdam to mend a moment of the past.",
        roles=("Thom", "Celia", "Old Thom", "Barley"),
        tags=("live action", "short", "science fiction", "robot"),
    ),
    Film(
        title="Cosmos Laundromat",
        year=2015,
        director="Mathieu Auvray",
        seconds=730,
        details="A sheep on a bare island meets a salesman who offers him every life at once.",
        roles=("Franck", "Victor"),
        tags=("animation", "short", "surreal", "sheep"),
    ),
    Film(
        title="Spring",
        year=2019,
        director="Andreas Goralczyk",
        seconds=464,
        details="A shepherd girl and her dog wake the old spirits so that winter can end.",
        roles=("Spring", "Autumn", "The Alpha"),
        tags=("animation", "short", "fantasy", "mountains"),
    ),
    Film(
        title="Agent 327: Operation Barbershop",
        year=2017,
        director="Hjalti Hjálmarsson",
        seconds=231,
        details="A secret agent follows a trail to a barbershop and finds more than a haircut.",
        roles=("Agent 327", "Boris Kloris", "The Barber"),
        tags=("animation", "short", "comedy", "agent"),
    ),
    Film(
        title="Caminandes: Llama Drama",
        year=2013,
        director="Pablo Vázquez",
        seconds=90,
        details="A llama meets a fence and does not give up.",
        roles=("Koro",),
        tags=("animation", "short", "comedy", "llama"),
    ),
    Film(
        title="Caminandes: Gran Dillama",
        year=2013,
        director="Pablo Vázquez",
        seconds=146,
        details="The best berries grow on the other side of the wire.",
        roles=("Koro", "The Armadillo"),
        tags=("animation", "short", "comedy", "llama"),
    ),
    Film(
        title="Caminandes: Llamigos",
        year=2016,
        director="Pablo Vázquez",
        seconds=150,
        details="A llama and a penguin fight over the last berries of the winter.",
        roles=("Koro", "Oti"),
        tags=("animation", "short", "comedy", "llama", "penguin"),
    ),
    Film(
        title="Hero",
        year=2018,
        director="Daniel Martinez Lara",
        seconds=237,
        details="A masked runner crosses a drawn world in search of its guardian.",
        roles=("Hero", "The Guardian"),
        tags=("animation", "short", "drawing", "fantasy"),
    ),
    Film(
        title="Coffee Run",
        year=2020,
        director="Hjalti Hjálmarsson",
        seconds=184,
        details="A morning, a cup and the memories that run along.",
        roles=("The Runner", "The Friend"),
        tags=("animation", "short", "comedy", "city"),
    ),
    Film(
        title="Sprite Fright",
        year=2021,
        director="Matthew Luhn",
        seconds=629,
        details="Teenagers on a trip learn that the peaceful folk of the forest have limits.",
        roles=("Ellie", "Rex", "Phil", "Victoria", "Jay"),
        tags=("animation", "short", "comedy", "forest"),
    ),
    Film(
        title="Charge",
        year=2022,
        director="Hjalti Hjálmarsson",
        seconds=262,
        details="An old man breaks into a guarded factory because he needs a battery.",
        roles=("Einar", "The Sentinel"),
        tags=("animation", "short", "science fiction", "robot"),
    ),
    Film(
        title="Wing It!",
        year=2023,
        director="Rik Schutte",
        seconds=238,
        details="A cat who plans and a dog who does not try to leave the ground together.",
        roles=("The Cat", "The Dog"),
        tags=("animation", "short", "comedy", "flight"),
    ),
    Film(
        title="The Daily Dweebs",
        year=2017,
        director="Hjalti Hjálmarsson",
        seconds=60,
        details="A dog keeps order in a small street.",
        roles=("Dixey", "The Neighbours"),
        tags=("animation", "short", "comedy", "city"),
    ),
    Film(
        title="Glass Half",
        year=2015,
        director="Beorn Leonard",
        seconds=193,
        details="Two amateur critics meet in a gallery and judge what they see.",
        roles=("The Tall Critic", "The Short Critic"),
        tags=("animation", "short", "drawing", "comedy"),
    ),
    Film(
        title="The Lamp Keeper",
        year=2014,
        director="Mara Lindqvist",
        seconds=412,
        studio="Harbour Lights",
        details="The keeper of the last lighthouse teaches a gull to turn the lamp.",
        roles=("The Keeper", "The Gull"),
        tags=("live action", "short", "sea"),
    ),
    Film(
        title="Tea at Four",
        year=2011,
        director="Tomás Avelar",
        seconds=305,
        studio="Small Hours",
        details="Three clocks, one kettle and a guest who is always late.",
        roles=("Aunt Ines", "The Guest", "The Cuckoo"),
        tags=("live action", "short", "comedy"),
    ),
    Film(
        title="Paper Boats",
        year=2018,
        director="Mara Lindqvist",
        seconds=521,
        studio="Harbour Lights",
        details="After the rain a whole street becomes a river for one afternoon.",
        roles=("Nils", "Juno", "The Postman"),
        tags=("animation", "short", "sea", "drawing"),
    ),
)
EXTRA_ROLES = ("Narrator", "First Voice", "Second Voice", "Choir")
EXTRA_TAGS = ("open film", "festival", "restored", "black and white", "winter", "summer", "night", "music")


def clips(count: int) -> Iterator[Clip]:
    """The first `count` clips; the same for every call, every path once."""
    return (clip(number) for number in islice(numbers(1), count))


def clip(number: int) -> Clip:
    """One clip by its number, from 1. Later numbers are further takes of the same films."""
    take, place = divmod(number - 1, len(FILMS))
    film = FILMS[place]
    title = film.title if take == 0 else f"{film.title}, take {take + 1}"
    name = title.replace(":", " -")
    return Clip(
        number=number,
        title=title,
        date=f"{film.year}-{1 + take % 12:02d}-{1 + (take // 12 + place) % 28:02d}",
        details=film.details if take == 0 else f"{film.details} Take {take + 1}.",
        studio=film.studio,
        performers=(*film.roles, *_extra(EXTRA_ROLES, take)),
        # By name, as Stash tells them: so both simulated servers begin with the same order.
        tags=tuple(sorted((*film.tags, *_extra(EXTRA_TAGS, take)))),
        director=film.director,
        path=f"{film.studio}/{name} ({film.year})/{name}.mp4",
        size=5_000_000 + _noise(number) % 900_000_000,
        duration=film.seconds + take % 60 + 0.04 * (number % 25),
    )


@lru_cache(1024)
def cover(number: int) -> bytes:
    """A small JPEG that shows the number on a colour of its own; equal for equal numbers."""
    noise = _noise(number)
    ground = (60 + noise % 160, 60 + (noise >> 8) % 160, 60 + (noise >> 16) % 160)
    picture = Image.new("RGB", COVER_SIZE, ground)
    draw = ImageDraw.Draw(picture)
    middle = (COVER_SIZE[0] / 2, COVER_SIZE[1] / 2)
    draw.text(middle, str(number), fill="white", anchor="mm", font=ImageFont.load_default(72))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=80)
    return written.getvalue()


def _extra(words: tuple[str, ...], take: int) -> tuple[str, ...]:
    return () if take == 0 else (words[take % len(words)],)


def _noise(number: int) -> int:
    return int.from_bytes(blake2b(number.to_bytes(8, "big"), digest_size=8).digest(), "big")
