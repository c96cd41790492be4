"""Markup made plain: what a page would show of a text that holds HTML or Markdown."""

from __future__ import annotations

import html
import re

#: Nested markup is taken off layer by layer, so many at most.
_LAYERS = 50
#: No field takes more text than a part of this, with whatever markup.
_LONGEST = 40_000
_SIGN = re.compile(r"[<&\[#*+_~`]")
_BREAKING = "p|div|br|hr|ul|ol|tr|table|blockquote|h[1-6]|section|article|pre"
_INLINE = "a|b|i|u|s|em|strong|span|small|big|sub|sup|font|code|del|ins|mark|center|td|th|tbody|thead|img"
_TAGS = (
    (re.compile(r"\n?<li(?:\s[^<>]*)?/?>\s*", re.IGNORECASE), "\n• "),
    (re.compile(r"</li\s*>", re.IGNORECASE), ""),
    (re.compile(rf"</?(?:{_BREAKING})(?:\s[^<>]*)?/?>", re.IGNORECASE), "\n"),
    (re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE), ""),
)
_ENTITY = re.compile(r"&(?:amp;)*([A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_LINK = re.compile(r"!?\[([^\[\]\n]{1,500})\]\((?:https?://|/)[^()\s]{0,2000}\)")
_HEADING = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]+)+(?=\S)", re.MULTILINE)
_POINT = re.compile(r"^([ \t]*)[*+][ \t]+(?=\S)", re.MULTILINE)
#: A mark of emphasis touches the words that it surrounds, and no letter stands on its other side.
_EMPHASIS = {
    mark: re.compile(
        rf"(?<![\w{end}\\]){re.escape(mark)}(?=[^\s{end}])([^{end}\n]+)(?<=\S){re.escape(mark)}(?![\w{end}])"
    )
    for mark, end in (("***", "*"), ("**", "*"), ("*", "*"), ("__", "_"), ("_", "_"), ("~~", "~"), ("`", "`"))
}


def plain_text(text: str) -> str:
    """The text without tags, entities, links' addresses and marks of emphasis; made plain again it stays the same."""
    text = text[:_LONGEST]
    if _SIGN.search(text) is None:
        return text
    for _ in range(_LAYERS):
        before, text = text, _one_layer(text)
        if text == before:
            break
    return text


def _one_layer(text: str) -> str:
    if "<" in text:
        for tag, there in _TAGS:
            text = tag.sub(there, text)
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = _POINT.sub(r"\1• ", _HEADING.sub("", text))
    for mark, emphasis in _EMPHASIS.items():
        if mark in text:
            text = emphasis.sub(r"\1", text)
    return text


def _character(found: re.Match[str]) -> str:
    """What the entity stands for; one that stands for nothing to be seen is left as it is written."""
    entity = f"&{found[1]};"
    char = html.unescape(entity)
    return char if char not in (entity, "\ufffd") and (char.isprintable() or char.isspace()) else found[0]
