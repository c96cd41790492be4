"""Names and patterns: what they fit, and that no pattern takes long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.compare import text_key
from plexsync.model.rules import Names
from plexsync.model.rules.names import NamePattern

CASES = [
    ("4K", "4k", True),
    ("4K", "4k hdr", False),
    ("series: *", "Series:  Sintel", True),
    ("series: *", "series", False),
    ("*", "", True),
    ("*", "anything", True),
    ("*draft", "First DRAFT", True),
    ("*draft", "drafts", False),
    ("a*a", "a", False),
    ("a*a", "aa", True),
    ("a*b*c", "a b c b c", True),
    ("a*b*c", "a c b", False),
    ("19??", "1999", True),
    ("19??", "199", False),
    ("?*", "", False),
    ("[x]*", "[x] y", True),
    ("[x]*", "x y", False),
    ("süß*", "SÜSSES", True),
    ("a.c", "abc", False),
]


@pytest.mark.parametrize(("pattern", "name", "fits"), CASES)
def test_a_star_is_any_text_and_a_question_mark_one_character(pattern: str, name: str, *, fits: bool) -> None:
    assert (Names((pattern,)).entry([name]) is not None) is fits


def test_the_entry_that_fits_is_told_as_it_is_written() -> None:
    names = Names(("One", "Two*"))
    assert names.entry(["other", "TWO b", "one"]) == "Two*"
    assert names.entry(["one"]) == "One"
    assert names.entry([]) is None
    assert not Names()


LETTERS = st.text(st.sampled_from("ab*?"), max_size=8)


@given(LETTERS, st.text(st.sampled_from("ab"), max_size=10))
def test_a_pattern_fits_exactly_what_the_same_regular_expression_fits(pattern: str, name: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(char, char) for char in pattern)
    assert NamePattern(pattern).fits(text_key(name)) is (re.fullmatch(expression, name) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 200 + "b", "a*" * 200 + "b", "*?" * 200 + "b", "?*a" * 200 + "b"])
def test_no_pattern_tries_the_same_text_for_ever(pattern: str) -> None:
    assert not NamePattern(pattern).fits("a" * 5000)
