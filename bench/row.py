"""One measured number, and whether it is what it has to be."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt

Row = dict[str, object]

_BOUND = re.compile(r"(?P<sign><=|>=|<|>)?\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*$")
_SIGNS: dict[str | None, Callable[[float, float], bool]] = {"<=": le, ">=": ge, "<": lt, ">": gt, None: eq}


def row(name: str, value: float, unit: str, reach: str = "") -> Row:
    """`reach` ends in a bound, as in "< 100" or "flat: > 0.8"; a bare number has to be met exactly, "" asks nothing."""
    return {"name": name, "value": round(value, 3), "unit": unit, "reach": reach}


def met(found: Row) -> bool | None:
    """Whether the number is within its reach; None where nothing is asked."""
    reach = str(found["reach"])
    if not reach:
        return None
    bound = _BOUND.search(reach)
    if bound is None:
        raise ValueError(f"no bound is told by {reach!r}")
    return _SIGNS[bound["sign"]](float(str(found["value"])), float(bound["number"].replace(",", "")))
