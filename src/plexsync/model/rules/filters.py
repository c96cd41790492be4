"""The filters of templates: each turns one or several texts into others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from plexsync.model.compare import text_key
from plexsync.model.text import cut

#: Nothing, one text or several. What needs one text takes them joined by commas.
Entries = tuple[str, ...]
Filter = Callable[[Entries], Entries]
ARROW = "=>"
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_LONGEST = 10_000


class FilterFault(Exception):
    """An argument that a filter cannot use: what is wrong with it, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def flat(entries: Entries) -> str:
    """As one text."""
    return ", ".join(entry for entry in entries if entry.strip())


def _plain(change: Callable[[str], str]) -> Callable[[str | None], Filter]:
    """A filter of each text, without an argument."""

    def make(argument: str | None) -> Filter:
        _none(argument)
        return lambda entries: tuple(change(entry) for entry in entries)

    return make


def _choosing(change: Filter) -> Callable[[str | None], Filter]:
    """A filter of the list, without an argument."""

    def make(argument: str | None) -> Filter:
        _none(argument)
        return change

    return make


def _counting(change: Callable[[Entries, int], Entries]) -> Callable[[str | None], Filter]:
    """A filter with a number."""

    def make(argument: str | None) -> Filter:
        text = (argument or "").strip()
        if not re.fullmatch(r"[0-9]{1,6}", text) or not 0 < int(text) <= _LONGEST:
            raise FilterFault(
                f"{argument or 'nothing'!r} is no number", f"write a number from 1 to {_LONGEST} after it"
            )
        number = int(text)
        return lambda entries: change(entries, number)

    return make


def _telling(change: Callable[[str, str], str], *, empty: bool = False) -> Callable[[str | None], Filter]:
    """A filter of the whole text, with a text. Of an empty one only `empty` filters make something."""

    def make(argument: str | None) -> Filter:
        given = _some(argument)

        def use(entries: Entries) -> Entries:
            text = flat(entries)
            return (change(text, given),) if text or empty else ()

        return use

    return make


def _join(argument: str | None) -> Filter:
    between = _some(argument)
    return lambda entries: (between.join(entry for entry in entries if entry.strip()),)


def _replace(argument: str | None) -> Filter:
    old, arrow, new = _some(argument).partition(ARROW)
    if not arrow or not old:
        raise FilterFault(f"{argument!r} does not say what becomes what", f"write it as replace:old{ARROW}new")
    return lambda entries: tuple(entry.replace(old, new) for entry in entries)


def _none(argument: str | None) -> None:
    if argument is not None:
        raise FilterFault(f"it takes nothing after a colon, and has {argument!r}", "take out the colon and the rest")


def _some(argument: str | None) -> str:
    if not argument:
        raise FilterFault("nothing stands after it", "write a colon and a text after it")
    return argument


def _after(text: str, mark: str) -> str:
    _, found, rest = text.partition(mark)
    return rest if found else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without_article(text: str) -> str:
    text = text.strip()
    return _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else text


#: By name; each is called with its argument, None for none, and raises FilterFault where that cannot be used.
FILTERS: Mapping[str, Callable[[str | None], Filter]] = {
    "upper": _plain(str.upper),
    "lower": _plain(str.lower),
    "capital": _plain(_capital),
    "without_article": _plain(_without_article),
    "first": _choosing(lambda entries: entries[:1]),
    "last": _choosing(lambda entries: entries[-1:]),
    "sort": _choosing(lambda entries: tuple(sorted(entries, key=text_key))),
    "take": _counting(lambda entries, number: entries[:number]),
    "cut": _counting(lambda entries, number: (cut(flat(entries), number),)),
    "digits": _counting(lambda entries, number: tuple(entry.zfill(min(number, 20)) for entry in entries)),
    "join": _join,
    "replace": _replace,
    "prefix": _telling(lambda text, given: given + text),
    "suffix": _telling(lambda text, given: text + given),
    "before": _telling(lambda text, given: text.partition(given)[0]),
    "after": _telling(_after),
    "or": _telling(lambda text, given: text or given, empty=True),
}
