"""Rules lead from a path of Plex to the same file in Stash, and back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plexsync.model.errors import ConfigurationError
from plexsync.model.pathrules import PathRules, PrefixRule, RuleText, path_rules
from plexsync.model.paths import path_key


def rules(*pairs: tuple[str, str], fold: bool = False) -> PathRules:
    return path_rules([RuleText(plex=plex, stash=stash, case_insensitive=fold) for plex, stash in pairs])


BOTH_WAYS = [
    ("/volume1/media", "/data", "/volume1/media/a/b.mp4", "/data/a/b.mp4"),
    ("/volume1/media/", "/data", "/volume1/media/a.mp4", "/data/a.mp4"),
    ("/volume1/media", "/data///", "/volume1/media/a.mp4", "/data/a.mp4"),
    ("/volume1//media", "//data//x", "/volume1/media/a.mp4", "/data/x/a.mp4"),
    ("/", "/data", "/media/a.mp4", "/data/media/a.mp4"),
    ("/media", "/", "/media/a.mp4", "/a.mp4"),
    ("/", "/", "/a.mp4", "/a.mp4"),
    ("D:\\Media", "/data", "D:\\Media\\x\\a.mp4", "/data/x/a.mp4"),
    ("D:/Media/", "/data/", "D:\\Media\\x\\a.mp4", "/data/x/a.mp4"),
    ("D:\\", "/data", "D:\\a.mp4", "/data/a.mp4"),
    ("\\\\nas\\share", "/mnt/share", "\\\\nas\\share\\x\\a.mp4", "/mnt/share/x/a.mp4"),
    ("\\\\nas\\share\\", "D:\\share", "\\\\nas\\share\\a.mp4", "D:\\share\\a.mp4"),
    ("/media", "/data", "/media/100% #1_[x] (2)/a\\b?.mp4", "/data/100% #1_[x] (2)/a\\b?.mp4"),
    ("/media", "/data", "/media/two\nlines.mp4", "/data/two\nlines.mp4"),
    ("/m\u00e9dia", "/data", "/m\u00e9dia/u\u0308.mp4", "/data/u\u0308.mp4"),
    ("/data/odd\\", "/x", "/data/odd\\/a.mp4", "/x/a.mp4"),
    ("/media", "/data", "/media/media/a.mp4", "/data/media/a.mp4"),
    ("/media", "/data", "/media", "/data"),
]


@pytest.mark.parametrize(("plex", "stash", "in_plex", "in_stash"), BOTH_WAYS)
def test_a_folder_seen_under_two_names_leads_both_ways(plex: str, stash: str, in_plex: str, in_stash: str) -> None:
    found = rules((plex, stash))
    assert found.to_stash(in_plex) == in_stash
    assert found.to_plex(in_stash) == in_plex


OUTSIDE = [
    ("/data", "/database/a.mp4"),
    ("/data", "/dat/a.mp4"),
    ("/data", "/Data/a.mp4"),
    ("/data", "data/a.mp4"),
    ("/data", "/x/data/a.mp4"),
    ("/data", ""),
    ("/data", "D:\\data\\a.mp4"),
    ("/", "D:\\a.mp4"),
    ("D:\\", "E:\\a.mp4"),
    ("\\\\nas\\share", "/nas/share/a.mp4"),
    ("\\\\nas\\share", "\\\\nas\\share2\\a.mp4"),
    ("/data/x", "/data"),
]


@pytest.mark.parametrize(("folder", "path"), OUTSIDE)
def test_a_path_outside_the_folder_is_not_led_anywhere(folder: str, path: str) -> None:
    assert rules((folder, "/other")).to_stash(path) is None
    assert rules(("/other", folder)).to_plex(path) is None


def test_the_folder_is_found_in_either_unicode_form_and_the_rest_stays_as_it_is() -> None:
    found = rules(("/m\u00e9dia", "/data"))
    assert found.to_stash("/me\u0301dia/e\u0301.mp4") == "/data/e\u0301.mp4"


def test_doubled_slashes_of_a_path_do_not_reach_the_other_side() -> None:
    assert rules(("/media", "/data")).to_stash("//media//x///a.mp4") == "/data/x/a.mp4"


def test_upper_and_lower_case_are_the_same_on_windows_and_where_a_rule_says_so() -> None:
    assert rules(("D:\\Media", "/data")).to_stash("d:\\MEDIA\\A.mp4") == "/data/A.mp4"
    folded = rules(("/Media", "/Data"), fold=True)
    assert folded.to_stash("/mEdIa/A.mp4") == "/Data/A.mp4"
    assert folded.to_plex("/DATA/A.mp4") == "/Media/A.mp4"


def test_a_name_that_windows_cannot_have_is_not_led_there() -> None:
    assert rules(("D:\\Media", "/data")).to_plex("/data/a\\b.mp4") is None


def test_the_first_rule_that_applies_wins_in_either_direction() -> None:
    found = rules(("/media/films", "/films"), ("/media", "/data"), ("/other", "/data"))
    assert found.to_stash("/media/films/a.mp4") == "/films/a.mp4"
    assert found.to_stash("/media/clips/a.mp4") == "/data/clips/a.mp4"
    assert found.to_plex("/data/clips/a.mp4") == "/media/clips/a.mp4"
    assert found.to_stash("/other/a.mp4") == "/data/a.mp4"
    assert found.to_stash("/nowhere/a.mp4") is None
    assert found.to_plex("/nowhere/a.mp4") is None
    assert PathRules().to_plex("/data/a.mp4") is None


def test_a_place_in_plex_that_an_earlier_rule_gives_to_another_file_is_not_taken() -> None:
    found = rules(("/media/films", "/films"), ("/media", "/data"))
    assert found.to_plex("/data/films/a.mp4") is None


def test_two_folders_of_stash_may_be_one_of_plex() -> None:
    found = rules(("/pool", "/disk1"), ("/pool/", "/disk2"))
    assert found.to_plex("/disk1/a.mp4") == found.to_plex("/disk2/a.mp4") == "/pool/a.mp4"


SEGMENT = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=6)
NAME = SEGMENT.filter(lambda text: "\\" not in text)
POSIX = st.lists(SEGMENT, max_size=4).map(lambda parts: "/" + "/".join(parts))
PLAIN = st.lists(NAME, max_size=4).map(lambda parts: "/" + "/".join(parts))
FOLDERS = st.one_of(
    POSIX,
    PLAIN.map(lambda path: "D:" + path.replace("/", "\\")),
    PLAIN.map(lambda path: "\\\\nas\\share" + path.replace("/", "\\")),
)


@given(FOLDERS, FOLDERS, PLAIN, st.booleans())
def test_every_path_that_is_led_to_plex_is_led_back_and_has_no_empty_segment(
    plex: str, stash: str, below: str, fold: bool
) -> None:
    rule = PrefixRule(name="", plex=plex, stash=stash, case_insensitive=fold)
    path = stash.rstrip("/\\") + below
    assume(path_key(path).startswith(path_key(stash).rstrip("/")))
    there = rule.to_plex(path)
    assume(there is not None)
    assert there is not None
    assert "//" not in there
    assert "\\\\" not in there.removeprefix("\\\\") or "\\\\" in plex + path
    back = rule.to_stash(there)
    assert back is not None
    assert path_key(back).casefold() == path_key(path).casefold()


@given(POSIX, st.lists(st.tuples(POSIX, POSIX), min_size=1, max_size=4))
def test_the_answer_is_that_of_the_first_rule_that_has_one(path: str, pairs: list[tuple[str, str]]) -> None:
    found = rules(*pairs)
    answers = [rule.to_stash(path) for rule in found.rules]
    assert found.to_stash(path) == next((answer for answer in answers if answer is not None), None)


REFUSED = [
    RuleText(),
    RuleText(plex="/a"),
    RuleText(plex="/a", stash_pattern="/b"),
    RuleText(plex="/a", stash="/b", plex_pattern="/c"),
    RuleText(plex="/a", stash="/b", plex_pattern="/c", stash_pattern="/d"),
    RuleText(plex="media", stash="/data"),
    RuleText(plex="/media", stash="data"),
    RuleText(plex_pattern="/a", stash_pattern="/b/"),
]


@pytest.mark.parametrize("text", REFUSED)
def test_a_rule_that_cannot_work_is_refused_with_an_example(text: RuleText) -> None:
    with pytest.raises(ConfigurationError) as caught:
        path_rules([RuleText(plex="/fine", stash="/fine"), text])
    [line] = caught.value.faults
    assert line.startswith("path_rules 2 (unnamed): ")
    assert "for example" in line


def test_every_rule_that_cannot_work_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        path_rules([RuleText(name="one"), RuleText(plex="/a", stash="/b"), RuleText(name="three")])
    assert [line.partition(":")[0] for line in caught.value.faults] == ["path_rules 1 (one)", "path_rules 3 (three)"]


def test_several_folders_of_plex_may_be_one_of_stash_and_each_is_told() -> None:
    found = rules(("/disk1", "/pool"), ("/disk2", "/pool"))
    assert found.places_in_plex("/pool/a.mp4") == ("/disk1/a.mp4", "/disk2/a.mp4")
    assert found.places_in_stash("/disk2/a.mp4") == ("/pool/a.mp4",)
    pooled = rules(("/pool", "/disk1"), ("/pool", "/disk2"))
    assert pooled.places_in_stash("/pool/a.mp4") == ("/disk1/a.mp4", "/disk2/a.mp4")
    assert pooled.places_in_plex("/disk2/a.mp4") == ("/pool/a.mp4",)
    nested = rules(("/media/films", "/films"), ("/media", "/data"))
    assert nested.places_in_stash("/media/films/a.mp4") == ("/films/a.mp4",)


@given(POSIX, st.lists(st.tuples(POSIX, POSIX), min_size=1, max_size=4))
def test_the_first_of_all_places_is_the_one_place_and_all_lead_back(path: str, pairs: list[tuple[str, str]]) -> None:
    found = rules(*pairs)
    there = found.places_in_plex(path)
    assert (there[0] if there else None) == found.to_plex(path)
    assert all(path_key(path) in map(path_key, found.places_in_stash(place)) for place in there)
    assert (found.places_in_stash(path) or (None,))[0] == found.to_stash(path)
