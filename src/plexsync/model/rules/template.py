"""Templates: text with `{field|filter|filter:argument}`. No code runs, and only fields by name are read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from plexsync.model.rules.filters import FILTERS, Entries, Filter, FilterFault, flat

T = TypeVar("T")
#: Reads one field; nothing, one text or several.
Reader = Callable[[T], Entries]


class TemplateFault(Exception):
    """A template that cannot be used: what is wrong with it, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}. To mend it: {remedy}.")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class _Slot(Generic[T]):
    """A field with its filters; `others` are fields to take, in their order of filters, where it is empty."""

    read: Reader[T]
    filters: tuple[tuple[Filter | None, Reader[T] | None], ...]

    def fill(self, subject: T) -> str:
        entries = self.read(subject)
        for change, other in self.filters:
            if other is not None:
                entries = entries if flat(entries) else other(subject)
            elif change is not None:
                entries = change(entries)
        return flat(entries)


_Line = tuple[str | _Slot[T], ...]


@dataclass(frozen=True, slots=True)
class Template(Generic[T]):
    """A text that is filled in for each subject; two are equal when they are written alike."""

    text: str
    origin: str = field(default="", compare=False)
    lines: tuple[_Line[T], ...] = field(default=(), compare=False, repr=False)

    def render(self, subject: T) -> str:
        """The text for this subject. A line whose fields are all empty is left out whole."""
        found = [text for line in self.lines if (text := _filled(line, subject)) is not None]
        return "\n".join(found)


def parse(text: str, fields: Mapping[str, Reader[T]], *, origin: str = "") -> Template[T]:
    """The template that a person wrote; TemplateFault where it cannot be used."""
    lines: list[_Line[T]] = []
    line: list[str | _Slot[T]] = []
    for piece, is_slot in _pieces(text):
        if is_slot:
            line.append(_slot(piece, fields))
            continue
        first, *others = piece.split("\n")
        line.append(first)
        for other in others:
            lines.append(tuple(line))
            line = [other]
    lines.append(tuple(line))
    return Template(text=text, origin=origin, lines=tuple(lines))


def _filled(line: _Line[T], subject: T) -> str | None:
    texts = [part if isinstance(part, str) else part.fill(subject) for part in line]
    slots = [text for text, part in zip(texts, line, strict=True) if not isinstance(part, str)]
    return None if slots and not any(slots) else "".join(texts)


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Literal texts and the insides of slots, in order."""
    pieces: list[tuple[str, bool]] = []
    literal, place = "", 0
    while place < len(text):
        char = text[place]
        if text.startswith(("{{", "}}"), place):
            literal, place = literal + char, place + 2
        elif char == "}":
            raise TemplateFault(
                f'has a "}}" without a "{{" before it, at character {place + 1}', 'write "}}" for a brace in the text'
            )
        elif char == "{":
            end = _end_of_slot(text, place)
            pieces += [(literal, False), (text[place + 1 : end], True)]
            literal, place = "", end + 1
        else:
            literal, place = literal + char, place + 1
    return [*pieces, (literal, False)]


def _end_of_slot(text: str, start: int) -> int:
    quoted = False
    for place in range(start + 1, len(text)):
        if text[place] == '"':
            quoted = not quoted
        elif text[place] == "}" and not quoted:
            return place
        elif text[place] == "{" and not quoted:
            break
    raise TemplateFault(
        f'has a "{{" that is never closed, at character {start + 1}',
        'close it with "}" after the field, or write "{{" for a brace in the text',
    )


def _slot(inside: str, fields: Mapping[str, Reader[T]]) -> _Slot[T]:
    name, *filters = _split(inside)
    return _Slot(_reader(name.strip(), inside, fields), tuple(_filter(each, inside, fields) for each in filters))


def _split(inside: str) -> list[str]:
    """At each bar outside of quotes."""
    parts, quoted = [""], False
    for char in inside:
        quoted = quoted != (char == '"')
        if char == "|" and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _reader(name: str, inside: str, fields: Mapping[str, Reader[T]]) -> Reader[T]:
    if name in fields:
        return fields[name]
    if not name:
        raise TemplateFault(f"names no field in {{{inside}}}", f"write one of {_listed(fields)}")
    raise TemplateFault(f'names a field "{name}" that there is not', _did_you_mean(name, fields))


def _filter(text: str, inside: str, fields: Mapping[str, Reader[T]]) -> tuple[Filter | None, Reader[T] | None]:
    name, colon, argument = text.partition(":")
    name = name.strip()
    argument = _unquoted(argument)
    if name == "else":
        return None, _reader(argument.strip(), inside, fields)
    maker = FILTERS.get(name)
    if maker is None:
        raise TemplateFault(f'names a filter "{name}" that there is not', _did_you_mean(name, (*FILTERS, "else")))
    try:
        return maker(argument if colon else None), None
    except FilterFault as fault:
        raise TemplateFault(f'uses the filter "{name}" wrongly: {fault.problem}', fault.remedy) from None


def _unquoted(argument: str) -> str:
    bare = argument.strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == '"' else argument


def _did_you_mean(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    meant = f'"{close[0]}" if that is meant, or ' if close else ""
    return f"write {meant}one of {_listed(known)}"


def _listed(known: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(sorted(known))
