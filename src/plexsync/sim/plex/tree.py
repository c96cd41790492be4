"""One answer as a tree, written as XML or JSON. Attributes hold the JSON types; XML writes them all as text."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

Scalar = str | int | float | bool | None
XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)


class Node(NamedTuple):
    """An element; attributes that are None are left out."""

    tag: str
    attributes: dict[str, Scalar]
    children: list[Node] = []  # noqa: RUF012  # never added to
    json_name: str | None = None
    single: bool = False  #: one JSON object in place of a list


def container(children: list[Node], **attributes: Scalar) -> Node:
    """The root of every answer, with its size."""
    return Node("MediaContainer", {"size": len(children), **attributes}, children)


def xml(node: Node) -> bytes:
    """The tree as an XML document."""
    parts: list[str] = [XML_HEAD]
    _xml(node, parts)
    return "".join(parts).encode("utf-8", "replace")


def _xml(node: Node, parts: list[str]) -> None:
    parts.append(f"<{node.tag}")
    for name, value in node.attributes.items():
        if value is not None:
            parts.append(f' {name}="{_text(value)}"')
    if not node.children:
        parts.append("/>")
        return
    parts.append(">\n")
    for child in node.children:
        _xml(child, parts)
    parts.append(f"</{node.tag}>\n")


def _text(value: Scalar) -> str:
    if isinstance(value, str):
        return value.translate(ESCAPES)
    return str(int(value)) if isinstance(value, bool) else str(value)


def json(node: Node) -> bytes:
    """The tree as a JSON document with the root's name as its only key."""
    return msgspec.json.encode({node.tag: _plain(node)})


def _plain(node: Node) -> dict[str, Any]:
    content: dict[str, Any] = {name: value for name, value in node.attributes.items() if value is not None}
    for child in node.children:
        name = child.json_name or child.tag
        if child.single:
            content[name] = _plain(child)
        else:
            content.setdefault(name, []).append(_plain(child))
    return content
