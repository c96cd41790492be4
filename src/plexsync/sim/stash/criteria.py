"""Filter criteria as tests on values, with the comparisons that Stash's SQL makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Criterion = dict[str, Any]
Test = TypeVar("Test")


def like(pattern: str) -> re.Pattern[str]:
    """SQL's LIKE: `%` and `_` are wildcards without an escape; only ASCII letters ignore case."""
    parts = (".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern)
    return re.compile("".join(parts), re.IGNORECASE | re.ASCII | re.DOTALL)


def text(criterion: Criterion) -> Callable[[str | None], bool]:
    """A test for text; a missing value counts as empty where SQL would say unknown."""
    modifier, value = criterion["modifier"], criterion["value"]
    tests: Mapping[str, Callable[[], Callable[[str], bool]]] = {
        "EQUALS": lambda: _whole(value),
        "NOT_EQUALS": lambda: _not(_whole(value)),
        "INCLUDES": lambda: _any_word(value),
        "EXCLUDES": lambda: _not(_any_word(value)),
        "MATCHES_REGEX": lambda: _regex(value),
        "NOT_MATCHES_REGEX": lambda: _not(_regex(value)),
        "IS_NULL": lambda: lambda found: not found.strip(),
        "NOT_NULL": lambda: lambda found: bool(found.strip()),
    }
    test = _choose(tests, modifier)()
    return lambda found: test(found or "")


def ordered(criterion: Criterion, far: Any = None) -> Callable[[Any], bool]:
    """A test for numbers, or for times compared as text. `far` is the upper end where none is sent."""
    modifier, value = criterion["modifier"], criterion["value"]
    second = criterion.get("value2")
    end = far if second is None else second
    if modifier in {"BETWEEN", "NOT_BETWEEN"} and end is None:
        end = 0
    tests: Mapping[str, Callable[[Any], bool]] = {
        "EQUALS": lambda found: found is not None and found == value,
        "NOT_EQUALS": lambda found: found is not None and found != value,
        "GREATER_THAN": lambda found: found is not None and found > value,
        "LESS_THAN": lambda found: found is not None and found < value,
        "BETWEEN": lambda found: found is not None and value <= found <= end,
        "NOT_BETWEEN": lambda found: found is not None and not value <= found <= end,
        "IS_NULL": lambda found: found is None,
        "NOT_NULL": lambda found: found is not None,
    }
    return _choose(tests, modifier)


def links(
    criterion: Criterion, widen: Callable[[int], Collection[int]] = lambda number: (number,)
) -> Callable[[Collection[int]], bool]:
    """A test for related ids. `widen` gives an id and what lies below it, as deep as was asked."""
    modifier = criterion["modifier"]
    wanted = [frozenset(widen(int(each))) for each in criterion.get("value") or ()]
    barred = {below for each in criterion.get("excludes") or () for below in widen(int(each))}
    tests: Mapping[str, Callable[[Collection[int]], bool]] = {
        "INCLUDES": lambda found: not wanted or any(not each.isdisjoint(found) for each in wanted),
        "INCLUDES_ALL": lambda found: all(not each.isdisjoint(found) for each in wanted),
        "EXCLUDES": lambda found: all(each.isdisjoint(found) for each in wanted),
        "EQUALS": lambda found: {min(each) for each in wanted} == set(found),
        "IS_NULL": lambda found: not found,
        "NOT_NULL": bool,
    }
    test = _choose(tests, modifier)
    return lambda found: test(found) and barred.isdisjoint(found)


def _choose(tests: Mapping[str, Test], modifier: str) -> Test:
    if modifier not in tests:
        raise Refused("internal system error")
    return tests[modifier]


def _whole(value: str) -> Callable[[str], bool]:
    pattern = like(value)
    return lambda found: pattern.fullmatch(found) is not None


def _any_word(value: str) -> Callable[[str], bool]:
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    patterns = [like(f"%{word}%") for word in ([value[1:-1]] if quoted else value.split())]
    return lambda found: any(pattern.fullmatch(found) for pattern in patterns)


def _regex(value: str) -> Callable[[str], bool]:
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise Refused(f"error parsing regexp: {error}") from error
    return lambda found: pattern.search(found) is not None


def _not(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda found: not test(found)
