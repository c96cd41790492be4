"""Short forms of the requests that the tests make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

ALL = "/library/sections/1/all"


def switch(plex: httpx2.Client, **switches: Any) -> None:
    """Set switches of the server."""
    plex.put("/_sim/switches", json=switches).raise_for_status()


def details(plex: httpx2.Client, key: int = 101) -> dict[str, Any]:
    """One whole item."""
    found: dict[str, Any] = plex.get(f"/library/metadata/{key}").raise_for_status().json()["MediaContainer"]
    item: dict[str, Any] = found["Metadata"][0]
    return item


def edit(plex: httpx2.Client, query: str, key: int = 101) -> httpx2.Response:
    """Edit one item with a query that is already encoded."""
    return plex.put(f"{ALL}?type=1&id={key}&{query}")


def tags(item: dict[str, Any], element: str) -> list[str]:
    """Names of an item's tags."""
    return [tag["tag"] for tag in item.get(element, [])]


def locks(item: dict[str, Any]) -> set[str]:
    """Names of an item's locked fields."""
    return {field["name"] for field in item.get("Field", [])}


def held(plex: httpx2.Client, key: int = 101) -> dict[str, Any]:
    """What the control route says of an item."""
    everything: dict[str, dict[str, Any]] = plex.get("/_sim/items").json()
    return next(item for item in everything.values() if item["ratingKey"] == str(key))
