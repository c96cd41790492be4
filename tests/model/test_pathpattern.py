"""Patterns that lead both ways, and the refusal of all others."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plexsync.model.pathpattern import PatternFault, ReversiblePattern
from plexsync.model.paths import path_key

BOTH_WAYS = [
    (r"/mnt/(disk\d+)/video/", r"/data/\1/", "/mnt/disk12/video/a/b.mp4", "/data/disk12/a/b.mp4"),
    (r"^/mnt/([^/]*)/", r"/disks/\1/", "/mnt/x y/a.mp4", "/disks/x y/a.mp4"),
    (r"^/mnt/disk([0-9])/(.*)$", r"/data\1/\2", "/mnt/disk3/a/b.mp4", "/data3/a/b.mp4"),
    (r"/mnt/(.*)/video/", r"/data/\1/", "/mnt/a/b/video/c.mp4", "/data/a/b/c.mp4"),
    (r"/mnt/(.*)/video/(.*)", r"/data/\1/v/\2", "/mnt/a/video/c.mp4", "/data/a/v/c.mp4"),
    (r"/([^/]+)/([^/]+)/", r"/\2/\1/", "/a/b/c.mp4", "/b/a/c.mp4"),
    (r"/mnt/([^/]+)/", r"/data/\1/\1/", "/mnt/a/f.mp4", "/data/a/a/f.mp4"),
    (r"/mnt/(?P<disk>d\d)/(?P<kind>[a-z]+)/", r"/\g<kind>/\g<disk>/", "/mnt/d1/clips/a", "/clips/d1/a"),
    (r"/mnt/(a)/", r"/data/\g<1>/", "/mnt/a/f", "/data/a/f"),
    (r"/v1\.0/(x)/", r"/data\.d/\1/", "/v1.0/x/f", "/data.d/x/f"),
    (r"/mnt/(usb\d+/)?media/", r"/data/\1", "/mnt/usb1/media/f", "/data/usb1/f"),
    (r"/mnt/(usb\d+/)?media/", r"/data/m/\1", "/mnt/media/f", "/data/m/f"),
    (r"/mnt/(disks?)/", r"/data/\1/", "/mnt/disk/f", "/data/disk/f"),
    (r"/mnt/(d\d{1,2})/", r"/data/\1/", "/mnt/d12/f", "/data/d12/f"),
    (r"/mnt/([\w.-]+)/", r"/data/\1/", "/mnt/a-b.c/f", "/data/a-b.c/f"),
    (r"/mnt/([]\[]+)/", r"/data/\1/", "/mnt/[]/f", "/data/[]/f"),
    (r"/mnt/(disk\d)", r"/data/\1", "/mnt/disk1/f", "/data/disk1/f"),
    (r"([A-Z]):\\Media\\", r"/data/\1/", "D:\\Media\\x\\a.mp4", "/data/D/x/a.mp4"),
    (r"D:/Media/([^/]+)/", r"/data/\1/", "D:\\Media\\x\\y\\a.mp4", "/data/x/y/a.mp4"),
    (r"\\\\nas\\([^\\]+)\\", r"/mnt/\1/", "\\\\nas\\share\\x\\a.mp4", "/mnt/share/x/a.mp4"),
    (r"/mnt/(a)/", r"E:\\clips\\\1\\", "/mnt/a/x/f.mp4", "E:\\clips\\a\\x\\f.mp4"),
    (r"/mnt/(\(1\))/", r"/data/\1/", "/mnt/(1)/f", "/data/(1)/f"),
    (r"/média/(x)/", r"/data/\1/", "/média/x/u\u0308.mp4", "/data/x/u\u0308.mp4"),
    (r"/mnt/(.+)/", r"/data/\1/", "/mnt/two\nlines/f", "/data/two\nlines/f"),
]


@pytest.mark.parametrize(("pattern", "template", "in_plex", "in_stash"), BOTH_WAYS)
def test_a_pattern_leads_both_ways(pattern: str, template: str, in_plex: str, in_stash: str) -> None:
    rule = ReversiblePattern(pattern, template)
    assert rule.forward(in_plex) == in_stash
    assert rule.backward(in_stash) == in_plex


NO_ANSWER = [
    (r"/mnt/(disk\d+)/", r"/data/\1/", "/mnt/usb1/a"),
    (r"/mnt/(disk\d+)/", r"/data/\1/", "/x/mnt/disk1/a"),
    (r"/mnt/(disk\d)", r"/data/\1", "/mnt/disk12/a"),
    (r"/data", r"/media", "/database/a"),
    (r"/mnt/([^/]*)x/", r"/data/\1/", "/mnt/x/a"),
    (r"/mnt/([^/]+)/", r"/data/\1", "/mnt/a/f"),
    (r"/mnt/(a)/", r"/data/\1/", "/MNT/a/f"),
    (r"^/mnt/(a)$", r"/data/\1", "/mnt/a/f"),
    (r"/m/(.*)/x/", r"/d/\1/", "/m/a/x/b/c"),
    (r"/mnt/(a)/", r"/data/\1/", ""),
]


@pytest.mark.parametrize(("pattern", "template", "path"), NO_ANSWER)
def test_what_a_pattern_does_not_lead_there_and_back_is_not_led(pattern: str, template: str, path: str) -> None:
    assert ReversiblePattern(pattern, template).forward(path) is None


def test_a_template_mentioned_twice_wants_the_same_text_twice() -> None:
    rule = ReversiblePattern(r"/mnt/([^/]+)/", r"/data/\1/\1/")
    assert rule.backward("/data/a/b/f") is None


def test_case_counts_unless_the_rule_or_windows_says_otherwise() -> None:
    folded = ReversiblePattern(r"/Mnt/(a+)/", r"/Data/\1/", case_insensitive=True)
    assert folded.forward("/MNT/AA/F") == "/Data/AA/F"
    assert folded.backward("/DATA/AA/F") == "/Mnt/AA/F"
    assert ReversiblePattern(r"D:\\Media\\(x)\\", r"/data/\1/").forward("d:\\MEDIA\\x\\F") == "/data/x/F"


def test_a_literal_is_found_in_either_unicode_form() -> None:
    assert ReversiblePattern("/m\u00e9dia/(x)/", r"/data/\1/").forward("/me\u0301dia/x/f") == "/data/x/f"
    assert ReversiblePattern("/me\u0301dia/(x)/", r"/data/\1/").forward("/m\u00e9dia/x/f") == "/data/x/f"


REFUSED = [
    (r"/mnt/.*/", "/data/", "outside a group"),
    (r"/mnt/[ab]/", "/data/", "outside a group"),
    (r"/mnt/\d/", "/data/", "outside a group"),
    (r"/mnt/a?/", "/data/", "outside a group"),
    (r"/a|/b", "/data", "outside a group"),
    (r"/mnt/$/x", "/data/", "outside a group"),
    (r"/mnt/(a)+/", r"/data/\1/", "outside a group"),
    (r"/mnt/(a)*/", r"/data/\1/", "outside a group"),
    (r"/mnt/(a)??/", r"/data/\1/", "outside a group"),
    (r"/mnt/(a|b)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/((a)b)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/((?:a)b)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/(?=a)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/(?i)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/(a+?)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/(a++)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/(a{2}{3})/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/(a$)/", r"/data/\1/", "not allowed inside a group"),
    (r"/mnt/(\bx)/", r"/data/\1/", "is not allowed"),
    (r"/mnt/(\x41)/", r"/data/\1/", "is not allowed"),
    (r"/mnt/(a)/(\1)/", r"/data/\1/\2/", "is not allowed"),
    (r"/mnt/(a{3,2})/", r"/data/\1/", "count up"),
    (r"/mnt/(a{0})/", r"/data/\1/", "count up"),
    (r"/mnt/(a{1,99999})/", r"/data/\1/", "count up"),
    (r"/mnt/([z-a])/", r"/data/\1/", "does not go up"),
    (r"/mnt/([\d-x])/", r"/data/\1/", "does not go up"),
    (r"/mnt/([ab)/", r"/data/\1/", "a class"),
    (r"/mnt/(a", r"/data/\1/", "not closed"),
    (r"/mnt/()/", r"/data/\1/", "is empty"),
    (r"/mnt/(a*)?/", r"/data/\1/", "optional group"),
    ("/mnt/(a)\\", r"/data/\1", "a backslash ends"),
    (r"/mnt/(a*a*)/", r"/data/\1/", "side by side"),
    (r"/mnt/(.*)(.*)/", r"/data/\1/\2/", "side by side"),
    (r"/mnt/(.*)/(.*)/x/", r"/data/\1/\2/", "for ever"),
    (r"/mnt/(.*)a(.*)b(.*)c/", r"/\1/\2/\3/", "for ever"),
    (r"/mnt/(a?a?a?a?aaaa)/", r"/data/\1/", "for ever"),
    (r"/mnt/(.*)a([^/]*)b/", r"/data/\1/\2/", "for ever"),
    (r"/mnt/(.*)a([ab]*)", r"/data/\1/\2", "for ever"),
    (r"/mnt/(.*)/", r"/data/\1x\1/", "for ever"),
    (r"/mnt/([^/]*)/([^/]*)/", r"/\1\2/", "side by side"),
    (r"/mnt/(a)/", r"/data/", "is not used"),
    (r"/mnt/(a)/", r"/data/\2/", "names no group"),
    (r"/mnt/(a)/", r"/data/\g<x>/\1/", "names no group"),
    (r"/mnt/(a)/", r"/data/\d/\1/", "names no group"),
    (r"/mnt/(?P<x>a)(?P<x>b)/", r"/data/\1/", "two groups"),
    (r"mnt/(a)/", r"/data/\1/", "middle of a path"),
    (r"/mnt/(a)/", r"data/\1/", "middle of a path"),
    ("^", "/", "middle of a path"),
]


@pytest.mark.parametrize(("pattern", "template", "reason"), REFUSED)
def test_a_pattern_without_a_sure_way_back_is_refused_with_an_example(pattern: str, template: str, reason: str) -> None:
    with pytest.raises(PatternFault, match=reason) as caught:
        ReversiblePattern(pattern, template)
    assert "for example" in str(caught.value)


CHARS = st.sampled_from(["a", "b", "/", "[ab]", "[^/]", ".", r"\d", r"\.", "x", "1"])
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "{1,}", "{0,2}"])
ATOMS = st.tuples(CHARS, REPEATS).map("".join)
GROUPS = st.tuples(st.lists(ATOMS, min_size=1, max_size=4).map("".join), st.sampled_from(["", "", "?"])).map(
    lambda pair: f"({pair[0]}){pair[1]}"
)
LITERALS = st.sampled_from(["a", "/", "b/", "x", "/a/", "1", r"\."])


@st.composite
def accepted(draw: st.DrawFn) -> ReversiblePattern | None:
    """A rule out of random parts; None where it is refused."""
    parts = draw(st.lists(st.one_of(GROUPS, LITERALS), min_size=1, max_size=8))
    count = sum(part.startswith("(") for part in parts)
    order = draw(st.permutations([rf"\{number}" for number in range(1, count + 1)]))
    between = draw(st.lists(LITERALS, min_size=count + 1, max_size=count + 1))
    template = "/" + between[0] + "".join(a + b for a, b in zip(order, between[1:], strict=True))
    try:
        return ReversiblePattern("/" + "".join(parts), template, case_insensitive=draw(st.booleans()))
    except PatternFault:
        return None


@given(accepted(), st.text("ab/x1.A", max_size=30))
def test_every_path_that_an_accepted_pattern_leads_comes_back(rule: ReversiblePattern | None, rest: str) -> None:
    if rule is None:
        return
    for there, back in ((rule.forward, rule.backward), (rule.backward, rule.forward)):
        found = there("/" + rest)
        if found is not None:
            assert "//" not in found
            again = back(found)
            assert again is not None
            assert path_key(again).casefold() == path_key("/" + rest).casefold()


HARD = ["a", "/a", "ab", "a/", "1", "x/1", "aaaaaaaaab", "/", "a.", "b/x/"]


@settings(max_examples=300)
@given(accepted(), st.sampled_from(HARD), st.sampled_from(["", "c", "/c", "\n", "b"]))
def test_no_accepted_pattern_takes_more_than_linear_time(rule: ReversiblePattern | None, part: str, end: str) -> None:
    if rule is None:
        return
    path = "/" + part * (20_000 // len(part)) + end
    began = time.process_time()
    rule.forward(path)
    rule.backward(path)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(("pattern", "template", "in_plex", "in_stash"), BOTH_WAYS)
def test_a_long_path_takes_no_time(pattern: str, template: str, in_plex: str, in_stash: str) -> None:
    rule = ReversiblePattern(pattern, template)
    began = time.process_time()
    for piece in ("a", "/", "/a", "video/", "/video", "1", "\\", "\\a"):
        for start in (in_plex, in_stash, "/mnt/", "/data/"):
            rule.forward(start + piece * 5_000)
            rule.backward(start + piece * 5_000)
    assert time.process_time() - began < 3
