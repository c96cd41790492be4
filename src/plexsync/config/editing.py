"""The settings file with other values: comments, order and every key that nobody asked about stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import AoT

from plexsync.config.loading import checked
from plexsync.config.settings import PLAIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tomlkit.container import Container
    from tomlkit.items import Table

_MARK = "\ufeff"
_RULES = "path_rules"
_ABOVE = (
    "The settings of PlexSync; docs/settings.md names them all.",
    "`plexsync setup` asks for these again, and leaves alone whatever else stands here.",
)


def edited(text: str, answers: Mapping[str, Any], *, server: int | None = None) -> str:
    """The TOML `text` ("" for a new file) in which the settings have these values; None takes one out.

    With `server` the settings of the Plex server are those of that entry of `[[servers]]`. A value that means what
    stands there already changes nothing. `text` has to be a settings file that loads.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    document = tomlkit.parse(text.removeprefix(_MARK)) if text else _new()
    for name, value in answers.items():
        if server is not None and name in PLAIN:
            part = PLAIN[name]
            _set(document["servers"][server], part, name, value)
        elif name == _RULES:
            _set_rules(document, value)
        else:
            _set(document, name, name, value)
    return mark + tomlkit.dumps(document)


def _new() -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    for line in _ABOVE:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    return document


def _set(table: Container | Table, key: str, name: str, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    elif key not in table or not _same(name, table[key], value):
        table[key] = value


def _same(name: str, old: Any, new: Any) -> bool:
    plain = old.unwrap() if hasattr(old, "unwrap") else old
    return bool(checked(name, plain, "")[0] == checked(name, new, "")[0])


def _set_rules(document: tomlkit.TOMLDocument, rules: Sequence[Mapping[str, Any]]) -> None:
    held = document.get(_RULES)
    if held is not None and _same(_RULES, held, list(rules)):
        return
    if isinstance(held, AoT) and _same(_RULES, list(held.unwrap()), list(rules[: len(held)])):
        for rule in rules[len(held) :]:
            held.append(_apart(_rule(rule)))
        return
    document.pop(_RULES, None)
    if rules:
        made = tomlkit.aot()
        for number, rule in enumerate(rules):
            made.append(_apart(_rule(rule)) if number else _rule(rule))
        document[_RULES] = made


def _apart(table: Table) -> Table:
    """The same with an empty line above."""
    table.trivia.indent = "\n"
    return table


def _rule(rule: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in rule.items():
        table[key] = _readable(value)
    return table


def _readable(value: Any) -> Any:
    """A Windows path without doubled backslashes, where TOML can hold it so."""
    if isinstance(value, str) and "\\" in value and "'" not in value and value.isprintable():
        return tomlkit.string(value, literal=True)
    return value
