"""Marks of direction stay where a text needs them and come to an end where they began."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.directions import ALL
from plexsync.model.text import normal_text

HEBREW = "שלום"
STAYS = [
    f"{HEBREW} (2024)\u200f",
    f"\u200f{HEBREW}!\u200f",
    f"C++ \u200e{HEBREW}",
    f"\u2067{HEBREW}\u2069 and more",
    f"\u202b{HEBREW} \u2066abc\u2069\u202c end",
]
CHANGES = [
    ("plain \u200eleft\u200f to \u2066right\u2069", "plain left to right"),
    (f"\u202e{HEBREW}\u202c", HEBREW),
    (f"\u2067{HEBREW} never closed", f"{HEBREW} never closed"),
    (f"{HEBREW} never opened\u2069\u202c", f"{HEBREW} never opened"),
    (f"\u2067{HEBREW}\nnext line\u2069", f"{HEBREW}\nnext line"),
    (f"\u2067{HEBREW} \u202babc\u2069", f"\u2067{HEBREW} abc\u2069"),
    (f"\u202e\u2067{HEBREW}\u2069\u202c", f"\u2067{HEBREW}\u2069"),
    ("\u200f\u200e", ""),
]


@pytest.mark.parametrize("text", STAYS)
def test_marks_that_the_text_needs_stay(text: str) -> None:
    assert normal_text(text, lines=True, directions=True) == text


@pytest.mark.parametrize(("text", "expected"), CHANGES)
def test_marks_without_effect_or_without_end_go(text: str, expected: str) -> None:
    assert normal_text(text, lines=True, directions=True) == expected


MIXED = st.text(st.sampled_from([*ALL, "a", "ש", "ع", " ", "\n", "1", "(", "\u0301", "\u200d", "é", "\U0001f468"]))


def visible(text: str) -> str:
    drawn = "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", drawn)


@given(MIXED)
def test_the_visible_text_survives_and_the_form_is_the_same_each_time(text: str) -> None:
    once = normal_text(text, lines=True, directions=True)
    assert normal_text(once, lines=True, directions=True) == once
    assert visible(once) == visible(normal_text(text, lines=True))


@given(MIXED, st.integers(1, 12))
def test_a_cut_text_keeps_its_limit_and_leaves_nothing_open(text: str, limit: int) -> None:
    short = normal_text(text, limit=limit, lines=True, directions=True)
    assert len(short) <= limit
    assert normal_text(short, limit=limit, lines=True, directions=True) == short
