"""Which items of a section an `all` request asks for, and in which order."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.rows import TAG_ELEMENTS, guid

if TYPE_CHECKING:
    from plexsync.sim.plex.rows import Item
    from plexsync.sim.plex.store import Store
    from plexsync.sim.plex.tree import Node

TYPES = {"1": "movie", "18": "collection"}
TEXT_FIELDS = frozenset(
    {"title", "studio", "contentRating", "originallyAvailableAt", "guid", "summary", "editionTitle"}
)
NUMBER_FIELDS = frozenset(
    {"year", "addedAt", "updatedAt", "userRating", "rating", "audienceRating", "duration", "viewCount", "lastViewedAt"}
)
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "!": operator.ne,
    ">>": operator.gt,
    "<<": operator.lt,
    ">": operator.ge,
    "<": operator.le,
}
#: orders that no edit moves
LASTING = frozenset({"id", "ratingKey"})
OPERATORS = "!=<>"
Test = Callable[["Item"], bool]


class Order:
    """The sorted keys of a section, remembered until something changes that may move them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[int, str, str], tuple[int, list[int]]] = {}

    def keys(self, section: int, kind: str, sort: str) -> list[int]:
        """Rating keys of all items of a type in the order of `sort`; later criteria break ties of earlier ones."""
        lasting = all(_criterion(part)[0] in LASTING for part in sort.split(","))
        version = self._store.membership if lasting else self._store.version
        known = self._known.get((section, kind, sort))
        if known is None or known[0] != version:
            known = (version, self._sorted(section, kind, sort))
            self._known[section, kind, sort] = known
        return known[1]

    def _sorted(self, section: int, kind: str, sort: str) -> list[int]:
        items = list(self._store.in_section(section, kind))
        for part in reversed(sort.split(",")):
            name, descending = _criterion(part)
            items.sort(key=partial(sort_value, name=name), reverse=descending)
        return [item.key for item in items]


def _criterion(part: str) -> tuple[str, bool]:
    name, _, way = part.partition(":")
    return name.rpartition(".")[2], way.startswith("desc")


def sort_value(item: Item, name: str) -> Any:
    """What an item is sorted by; never None."""
    if name in {"titleSort", "title"}:
        return str(item.value("titleSort") or item.value("title") or "").casefold()
    if name in {"id", "ratingKey"}:
        return item.key
    found = fact(item, name)
    if name in TEXT_FIELDS:
        return str(found or "")
    return found or 0


def fact(item: Item, name: str) -> Any:
    """A field of an item, edited or not."""
    own = {
        "updatedAt": item.updated_at,
        "duration": item.duration,
        "viewCount": item.view_count,
        "lastViewedAt": item.last_viewed_at,
    }
    return own[name] if name in own else item.value(name)


def select(store: Store, order: Order, section: int, arguments: Mapping[str, str]) -> list[int]:
    """Rating keys for a listing, in order, all pages."""
    kind = TYPES.get(arguments.get("type", "1"), "none")
    keys = order.keys(section, kind, arguments.get("sort") or "titleSort")
    told = _without_updated(store, arguments)
    tests = [test for name, value in told.items() if (test := _test(store, name, value)) is not None]
    if not tests:
        return keys
    return [key for key in keys if all(test(store.items[key]) for test in tests)]


def _without_updated(store: Store, arguments: Mapping[str, str]) -> Mapping[str, str]:
    """The arguments without a filter that this server does not know."""
    handling = store.switches.updated_filter
    unknown = [name for name in arguments if name.startswith("updatedAt")]
    if handling == "refused" and unknown:
        raise Refused(400, "an unknown filter")
    return arguments if handling == "applied" else {k: v for k, v in arguments.items() if k not in unknown}


def trim(node: Node, arguments: Mapping[str, str]) -> Node:
    """Leave out the elements and fields that the request does not want."""
    elements = set(arguments.get("excludeElements", "").split(","))
    fields = set(arguments.get("excludeFields", "").split(","))
    facts = {name: value for name, value in node.attributes.items() if name not in fields}
    return node._replace(attributes=facts, children=[child for child in node.children if child.tag not in elements])


def _test(store: Store, name: str, value: str) -> Test | None:
    plain = name.rstrip(OPERATORS)
    operation = name[len(plain) :]
    plain = plain.removeprefix("movie.")
    if plain in {"id", "ratingKey"}:
        wanted = set(value.split(","))
        return lambda item: (str(item.key) in wanted) != (operation == "!")
    if plain in TAG_ELEMENTS:
        tagged: set[int] = set().union(*(store.used_by(int(tag)) for tag in value.split(",") if tag.isdigit()))
        return lambda item: (item.key in tagged) != (operation == "!")
    if plain == "trash":
        return lambda item: (item.deleted_at is not None) == (value == "1")
    if plain == "guid":
        return lambda item: (guid(store.sections[item.section], item) == value) != (operation == "!")
    if plain in TEXT_FIELDS:
        return _text_test(plain, operation, value.casefold())
    return _number_test(plain, operation, value) if plain in NUMBER_FIELDS else None


def _text_test(name: str, operation: str, value: str) -> Test:
    def text(item: Item) -> str:
        return str(item.value(name) or "").casefold()

    tests: dict[str, Test] = {
        "": lambda item: value in text(item),
        "!": lambda item: value not in text(item),
        "=": lambda item: value == text(item),
        "!=": lambda item: value != text(item),
        "<": lambda item: text(item).startswith(value),
        ">": lambda item: text(item).endswith(value),
        ">>": lambda item: text(item) > value,
        "<<": lambda item: text(item) < value,
    }
    return tests.get(operation, tests[""])


def _number_test(name: str, operation: str, value: str) -> Test | None:
    compare = ORDERS.get(operation)
    try:
        numbers = [float(part) for part in value.split(",")]
    except ValueError:
        return None
    if compare is None:
        return None
    return lambda item: any(compare(fact(item, name) or 0, number) for number in numbers)
