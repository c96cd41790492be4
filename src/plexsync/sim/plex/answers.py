"""From a request to its arguments, and from a tree or a refusal to an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from starlette.responses import Response

from plexsync.sim.plex import tree
from plexsync.sim.plex.refused import Refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from plexsync.sim.plex.agency import Agency
    from plexsync.sim.plex.caller import Caller
    from plexsync.sim.plex.events import Hub
    from plexsync.sim.plex.listing import Order
    from plexsync.sim.plex.refreshing import RefreshQueue
    from plexsync.sim.plex.rows import Item, Section
    from plexsync.sim.plex.store import Store

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    500: "Internal Server Error",
}
PAGING = ("X-Plex-Container-Start", "X-Plex-Container-Size")


def store_of(request: Request) -> Store:
    """What the server holds."""
    store: Store = request.app.state.plex
    return store


def order_of(request: Request) -> Order:
    """The remembered orders of listings."""
    order: Order = request.app.state.order
    return order


def hub_of(request: Request) -> Hub:
    """Where notifications are told."""
    hub: Hub = request.app.state.hub
    return hub


def caller_of(request: Request) -> Caller:
    """Who asks metadata providers."""
    caller: Caller = request.app.state.caller
    return caller


def agency_of(request: Request) -> Agency:
    """Who asks them about items."""
    agency: Agency = request.app.state.agency
    return agency


def queue_of(request: Request) -> RefreshQueue:
    """What providers are to be asked about."""
    queue: RefreshQueue = request.app.state.queue
    return queue


def pairs(request: Request) -> list[tuple[str, str]]:
    """Names and values of the query, decoded once, in order."""
    query = request.scope["query_string"].decode("latin-1")
    if store_of(request).switches.plus_is_space:
        return parse_qsl(query, keep_blank_values=True)
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in parts]


def arguments(request: Request) -> dict[str, str]:
    """The query with what may come as a header instead."""
    found = {name: request.headers[name] for name in PAGING if name in request.headers}
    return found | dict(pairs(request))


def answer(request: Request, root: tree.Node) -> Response:
    """The tree in the form that was asked for; XML unless JSON is named."""
    headers = {}
    if "offset" in root.attributes:
        headers = {
            "X-Plex-Container-Start": str(root.attributes["offset"]),
            "X-Plex-Container-Total-Size": str(root.attributes["totalSize"]),
        }
    if "application/json" in request.headers.get("accept", ""):
        return Response(tree.json(root), media_type="application/json", headers=headers)
    return Response(tree.xml(root), headers=headers | {"content-type": "text/xml;charset=utf-8"})


def done() -> Response:
    """What an action answers: nothing, whatever was asked for."""
    return Response(headers={"content-type": "text/html"})


def page(status: int) -> Response:
    """The short page of a refusal."""
    title = TITLES.get(status, "Error")
    text = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Response(text, status, headers={"content-type": "text/html"})


def section_of(request: Request) -> Section:
    """The section in the path."""
    found = store_of(request).sections.get(_number(request.path_params["section"]))
    if found is None:
        raise Refused(404)
    return found


def items_of(request: Request) -> list[Item]:
    """The items in the path, one id or several with commas."""
    store = store_of(request)
    wanted = [_number(text) for text in request.path_params["ids"].split(",") if text]
    found = [store.items[key] for key in wanted if key in store.items]
    if not found or (store.switches.missing_id == "404" and len(found) < len(wanted)):
        raise Refused(404)
    return found


def item_of(request: Request) -> Item:
    """The one item in the path."""
    return items_of(request)[0]


def gallery_of(request: Request) -> str:
    """The kind of pictures that the path is about."""
    return "arts" if request.url.path.split("/")[4] in {"art", "arts"} else "posters"


def number(found: dict[str, str], name: str) -> float:
    """A number that the request must give."""
    try:
        return float(found[name])
    except (KeyError, ValueError):
        raise Refused(400, f"{name} must be a number") from None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
