"""What foreign text may do to a terminal: nothing."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from plexsync.cli.screen import Screen, clean
from plexsync.cli.spans import ago, moment, shown, span


@given(st.text())
def test_no_text_reaches_the_terminal_with_control_characters(text: str) -> None:
    """Escape sequences lose what makes them one."""
    assert not {unicodedata.category(char) for char in clean(text)} & {"Cc", "Cf", "Cs"}


def test_brackets_of_a_title_are_shown_and_not_obeyed() -> None:
    """Titles may look like markup."""
    out = io.StringIO()
    screen = Screen(console=Console(file=out, width=100, highlight=False, markup=False, emoji=False))
    screen.say("Scene 1: [red]Film[/red] [/] :smile:")
    screen.table("[bold]Title[/bold]", ("a",), [("[link=x]y[/link]\x1b[31m",)])
    said = out.getvalue()
    assert "[red]Film[/red] [/] :smile:" in said
    assert "[bold]Title[/bold]" in said
    assert "[link=x]y[/link]" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.2, "0.2 s"), (59, "59 s"), (60, "1 min"), (3_700, "1 h 1 min"), (90_061, "1 d 1 h")],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    """Whole units, no zeros."""
    assert span(seconds) == words


def test_times_tell_the_past_from_the_future() -> None:
    """And what never was."""
    assert ago(100.0, 160.0) == "1 min ago"
    assert ago(160.0, 100.0) == "in 1 min"
    assert ago(None, 1.0) == moment(None) == "never"


def test_an_empty_value_is_named_and_a_long_one_is_cut() -> None:
    """A value takes one line."""
    assert shown(None) == shown([]) == "(empty)"
    assert shown(["a", "b"]) == "a, b"
    assert len(shown("x" * 1000)) == 200
