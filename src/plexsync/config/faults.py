"""One line for each setting that cannot be used: name, value, place, what is allowed and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from plexsync.config.masking import HIDDEN, mask, without_credentials
from plexsync.config.parts import PathRuleSetting, ServerSetting
from plexsync.config.rulesetting import ContentRatingSetting, RuleSetting, RulesSetting, TagRuleSetting
from plexsync.config.table import Row, closest, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SHOWN = 80
_PARTS: dict[str, type[BaseModel]] = {
    "servers": ServerSetting,
    "path_rules": PathRuleSetting,
    "rules": RulesSetting,
    "library": RuleSetting,
    "tags": TagRuleSetting,
    "content_ratings": ContentRatingSetting,
}
#: The table whose keys are people's own words.
_BY_TITLE = "library"
_PROBLEMS = {
    "less_than_equal": "is too large",
    "greater_than_equal": "is too small",
    "finite_number": "is not a finite number",
    "enum": "is none of the words allowed",
    "extra_forbidden": "is not known",
    "missing": "is missing",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "tuple_type": "is not a list",
    "model_type": "is not a table",
    "dict_type": "is not a table",
}
_PROBLEM_FAMILIES = {
    "int": "is not a whole number",
    "float": "is not a number",
    "bool": "is neither true nor false",
    "string": "is not text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`value` is as it may be shown; None where it may not."""

    name: str
    place: str
    problem: str
    remedy: str
    value: str | None = None
    allowed: str = ""

    @property
    def line(self) -> str:
        """The fault in one line."""
        value = "" if self.value is None else f" = {self.value}"
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        stop = "" if self.problem.endswith("?") else "."
        return f"{self.name}{value} ({self.place}): {self.problem}{allowed}{stop} To mend it: {self.remedy}."


def unknown(name: str, place: str, names: Iterable[str]) -> Fault:
    """A name that no setting has. Its value is never shown: it may be a secret under a misspelt name."""
    meant = closest(name, names)
    problem = f'is not known; did you mean "{meant}"?' if meant else "is not known"
    remedy = "correct the name, or take it out" if meant else "see the list of settings, or take it out"
    return Fault(name=name, place=place, problem=problem, remedy=remedy)


def faults_of(error: ValidationError, row: Row, place: str) -> list[Fault]:
    """What pydantic found wrong with one setting's value."""
    return [_fault(one, row, place) for one in error.errors(include_url=False) if one["loc"][:1] == (row.name,)]


def _fault(error: ErrorDetails, row: Row, place: str) -> Fault:
    parts = [part for part in error["loc"][1:] if not str(part).startswith("function-")]
    inner = _inner(row.name, parts)
    name = row.name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    if error["type"] == "extra_forbidden":
        known = [one.name for one in _rows(row.name, parts)]
        return unknown(name, place, [f"{name.rpartition('.')[0]}.{one}" for one in known])
    context = error.get("ctx", {})
    fallback = "write an allowed value" + (f", or leave it out for the default {row.default}" if row.default else "")
    return Fault(
        name=name,
        place=place,
        problem=_problem(error["type"], error["msg"]),
        remedy=str(context.get("remedy", fallback)),
        value=_shown(error, secret=(inner or row).secret, hidden=row.name == "servers" and inner is None),
        allowed=(inner or row).allowed,
    )


def _inner(name: str, parts: list[int | str]) -> Row | None:
    """The key in a table that is meant: the last one named, also where one entry of its list is."""
    names = [part for part in parts if isinstance(part, str)]
    return next((row for row in _rows(name, parts) if names and row.name == names[-1]), None)


def _rows(name: str, parts: list[int | str]) -> tuple[Row, ...]:
    """The keys of the innermost table that is named before the last name."""
    names = iter([part for part in parts if isinstance(part, str)][:-1])
    for part in names:
        if part in _PARTS:
            name = part
        if part == _BY_TITLE:
            next(names, None)
    return table(_PARTS[name]) if name in _PARTS else ()


def _problem(kind: str, message: str) -> str:
    if kind == "setting":
        return message
    family = _PROBLEM_FAMILIES.get(kind.partition("_")[0])
    return _PROBLEMS.get(kind) or family or message


def _shown(error: ErrorDetails, *, secret: bool, hidden: bool) -> str | None:
    value: Any = error["input"]
    if hidden or error["type"] == "missing":
        return None
    if secret:
        return mask(value) if isinstance(value, str) else HIDDEN
    if isinstance(value, list | tuple | dict):
        return None
    text = json.dumps(value, default=str, ensure_ascii=False)
    text = without_credentials(text) if "//" in text else text
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
