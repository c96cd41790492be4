"""The kinds of values that rules take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from plexsync.config.kinds import Allowed, lower, parsed, wrong
from plexsync.model.pictures import Shape
from plexsync.model.rules import (
    PERFORMER_FIELDS,
    SCENE_FIELDS,
    TAG_FIELDS,
    Disambiguation,
    Gender,
    PerformerOrder,
    Place,
    Source,
    StudioForm,
    TemplateFault,
    WhenGone,
    parse,
)
from plexsync.model.rules.names import is_wild

_NOTHING = "nothing"
_ROOTED = re.compile(r"/|\\\\|[A-Za-z]:[\\/]|\*")


def table_or_json(value: Any) -> Any:
    """A table, or the same as JSON text."""
    found = parsed(value, 'write a JSON object: {"title": "{title}"}') if isinstance(value, str) else value
    if isinstance(found, list):
        raise wrong("is a list, not a table", "write [rules] with single brackets, or a JSON object")
    return found


def texts(value: Any) -> Any:
    """One text or several; commas belong to the text."""
    found = (value,) if isinstance(value, str) else value
    if not isinstance(found, list | tuple):
        raise wrong("is neither text nor a list of texts", 'write it like "one" or ["one", "two"]')
    for one in found:
        if not isinstance(one, str) or not one.strip():
            raise wrong("holds something that is not text, or empty", 'put each name in quotes: ["one", "two"]')
    return tuple(one.strip() for one in found)


def _words(value: Any) -> Any:
    return tuple(lower(one) for one in texts(value))


def _places(value: Any) -> Any:
    """Where tags go; "nothing" is the empty list."""
    found = _words(value)
    if _NOTHING in found and len(found) > 1:
        raise wrong('holds "nothing" beside another place', 'take out "nothing", or the others')
    return () if found == (_NOTHING,) else found


def _plain_names(value: tuple[str, ...]) -> tuple[str, ...]:
    wild = next((text for text in value if is_wild(text)), None)
    if wild is not None:
        raise wrong(f'holds "{wild}", but stands for whole names', 'use `like = "..."` for patterns with * and ?')
    return value


def _rooted(value: tuple[str, ...]) -> tuple[str, ...]:
    if any(not _ROOTED.match(text) for text in value):
        raise wrong("holds no absolute path", "write whole folders as Stash sees them, or patterns that begin with *")
    return value


def _template(fields: Mapping[str, Callable[[Any], tuple[str, ...]]]) -> AfterValidator:
    def check(value: str) -> str:
        try:
            parse(value, fields)
        except TemplateFault as fault:
            raise wrong(fault.problem, fault.remedy) from None
        return value

    return AfterValidator(check)


TEMPLATE = "text with {field} and {field|filter:argument}"
Texts = Annotated[tuple[str, ...], BeforeValidator(texts), Allowed("a name or pattern, or a list of them")]
PlainTexts = Annotated[
    tuple[str, ...], BeforeValidator(texts), AfterValidator(_plain_names), Allowed("a tag's name, or a list of names")
]
Folders = Annotated[
    tuple[str, ...], BeforeValidator(texts), AfterValidator(_rooted), Allowed("a folder or pattern, or a list of them")
]
Places = Annotated[
    tuple[Place, ...],
    BeforeValidator(_places),
    Allowed('"genre", "label", "collection" or "nothing", or a list of places'),
]
Sources = Annotated[
    tuple[Source, ...], BeforeValidator(_words), Allowed("a list of " + ", ".join(f'"{one}"' for one in Source))
]
Genders = Annotated[
    tuple[Gender, ...], BeforeValidator(_words), Allowed("a list of " + ", ".join(f'"{one}"' for one in Gender))
]
Form = Annotated[StudioForm, BeforeValidator(lower)]
Gone = Annotated[WhenGone, BeforeValidator(lower)]
Disambiguated = Annotated[Disambiguation, BeforeValidator(lower)]
Order = Annotated[PerformerOrder, BeforeValidator(lower)]
PictureShape = Annotated[Shape, BeforeValidator(lower)]
SceneTemplate = Annotated[str, _template(SCENE_FIELDS), Allowed(TEMPLATE)]
PerformerTemplate = Annotated[str, _template(PERFORMER_FIELDS), Allowed(TEMPLATE)]
TagTemplate = Annotated[str, _template(TAG_FIELDS), Allowed("text, with {name} for the tag's own")]
