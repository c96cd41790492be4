"""Reads the part of YAML that plugin manifests are written in; anything else is an error, never a guess."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:\[\]{},"'&*!|>%@`-][^:#]*?|-?[\w./-]+)\s*:(?:\s+(.*)|$)""")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class NotReadable(Exception):
    """The text is not YAML, or uses more of YAML than manifests need."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that holds something."""

    number: int
    indent: int
    text: str


@dataclass(slots=True)
class Reader:
    """Goes through the lines of one document."""

    lines: list[Line]
    raw: list[str]
    at: int = 0
    seen: list[str] = field(default_factory=list)

    def block(self, indent: int) -> Any:
        """The mapping, list or scalar whose lines begin at this indent."""
        line = self.lines[self.at]
        if line.text == "-" or line.text.startswith("- "):
            return self._list(indent)
        if KEY.fullmatch(line.text):
            return self._mapping(indent)
        self.at += 1
        return scalar(line.text, line.number)

    def _list(self, indent: int) -> list[Any]:
        items = []
        while (line := self._next(indent)) and (line.text == "-" or line.text.startswith("- ")):
            rest = line.text[1:].lstrip()
            if not rest:
                self.at += 1
                items.append(self._below(indent))
            elif KEY.fullmatch(rest) and rest[0] not in "[{":
                inner = indent + len(line.text) - len(rest)
                self.lines[self.at] = Line(line.number, inner, rest)
                items.append(self._mapping(inner))
            else:
                self.at += 1
                items.append(self._value(rest, line, indent))
        return items

    def _mapping(self, indent: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while line := self._next(indent):
            match = KEY.fullmatch(line.text)
            if not match:
                break
            key = str(scalar(match[1], line.number)) if match[1][0] in "\"'" else match[1].strip()
            if key in found:
                raise NotReadable(f"line {line.number}: key {key!r} twice")
            self.at += 1
            rest = (match[2] or "").strip()
            found[key] = self._value(rest, line, indent) if rest else self._below(indent, lists=True)
        return found

    def _next(self, indent: int) -> Line | None:
        if self.at >= len(self.lines) or self.lines[self.at].indent < indent:
            return None
        line = self.lines[self.at]
        if line.indent > indent:
            raise NotReadable(f"line {line.number}: unexpected indent")
        return line

    def _below(self, indent: int, *, lists: bool = False) -> Any:
        """The deeper block that follows; a list may stand as deep as the key it belongs to."""
        if self.at >= len(self.lines):
            return None
        line = self.lines[self.at]
        if line.indent > indent or (lists and line.indent == indent and line.text.startswith("-")):
            return self.block(line.indent)
        return None

    def _value(self, text: str, line: Line, indent: int) -> Any:
        if text[0] in "|>":
            return self._long(text, line, indent)
        while text[0] in "[{" and not _closed(text) and self.at < len(self.lines):
            text += " " + self.lines[self.at].text
            self.at += 1
        if text[0] not in "[{\"'":
            while self.at < len(self.lines) and self.lines[self.at].indent > indent:
                text += " " + self.lines[self.at].text
                self.at += 1
        return scalar(text, line.number)

    def _long(self, sign: str, line: Line, indent: int) -> str:
        taken = []
        for each in self.raw[line.number :]:
            if each.strip() and len(each) - len(each.lstrip()) <= indent:
                break
            taken.append(each)
        while self.at < len(self.lines) and self.lines[self.at].number <= line.number + len(taken):
            self.at += 1
        margin = min((len(each) - len(each.lstrip()) for each in taken if each.strip()), default=0)
        rows = [each[margin:].rstrip("\n") for each in taken]
        while rows and not rows[-1].strip():
            rows.pop()
        body = "\n".join(rows) if sign[0] == "|" else re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(rows))
        return body if sign.endswith("-") else body + "\n"


def parse(text: str) -> Any:
    """The value that a document stands for."""
    raw = re.split(r"\r\n|\r|\n", text)
    lines = []
    for number, each in enumerate(raw, 1):
        bare = _uncommented(each)
        if not bare.strip() or bare.strip() == "---":
            continue
        if "\t" in bare[: len(bare) - len(bare.lstrip())]:
            raise NotReadable(f"line {number}: a tab indents")
        lines.append(Line(number, len(bare) - len(bare.lstrip()), bare.strip()))
    if not lines:
        return None
    reader = Reader(lines, raw)
    found = reader.block(lines[0].indent)
    if reader.at < len(reader.lines):
        raise NotReadable(f"line {reader.lines[reader.at].number}: not understood")
    return found


def scalar(text: str, number: int) -> Any:
    """A value on one line: quoted or plain text, a number, a word such as true, or a flow list or mapping."""
    if text[:1] in "[{" and text:
        value, rest = _flow(text, number)
        if rest.strip():
            raise NotReadable(f"line {number}: text after {text[0]}...")
        return value
    if text[:1] == '"':
        try:
            return json.loads(text)
        except ValueError as error:
            raise NotReadable(f"line {number}: {error}") from error
    if text[:1] == "'":
        if not re.fullmatch(r"'(?:[^']|'')*'", text):
            raise NotReadable(f"line {number}: quote not closed")
        return text[1:-1].replace("''", "'")
    if text[:1] and text[0] in "&*!%@`":
        raise NotReadable(f"line {number}: {text[0]} is not supported")
    if ": " in text or text.endswith(":"):
        raise NotReadable(f"line {number}: mapping values are not allowed here")
    if NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return WORDS.get(text.lower(), text)


def _flow(text: str, number: int) -> tuple[Any, str]:
    text = text.lstrip()
    if text[:1] == "[":
        return _flow_list(text[1:], number)
    if text[:1] == "{":
        return _flow_mapping(text[1:], number)
    match = re.match(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\[\]{}]*?)\s*(?=[,\]}]|:\s|$)""", text)
    if not match:
        raise NotReadable(f"line {number}: not understood: {text}")
    return scalar(match[1].strip(), number), text[match.end() :]


def _flow_list(text: str, number: int) -> tuple[list[Any], str]:
    items = []
    while not text.lstrip().startswith("]"):
        value, text = _flow(text, number)
        items.append(value)
        text = _separated(text, "]", number)
    return items, text.lstrip()[1:]


def _flow_mapping(text: str, number: int) -> tuple[dict[str, Any], str]:
    found = {}
    while not text.lstrip().startswith("}"):
        key, text = _flow(text, number)
        if not text.lstrip().startswith(":"):
            raise NotReadable(f"line {number}: a value is missing")
        found[str(key)], text = _flow(text.lstrip()[1:], number)
        text = _separated(text, "}", number)
    return found, text.lstrip()[1:]


def _separated(text: str, end: str, number: int) -> str:
    text = text.lstrip()
    if text.startswith(","):
        return text[1:]
    if not text.startswith(end):
        raise NotReadable(f"line {number}: {end} is missing")
    return text


def _closed(text: str) -> bool:
    bare = re.sub(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""", "", text)
    return bare.count("[") + bare.count("{") <= bare.count("]") + bare.count("}")


def _uncommented(text: str) -> str:
    """A line without its comment: a `#` at its start or after a blank, outside quotes."""
    quote = ""
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and (sign == "'" or text[at - 1] != "\\") else quote
        elif sign in "\"'" and (at == 0 or text[at - 1] in " [{,:-"):
            quote = sign
        elif sign == "#" and (at == 0 or text[at - 1].isspace()):
            return text[:at].rstrip()
    return text.rstrip()
