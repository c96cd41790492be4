"""Whether two values of a field mean the same, though Plex may have changed the form of ours."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import Literal

from plexsync.model.fields import Field, FieldSpec, Kind, Value
from plexsync.model.item import Person

Sameness = Literal["equal", "form", "other"]

#: Ratings run from 0 to 10 and are shown as half stars, one point each; Plex may round to the nearest.
HALF_A_RATING_STEP = 0.5
NOISE = 0.001


#: Names are compared many times over, longer texts once; so many of so many characters are kept in memory.
_NAMES, _LONGEST_NAME = 50_000, 100


def text_key(text: str) -> str:
    """Equal for texts that differ only in case, in white space or in how Unicode writes them."""
    return _key_of_name(text) if len(text) <= _LONGEST_NAME else _key(text)


def _key(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())


_key_of_name = lru_cache(_NAMES)(_key)


def same(spec: FieldSpec, wanted: Value, found: Value) -> Sameness:
    """Say "equal", "form" where only the form differs (case, white space, order, rounding), else "other".

    None, "" and the empty list are all empty. A wanted role of None is met by any role.
    """
    if wanted == found or (_is_empty(wanted) and _is_empty(found)):
        return "equal"
    if _is_empty(wanted) or _is_empty(found) or spec.kind is Kind.PICTURE:
        return "other"
    if spec.kind is Kind.NUMBER:
        return _numbers(spec, wanted, found)
    if spec.kind in {Kind.TAGS, Kind.PEOPLE}:
        return _lists(_people(wanted), _people(found))
    key = _day if spec.kind is Kind.DATE else text_key
    return _form(key(str(wanted)) == key(str(found)))


def _day(date: str) -> str:
    return date.strip()[:10]


def _is_empty(value: Value) -> bool:
    return value is None or value in ("", ())


def _form(meant_alike: bool) -> Sameness:  # noqa: FBT001  # one plain question
    return "form" if meant_alike else "other"


def _numbers(spec: FieldSpec, wanted: Value, found: Value) -> Sameness:
    if not isinstance(wanted, int | float) or not isinstance(found, int | float):
        return "other"
    apart = math.fabs(wanted - found)
    if apart < NOISE:
        return "equal"
    return _form(spec.field is Field.RATING and apart <= HALF_A_RATING_STEP + NOISE)


def _people(value: Value) -> tuple[Person, ...]:
    entries = value if isinstance(value, tuple) else ()
    return tuple(entry if isinstance(entry, Person) else Person(name=entry) for entry in entries)


def _lists(wanted: tuple[Person, ...], found: tuple[Person, ...]) -> Sameness:
    if len(wanted) == len(found) and all(map(_exactly, wanted, found)):
        return "equal"
    here = {text_key(person.name): person for person in reversed(wanted)}
    there = {text_key(person.name): person for person in reversed(found)}
    if here.keys() != there.keys():
        return "other"
    return _form(all(_alike(person.role, there[key].role) for key, person in here.items()))


def _exactly(wanted: Person, found: Person) -> bool:
    return wanted.name == found.name and (wanted.role is None or wanted.role == (found.role or ""))


def _alike(wanted: str | None, found: str | None) -> bool:
    return wanted is None or text_key(wanted) == text_key(found or "")
