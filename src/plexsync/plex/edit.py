"""Edits of one item as Plex's request lines. Pure.

All values travel in the query. Plex takes entries off a list only by name, and adds the ones that are named; whether
naming entries replaces the rest is not known, so the whole wanted list is sent beside the names to take off.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import quote

from plexsync.model.compare import text_key
from plexsync.model.fields import FIELDS, Field, Kind, Value
from plexsync.model.item import Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

T = TypeVar("T")

#: Bytes of a request line that any Plex takes, as far as is known; the true limit is not.
LINE_LIMIT = 7_500
ELLIPSIS = "…"
JOINERS = "\u200d\ufe0e\ufe0f"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEdit:
    """A field and what it becomes. None or an empty list clears it.

    `removed` names the list entries to take off; one that is wanted as well (case aside) stays. A person's role
    None is sent as no role: see `with_kept_roles`. A rating is cleared by None like any text. `portraits` are the
    addresses of people's pictures that are to be shown, by `text_key` of their names. `lock` None leaves the field's
    lock as it is. Of a picture only the lock is an edit: what it shows is uploaded or chosen apart. `only_lock` makes
    it so for any field.
    """

    field: Field
    after: Value
    removed: tuple[str, ...] = ()
    lock: bool | None = True
    portraits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    only_lock: bool = False


class Param(NamedTuple):
    """One argument of an edit, not yet encoded."""

    name: str
    value: str


EditParams = tuple[Param, ...]
Batch = tuple[FieldEdit, ...]


def edit_path(section: int, rating_keys: Sequence[int], params: EditParams) -> str:
    """Path and query of one edit. Raises ValueError without items: Plex would edit the whole library."""
    ids = [section, *rating_keys]
    if not rating_keys or any(type(key) is not int or key <= 0 for key in ids):
        raise ValueError("an edit names its library and at least one item by positive numbers")
    if not params:
        raise ValueError("an edit changes at least one field")
    query = "&".join(f"{_quoted(param.name)}={_quoted(param.value)}" for param in params)
    return f"/library/sections/{section}/all?type=1&id={quote(','.join(map(str, rating_keys)))}&{query}"


def requests_for(section: int, rating_key: int, edits: Sequence[FieldEdit], limit: int = LINE_LIMIT) -> list[str]:
    """Path and query of the PUTs that carry these edits: one, or as few as keep each request line within the limit.

    A single value that is longer than the limit is sent alone and as it is.
    """
    batches = split(section, rating_key, edits, limit)
    return [edit_path(section, (rating_key,), params_of(batch)) for batch in batches]


def split(section: int, rating_key: int, edits: Sequence[FieldEdit], limit: int = LINE_LIMIT) -> list[Batch]:
    """The same as groups of edits: texts and numbers first, then lists, which are parted where they must be."""
    room = limit - len(request_line(edit_path(section, (rating_key,), (Param("", ""),)))) + len("=")
    pieces = [piece for edit in edits for piece in _pieces(edit, room) if params_of([piece])]
    batches: list[list[FieldEdit]] = []
    sizes: list[int] = []
    for piece in sorted(pieces, key=_is_list):
        size = _size(piece)
        last = len(batches) - 1
        # A list that was parted never meets its other part: the indexes would clash.
        clash = bool(batches) and any(other.field is piece.field for other in batches[last])
        if batches and not clash and sizes[last] + 1 + size <= room:
            batches[last].append(piece)
            sizes[last] += 1 + size
        else:
            batches.append([piece])
            sizes.append(size)
    return [tuple(batch) for batch in batches]


def request_line(path: str) -> str:
    """The first line of the request as it travels."""
    return f"PUT {path} HTTP/1.1"


def params_of(batch: Iterable[FieldEdit]) -> EditParams:
    """The arguments of one PUT."""
    return tuple(param for edit in batch for param in _params(edit))


def with_kept_roles(edit: FieldEdit, held: Iterable[Person]) -> FieldEdit:
    """The edit with role texts filled in where the one that Plex holds is to be kept: Plex drops what is not sent."""
    if FIELDS[edit.field].kind is not Kind.PEOPLE:
        return edit
    roles = {text_key(person.name): person.role for person in held}
    people = tuple(
        person if person.role is not None else replace(person, role=roles.get(text_key(person.name)) or "")
        for person in _people(edit.after)
    )
    return replace(edit, after=people)


def shortened(edit: FieldEdit, section: int, rating_key: int, limit: int = LINE_LIMIT) -> FieldEdit | None:
    """The edit with its text cut so that it fits alone, at a word where one is near; None where that cannot be."""
    if not isinstance(edit.after, str) or FIELDS[edit.field].kind is not Kind.TEXT:
        return None
    bare = replace(edit, after=ELLIPSIS)
    room = limit - len(request_line(edit_path(section, (rating_key,), params_of([bare]))))
    cut = cut_text(edit.after, room) if room > 0 else ""
    return replace(edit, after=cut + ELLIPSIS) if cut else None


def cut_text(text: str, room: int) -> str:
    """The start of a text that takes at most `room` bytes once encoded."""
    used = end = 0
    for end, character in enumerate(text):  # noqa: B007  # the index is the answer
        used += len(_quoted(character))
        if used > room:
            break
    else:
        return text
    while end and (unicodedata.combining(text[end]) or text[end] in JOINERS or text[end - 1] in JOINERS):
        end -= 1
    start = text[:end].rstrip()
    if text[end].isspace() or len(start) < end:
        return start
    words = start.rsplit(None, 1)[0]
    return words if len(words) >= 0.8 * end else start


def _quoted(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _is_list(edit: FieldEdit) -> bool:
    return FIELDS[edit.field].kind in {Kind.TAGS, Kind.PEOPLE}


def _people(value: Value) -> tuple[Person, ...]:
    entries = value if isinstance(value, tuple) else ()
    return tuple(entry if isinstance(entry, Person) else Person(name=entry) for entry in entries)


def _size(edit: FieldEdit) -> int:
    query = [f"{_quoted(param.name)}={_quoted(param.value)}" for param in _params(edit)]
    return len("&".join(query))


def _params(edit: FieldEdit) -> Iterator[Param]:
    spec = FIELDS[edit.field]
    if _is_list(edit):
        yield from _list_params(edit, spec.plex, people=spec.kind is Kind.PEOPLE)
    elif spec.kind is not Kind.PICTURE and not edit.only_lock:
        yield Param(f"{spec.plex}.value", _scalar(edit.after))
    if edit.lock is not None and spec.lockable:
        yield Param(f"{spec.plex}.locked", "1" if edit.lock else "0")


def _list_params(edit: FieldEdit, name: str, *, people: bool) -> Iterator[Param]:
    wanted = _distinct(_people(edit.after))
    for index, person in enumerate(wanted):
        yield Param(f"{name}[{index}].tag.tag", person.name)
        if people:
            yield Param(f"{name}[{index}].tagging.text", person.role or "")
        if (address := edit.portraits.get(text_key(person.name))) is not None:
            yield Param(f"{name}[{index}].tag.thumb", address)
    kept = {text_key(person.name) for person in wanted}
    dropped = dict.fromkeys(tag for tag in edit.removed if tag and text_key(tag) not in kept)
    if dropped:
        # Each is encoded before joining, so that a comma inside a name does not part it; then all once more.
        yield Param(f"{name}[].tag.tag-", ",".join(map(_quoted, dropped)))


def _distinct(people: Iterable[Person]) -> list[Person]:
    first: dict[str, Person] = {}
    for person in people:
        if key := text_key(person.name):
            first.setdefault(key, person)
    return list(first.values())


def _scalar(value: Value) -> str:
    if value is None or isinstance(value, tuple):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _pieces(edit: FieldEdit, room: int) -> Iterator[FieldEdit]:
    """A list that does not fit is halved until its parts do; a single entry, like a text, stays whole."""
    wanted = _distinct(_people(edit.after)) if _is_list(edit) else []
    removed = edit.removed
    if _size(edit) <= room or len(wanted) + len(removed) < 2:
        yield edit
        return
    kept = {text_key(person.name) for person in wanted}
    removed = tuple(tag for tag in removed if text_key(tag) not in kept)
    for part in _halves(wanted):
        yield from _pieces(replace(edit, after=tuple(part), removed=()), room)
    for names in _halves(removed):
        yield from _pieces(replace(edit, after=None, removed=tuple(names)), room)


def _halves(entries: Sequence[T]) -> list[Sequence[T]]:
    middle = (len(entries) + 1) // 2
    return [part for part in (entries[:middle], entries[middle:]) if part]
