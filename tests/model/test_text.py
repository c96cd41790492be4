"""Texts come into one form: what a reader sees survives, the rest goes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.graphemes import JOINERS, SELECTORS, is_drawn
from plexsync.model.text import cut, normal_text

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
PRIDE = "\U0001f3f3\ufe0f\u200d\U0001f308"
GERMANY, FRANCE = "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
THUMB = "\U0001f44d\U0001f3fd"
NOTHING_CHANGES = [
    "Sintel",
    FAMILY,
    f"{FAMILY}{FAMILY} twice",
    PRIDE,
    GERMANY + FRANCE,
    SCOTLAND,
    THUMB,
    "1\ufe0f\u20e3 keycap",
    "\u2764\ufe0f heart",
    "می\u200cخواهم",
    "ه\u200d",
    "ක්\u200dෂ",
    "ന്\u200d",
    "क्\u200cष",
    "שלום עולם",
    "\u06dd12",
    "日本語のタイトル",
    "葛\U000e0100城",
    "^`~ signs",
]
CASES = [
    ("  two   spaces \t tab ", "two spaces tab"),
    ("no\u00adhyphen\ufeff\u200b here", "nohyphen here"),
    ("\u202eright to left\u202c \u200fmark\u200e", "right to left mark"),
    ("\u2066isolate\u2069", "isolate"),
    ("nul\x00 bell\x07 escape\x1b[0m", "nul bell escape[0m"),
    ("lone \ud83d high, low \ude00 end", "lone high, low end"),
    ("one\r\ntwo", "one two"),
    ("u\u0308ber", "über"),
    ("u\u200e\u0308ber", "über"),
    ("no\u00a0break\u3000wide", "no break wide"),
    ("\u200d\u200cjoiners\u200d at \u200cthe edge\u200d", "joiners at the edge"),
    ("a\u200d\u200d\u200db", "a\u200db"),
    ("\ufe0fselector alone", "selector alone"),
    ("\u200b\u2060\ufeff", ""),
    ("\ufe0f", ""),
    ("hidden\U000e0068\U000e0069", "hidden"),
    ("\U0001f3f4\U000e0067 no end", "\U0001f3f4 no end"),
    ("\U0001f3ac\U000e0068\U000e0069", "\U0001f3ac"),
    ("never \uffff a \ufdd0 character", "never a character"),
    ("", ""),
    (" \n\t ", ""),
]


@pytest.mark.parametrize("text", NOTHING_CHANGES)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert normal_text(text) == text
    assert normal_text(text, lines=True) == text


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_is_not_visible_goes(text: str, expected: str) -> None:
    assert normal_text(text) == expected


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_break_stays_in_a_summary_as_the_same(line_end: str) -> None:
    text = f"one {line_end} two{line_end}{line_end}three{line_end}"
    assert normal_text(text, lines=True) == "one\ntwo\n\nthree"
    assert normal_text(text) == "one two three"


CUTS = [
    ("one two three", 9, "one two t"),
    ("twelve chars and more", 12, "twelve chars"),
    ("twelve chars, more", 13, "twelve chars,"),
    ("twelve charsx more", 14, "twelve charsx"),
    ("abcdefghijklmno", 10, "abcdefghij"),
    ("a line\nof a summary", 8, "a line\no"),
    ("nine char" + FAMILY, 12, "nine char"),
    ("12345678" + GERMANY, 9, "12345678"),
    ("1234567" + GERMANY + FRANCE, 10, "1234567" + GERMANY),
    ("12345678" + THUMB, 9, "12345678"),
    ("12345678" + SCOTLAND, 12, "12345678"),
    ("1234567" + "❤️", 8, "1234567"),
    ("1234567" + "q\u0323\u0307", 9, "1234567"),
    ("12345678" + "ක්\u200dෂ", 11, "12345678"),
    ("12345678می\u200cخواهم", 11, "12345678می"),
    ("^^^^^^^^^^^^", 10, "^^^^^^^^^^"),
    ("日本語のタイトルです", 5, "日本語のタ"),
    ("x" + "\u0301" * 20, 10, None),
]


@pytest.mark.parametrize(("text", "limit", "expected"), CUTS)
def test_a_long_text_ends_at_a_word_or_at_a_whole_character(text: str, limit: int, expected: str | None) -> None:
    short = normal_text(text, limit=limit, lines=True)
    assert len(short) <= limit
    if expected is not None:
        assert short == expected


def test_a_word_boundary_is_taken_only_where_it_keeps_four_fifths() -> None:
    assert normal_text("12345678 0x", limit=10) == "12345678"
    assert normal_text("1234567 90x", limit=10) == "1234567 90"


UNRULY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            [
                *(*sorted(JOINERS), *sorted(SELECTORS)[:6], *FAMILY, *SCOTLAND, *GERMANY, *THUMB),
                *(*" \n\r\t\u2028\u200f", "\u0308", "\u094d", "क", "ع", "\ud83d"),
                *("\u1100", "\u1161", "\u11a8", "\u0958", "a", "u"),
            ]
        ),
    ),
    max_size=60,
)


@given(UNRULY, st.integers(0, 40), st.booleans())
def test_a_normal_text_is_its_own_normal_form_and_within_its_limit(text: str, limit: int, lines: bool) -> None:
    once = normal_text(text, limit=limit, lines=lines)
    assert normal_text(once, limit=limit, lines=lines) == once
    assert not limit or len(once) <= limit
    assert unicodedata.is_normalized("NFC", once)
    once.encode()


@given(UNRULY, st.integers(0, 40), st.booleans())
def test_both_unicode_forms_of_a_text_become_the_same(text: str, limit: int, lines: bool) -> None:
    composed, parted = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert normal_text(composed, limit=limit, lines=lines) == normal_text(parted, limit=limit, lines=lines)


def seen(text: str) -> list[str]:
    """The characters that are drawn by themselves, each in its parts."""
    drawn = "".join(c for c in text if is_drawn(c) and not c.isspace() and c not in SELECTORS)
    return sorted(unicodedata.normalize("NFD", drawn))


@given(UNRULY, st.booleans())
def test_every_character_that_is_drawn_survives(text: str, lines: bool) -> None:
    assert seen(normal_text(text, lines=lines)) == seen(unicodedata.normalize("NFC", text))


@given(UNRULY)
def test_nothing_that_is_not_drawn_survives_but_joiners_and_line_breaks(text: str) -> None:
    for char in normal_text(text, lines=True):
        assert is_drawn(char) or char in {*JOINERS, " ", "\n"} or 0xE0020 <= ord(char) <= 0xE007F


@given(UNRULY, st.integers(1, 40))
def test_a_cut_is_a_beginning_of_the_text(text: str, limit: int) -> None:
    assert text.startswith(cut(text, limit))


def test_a_summary_of_a_hundred_thousand_marks_is_cut_at_once() -> None:
    assert len(normal_text("\U0001f1e9" * 100_000, limit=10_000)) == 10_000
    assert len(normal_text("x" + "\u0301" * 100_000, limit=10_000)) <= 10_000
