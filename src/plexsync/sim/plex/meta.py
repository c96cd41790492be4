"""What a library says of its filters and orders, for clients that ask before they search."""

from __future__ import annotations

from plexsync.sim.plex.tree import Node

FILTERS = {
    "title": "string",
    "studio": "string",
    "userRating": "integer",
    "contentRating": "string",
    "year": "integer",
    "originallyAvailableAt": "date",
    "duration": "integer",
    "unmatched": "boolean",
    "genre": "tag",
    "collection": "tag",
    "director": "tag",
    "writer": "tag",
    "producer": "tag",
    "actor": "tag",
    "country": "tag",
    "addedAt": "date",
    "viewCount": "integer",
    "lastViewedAt": "date",
    "trash": "boolean",
    "label": "tag",
}
SORTS = ("titleSort", "originallyAvailableAt", "year", "userRating", "duration", "addedAt", "updatedAt")
OPERATORS = {
    "integer": ("=", "!=", ">>=", "<<="),
    "string": ("=", "!=", "==", "!==", "<=", ">="),
    "tag": ("=", "!="),
    "boolean": ("=", "!="),
    "date": (">>=", "<<="),
}


def meta_node(section: int, kind: str) -> Node:
    """The description of one type of item."""
    filters = [
        Node(
            "Filter",
            {
                "filter": name,
                "filterType": "string" if sort == "tag" else sort,
                "key": f"/library/sections/{section}/{name}",
                "title": name,
                "type": "filter",
            },
        )
        for name, sort in FILTERS.items()
    ]
    sorts = [
        Node("Sort", {"defaultDirection": "asc", "descKey": f"{name}:desc", "key": name, "title": name})
        for name in SORTS
    ]
    fields = [Node("Field", {"key": f"{kind}.{name}", "title": name, "type": sort}) for name, sort in FILTERS.items()]
    number = "1" if kind == "movie" else "18"
    facts = {"key": f"/library/sections/{section}/all?type={number}", "type": kind, "title": kind.title()}
    types = [
        Node("FieldType", {"type": name}, [Node("Operator", {"key": key, "title": key}) for key in keys])
        for name, keys in OPERATORS.items()
    ]
    described = Node("Type", {**facts, "active": True}, [*filters, *sorts, *fields])
    return Node("Meta", {}, [described, *types], single=True)
