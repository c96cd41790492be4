"""Whatever form Plex gives a file's name, it is that file's scene or none."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.model.pathrules import PathRules, RuleText, path_rules
from plexsync.provider import provider
from plexsync.provider.filename import readings
from plexsync.provider.fit import Held, wanted_of
from plexsync.store import sections
from provider.desk import IDENTIFIER, MATCHES, SERVER, Desk, desk

RULES = path_rules([RuleText(plex="/plex/media", stash="/data")])
NAMES = st.text(st.sampled_from("abAB .-(1é"), min_size=1, max_size=4).filter(lambda name: name.strip(" .") == name)
INNER = st.lists(NAMES, min_size=1, max_size=4)


def forms_of(relative: str) -> list[str]:
    """Every form in which Plex may give the name of a file of the library `/plex/media`."""
    plain = [relative, f"/{relative}", f"media/{relative}", f"/media/{relative}", f"/plex/media/{relative}"]
    backslashes = [one.replace("/", "\\") for one in plain]
    forms = [unicodedata.normalize(form, one) for form in ("NFC", "NFD") for one in (*plain, *backslashes)]
    return [*dict.fromkeys(forms), f"plex/media/{relative}", f"//{relative.replace('/', '//')}"]


@pytest.mark.parametrize("indexed", [True, False])
def test_every_form_of_a_name_finds_the_scene_and_queues_it(tmp_path: Path, indexed: bool) -> None:
    with desk(tmp_path, scenes=3) as one:
        scene = one.file("/data/Été/Füße (2020)/Füße é.mp4", title="Feet")
        if indexed:
            one.index()
        for form in forms_of("Été/Füße (2020)/Füße é.mp4")[:: 1 if indexed else 5]:
            assert one.keys(filename=form, title="Füße é", year=2020) == [str(scene)], form
        assert set(one.queued()) == {scene}
        assert one.queued()[scene] == ("matched in Plex",)
        assert one.unknown() == []


def test_a_decomposed_name_on_the_disk_is_found_by_either_form(own: Desk) -> None:
    relative = "Cafe\u0301/Film e\u0301.mp4"
    scene = own.file(f"/data/{relative}")
    for form in ("NFC", "NFD"):
        assert own.keys(filename=unicodedata.normalize(form, relative)) == [str(scene)]


def test_a_bare_name_counts_only_directly_in_a_folder_of_the_library(own: Desk) -> None:
    deep = own.file("/data/deep/below/alone.mp4")
    assert own.keys(filename="alone.mp4") == []
    direct = own.file("/data/alone.mp4")
    assert own.keys(filename="alone.mp4") == [str(direct)]
    assert own.keys(filename="/alone.mp4") == [str(direct)]
    assert own.keys(filename="deep/below/alone.mp4") == [str(deep)]


def test_files_of_one_name_are_never_taken_for_each_other(own: Desk) -> None:
    one, two = own.file("/data/A/x/film.mp4"), own.file("/data/B/x/film.mp4")
    own.index()
    assert own.keys(filename="A/x/film.mp4") == [str(one)]
    assert own.keys(filename="B/x/film.mp4") == [str(two)]
    # It ends like both, and is neither: a rule tells where it would be.
    assert own.keys(filename="C/x/film.mp4") == []
    assert own.unknown() == ["/plex/media/C/x/film.mp4"]


def test_two_libraries_with_a_file_of_one_name_are_a_question_for_a_person(tmp_path: Path) -> None:
    with desk(tmp_path, rules="/plex/one => /data/one\n/plex/two => /data/two") as one:
        one.libraries(["/plex/one"], ["/plex/two"])
        first, second = one.file("/data/one/x/film.mp4"), one.file("/data/two/x/film.mp4")
        one.index()
        assert one.keys(filename="x/film.mp4") == []
        assert sorted(one.keys(filename="x/film.mp4", manual=1)) == [str(first), str(second)]
        assert one.keys(filename="one/x/film.mp4") == [str(first)]
        assert one.keys(filename="/plex/two/x/film.mp4") == [str(second)]
        assert one.unknown() == []


def test_a_new_file_of_another_library_is_not_hidden_by_the_index(tmp_path: Path) -> None:
    with desk(tmp_path, rules="/plex/one => /data/one\n/plex/two => /data/two") as one:
        one.libraries(["/plex/one"], ["/plex/two"])
        one.file("/data/one/x/film.mp4")
        one.index()
        one.file("/data/two/x/film.mp4")
        assert one.keys(filename="x/film.mp4") == []


def test_without_rules_the_end_of_a_path_decides_if_it_is_unique(tmp_path: Path) -> None:
    with desk(tmp_path, rules="") as one:
        one.libraries()
        scene = one.file("/elsewhere/Films/Night (2001)/Night.mp4")
        assert one.keys(filename="Night (2001)/Night.mp4") == [str(scene)]
        assert one.keys(filename="Other/Night (2001)/night.MP4") == [str(scene)]
        assert one.keys(filename="Night.mp4") == []
        assert one.keys(filename="Day (2001)/Night.mp4") == []
        twin = one.file("/third/Night (2001)/Night.mp4")
        assert one.keys(filename="Night (2001)/Night.mp4") == []
        assert one.keys(filename="Films/Night (2001)/Night.mp4") == [str(scene)]
        assert one.keys(filename="third/Night (2001)/Night.mp4") == [str(twin)]


def test_letters_in_another_case_count_only_where_nothing_else_fits(own: Desk) -> None:
    small = own.file("/data/x/film.mp4")
    assert own.keys(filename="X/FILM.mp4") == [str(small)]
    large = own.file("/data/X/FILM.mp4")
    assert own.keys(filename="X/FILM.mp4") == [str(large)]
    assert own.keys(filename="x/film.mp4") == [str(small)]


def test_wildcards_quotes_and_spaces_in_names_are_plain_signs(own: Desk) -> None:
    names = ["100%.mp4", "a_b.mp4", 'say "so".mp4', "two  spaces.mp4", "it's.mp4", "#1 [x] (y).mp4", "aXb.mp4"]
    scenes = {name: own.file(f"/data/odd/{name}") for name in names}
    for name, scene in scenes.items():
        assert own.keys(filename=f"odd/{name}") == [str(scene)], name


def test_a_moved_file_is_found_where_it_is_now(own: Desk) -> None:
    scene = own.file("/data/old/film.mp4")
    own.index()
    own.file("/data/new/film.mp4", was="/data/old/film.mp4")
    assert own.keys(filename="new/film.mp4") == [str(scene)]
    other = own.file("/data/old/film.mp4")
    assert own.keys(filename="old/film.mp4") == [str(other)]


def test_a_name_that_too_many_bear_is_found_by_its_whole_path_alone(tmp_path: Path) -> None:
    with desk(tmp_path, scenes=0) as one:
        one.graph.provider.catalogue.many = 3
        for number in range(4):
            one.file(f"/data/{number}/video.mp4")
        last = one.file("/data/last/video.mp4")
        assert one.keys(filename="last/video.mp4") == [str(last)]
        assert one.keys(filename="never/video.mp4") == []


@pytest.mark.parametrize(
    "filename",
    ["", ".", "..", "../x.mp4", "a/../b.mp4", "/", "\\", "a\0b.mp4", "x" * 5000, "a/", None, 7, [], {}, True],
)
def test_what_is_no_file_is_no_file_and_no_gap(shared: Desk, filename: object) -> None:
    assert shared.keys(filename=filename, title="nothing like it") == []
    assert shared.unknown() == []


def test_a_file_that_stash_lacks_is_a_gap_at_once_and_once(own: Desk) -> None:
    for _ in range(3):
        assert own.keys(filename="Nobody/knows.mp4", title="knows") == []
    assert own.keys(filename="Nobody/knows.mp4", manual=1, title="") == []
    assert own.unknown() == ["/plex/media/Nobody/knows.mp4"]
    own.file("/data/Nobody/knows.mp4")
    assert len(own.keys(filename="Nobody/knows.mp4")) == 1


def test_a_scene_is_named_by_what_is_typed(shared: Desk) -> None:
    typed = ["stash:3", "[stash-3]", " Stash : 3 ", "http://nas:9999/scenes/3", "https://x/stash/scenes/3?q=1"]
    for text in [*typed, f"{IDENTIFIER}://movie/3"]:
        assert shared.keys(title=text, manual=1) == ["3"], text
    for text in ("stash:0", "stash:99999", "stash:99999999999"):
        assert "3" not in shared.keys(title=text, manual=1)


def test_a_number_that_is_stored_or_in_the_name_counts_where_no_file_does(own: Desk) -> None:
    assert own.keys(title="x", guid=f"{IDENTIFIER}://movie/2") == ["2"]
    assert own.keys(title="x", guid="imdb://tt0000002") == []
    assert own.keys(filename="Some/Film [stash-4].mp4") == ["4"]
    assert own.keys(filename="Some/Film [stash-4] [stash-5].mp4") == []
    named = own.file("/data/Some/Other [stash-4].mp4")
    assert own.keys(filename="Some/Other [stash-4].mp4") == [str(named)]


def test_a_title_counts_without_a_file_or_for_a_person(own: Desk) -> None:
    first = own.scenes()[0]
    year = int(first["date"][:4])
    assert own.keys(title=first["title"], year=year) == ["1"]
    assert own.keys(title=first["title"], year=year + 20) == []
    assert own.keys(title=first["title"].upper()) == ["1"]
    assert own.keys(title=first["title"], filename="not/there.mp4") == []
    assert own.keys(title=first["title"], filename="not/there.mp4", manual=1)[0] == "1"
    own.edit(2, title=first["title"])
    assert own.keys(title=first["title"]) == []


def test_a_person_gets_at_most_twenty_best_first_with_picture_year_and_summary(tmp_path: Path) -> None:
    with desk(tmp_path, scenes=25) as one:
        assert one.keys(title="Sintel", manual="1")[0] == "1"
        found = one.match(title="mp4", manual="1")
        assert len(found) == 20
        assert all({"title", "year", "summary", "thumb", "guid", "ratingKey"} <= set(item) for item in found)
        path = one.scenes()[4]["paths"][0].removeprefix("/data/")
        assert one.keys(title="Sintel", filename=path, manual=True)[0] == "5"
        assert one.queued() == {}


def test_what_a_person_chose_is_queued_once_plex_asks_for_it(own: Desk) -> None:
    own.item(2)
    assert own.queued() == {}
    assert own.keys(title="stash:2", manual=1) == ["2"]
    own.item(2)
    assert set(own.queued()) == {2}


def test_only_films_are_matched(shared: Desk) -> None:
    path = shared.scenes()[0]["paths"][0].removeprefix("/data/")
    for kind in (2, 3, 4, "2", 18, -1):
        assert shared.keys(filename=path, type=kind) == []
    others: tuple[object, ...] = (1, "1", True, 1.0, None, "film", [])
    for odd in others:
        assert shared.keys(filename=path, type=odd) == ["1"]


def test_a_scene_that_the_rules_leave_out_is_no_match_unless_a_person_wants_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plexsync.toml").write_text("[rules]\nonly_organized = true\n")
    with desk(tmp_path) as one:
        path = one.scenes()[0]["paths"][0].removeprefix("/data/")
        one.edit(1, organized=False)
        assert one.keys(filename=path) == []
        assert one.unknown() == []
        assert one.keys(filename=path, manual=1, title="") == ["1"]


def test_adult_results_are_asked_for_where_the_setting_heeds_that(tmp_path: Path) -> None:
    with desk(tmp_path, provider_heeds_adult="true") as one:
        path = one.scenes()[0]["paths"][0].removeprefix("/data/")
        for refused in ({}, {"includeAdult": 0}, {"includeAdult": "0"}, {"includeAdult": None}):
            assert one.keys(filename=path, **refused) == []
        for wanted in (1, "1", True):
            assert one.keys(filename=path, includeAdult=wanted) == ["1"]


def test_keys_may_come_in_the_query_and_the_body_in_any_dress(shared: Desk) -> None:
    path = shared.scenes()[0]["paths"][0].removeprefix("/data/")
    answers = [
        shared.client.post(MATCHES, params={"filename": path, "type": "1"}),
        shared.client.post(MATCHES, content=b'\xef\xbb\xbf{"filename": "' + path.encode() + b'"}'),
        shared.client.post(MATCHES, json={"filename": path}, headers={"Content-Type": "text/plain"}),
    ]
    for answer in answers:
        assert [one["ratingKey"] for one in answer.json()["MediaContainer"]["Metadata"]] == ["1"]


def test_many_who_ask_at_once_cost_stash_few_questions(own: Desk) -> None:
    own.index()
    paths = [scene["paths"][0].removeprefix("/data/") for scene in own.scenes()]
    own.stash.delete("/_sim/requests")
    own.fault({"path": "/graphql", "fault": "delay", "seconds": 0.2})
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda path: own.keys(filename=path), paths * 2))
    assert found == [[str(number)] for number in range(1, 7)] * 2
    assert len(own.asked_of_stash()) <= 4


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(inner=INNER, others=st.lists(INNER, max_size=6))
def test_a_mapped_file_is_its_own_scene_or_nobodys(inner: list[str], others: list[list[str]]) -> None:
    """Whatever else Stash has, no other scene is taken for a file that a rule tells the place of."""
    relative = "/".join(inner)
    files = [Held(scene=number, path="/data/" + "/".join(other)) for number, other in enumerate(others, 2)]
    asked = wanted_of(relative, ["/plex/media"], RULES)
    assert asked is not None
    same = {one.scene for one in files if one.path.casefold() == f"/data/{relative}".casefold()}
    assert set(asked.fitting(files)) <= same
    mine = Held(scene=1, path=f"/data/{relative}")
    found = asked.fitting([*files, mine])
    assert 1 in found
    assert set(found) - {1} <= {one.scene for one in files if one.path == mine.path}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(inner=INNER)
def test_no_form_of_a_name_hides_the_file(inner: list[str]) -> None:
    relative = "/".join(inner)
    mine = Held(scene=1, path=f"/data/{relative}")
    for form in forms_of(relative):
        asked = wanted_of(form, ["/plex/media"], RULES)
        assert asked is not None
        assert asked.fitting([mine]) == [1], form


@given(st.text(max_size=30) | st.text(st.sampled_from("/\\.aC:"), max_size=12))
def test_any_text_is_read_as_files_or_as_none(text: str) -> None:
    for one in readings(text):
        assert one.parts
        assert not {"", ".", ".."} & set(one.parts)
    asked = wanted_of(text, ["/plex/media", "C:/media", "\\\\nas\\media", "/"], PathRules())
    assert asked is None or asked.fitting([Held(scene=1, path="/data/x/y.mp4")]) in ([], [1])


def test_a_scan_while_stash_comes_and_goes_gets_the_right_scene_or_is_asked_to_come_back(tmp_path: Path) -> None:
    with desk(tmp_path, scenes=40) as one:
        wanted = {scene["paths"][0].removeprefix("/data/"): str(scene["id"]) for scene in one.scenes()}
        one.index()
        one.fault({"path": "/graphql", "fault": "maintenance503", "times": 1})

        def scanned(path: str) -> tuple[int, list[str]]:
            answer = one.client.post(MATCHES, json={"type": 1, "filename": path})
            found = answer.json()["MediaContainer"]["Metadata"] if answer.status_code == 200 else []
            return answer.status_code, [item["ratingKey"] for item in found]

        with ThreadPoolExecutor(8) as pool:
            first = dict(zip(wanted, pool.map(scanned, wanted), strict=True))
        assert {status for status, _ in first.values()} <= {200, 503}
        assert all(keys == [wanted[path]] for path, (status, keys) in first.items() if status == 200)
        one.later()
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(scanned, wanted)) == [(200, [key]) for key in wanted.values()]
        assert one.unknown() == []


def test_a_name_in_two_unicode_forms_at_once_is_found(own: Desk) -> None:
    scene = own.file("/data/Cafe\u0301/E\u0301t\u00e9 \u0419 (2001).mp4")
    for form in ("NFC", "NFD"):
        assert own.keys(filename=unicodedata.normalize(form, "Café/Été Й (2001).mp4")) == [str(scene)]
    assert own.keys(filename="CAFÉ/ÉTÉ й (2001).MP4") == [str(scene)]


@pytest.mark.parametrize("rules", ["", "/elsewhere/in/plex => /elsewhere"])
def test_below_a_known_library_the_whole_place_has_to_be_the_same(tmp_path: Path, rules: str) -> None:
    with desk(tmp_path, rules=rules) as one:
        one.libraries(["/plex/media/Films"])
        scene = one.file("/stash/B/Disc 1/01.mp4")
        for form in ("A/Disc 1/01.mp4", "Films/A/Disc 1/01.mp4", "/plex/media/Films/A/Disc 1/01.mp4"):
            assert one.keys(filename=form) == [], form
        for form in ("B/Disc 1/01.mp4", "Films/B/Disc 1/01.mp4", "/plex/media/Films/B/Disc 1/01.mp4"):
            assert one.keys(filename=form) == [str(scene)], form


def test_every_form_of_the_name_of_an_unknown_file_is_one_gap(own: Desk) -> None:
    for form in forms_of("Été/Füße.mp4"):
        assert own.keys(filename=form) == []
    assert own.unknown() == ["/plex/media/Été/Füße.mp4"]


def test_a_gap_in_one_of_several_libraries_is_told_by_its_whole_path_where_its_folder_is_told(own: Desk) -> None:
    own.libraries(["/plex/media/Films"], ["/plex/media/Shows", "/plex/more"])
    for form in ("Shows/x/a.mp4", "/plex/more/x/b.mp4", "Films\\x\\c.mp4"):
        assert own.keys(filename=form) == []
    assert own.unknown() == ["/plex/media/Films/x/c.mp4", "/plex/media/Shows/x/a.mp4", "/plex/more/x/b.mp4"]
    assert own.keys(filename="y/d.mp4") == []
    assert own.unknown()[-1] == "y/d.mp4"


def test_an_end_that_too_many_share_is_looked_for_by_the_whole_place(tmp_path: Path) -> None:
    with desk(tmp_path, scenes=0) as one:
        one.graph.provider.catalogue.many = 3
        scenes = [one.file(f"/data/{number}/Disc 1/01.mp4") for number in range(5)]
        for number, scene in enumerate(scenes):
            assert one.keys(filename=f"{number}/Disc 1/01.mp4") == [str(scene)]
        assert one.keys(filename="never/Disc 1/01.mp4") == []


def test_a_file_that_took_the_place_of_another_a_moment_ago_is_not_taken_for_it(own: Desk) -> None:
    first = own.file("/data/x/film.mp4")
    own.index()
    assert own.keys(filename="x/film.mp4") == [str(first)]
    own.file("/data/x/old.mp4", was="/data/x/film.mp4")
    second = own.file("/data/x/film.mp4")
    assert own.keys(filename="x/film.mp4") == [str(second)]


def test_names_of_which_no_letter_is_spelled_one_way_only_are_found_among_many(tmp_path: Path) -> None:
    with desk(tmp_path, scenes=0) as one:
        one.graph.provider.catalogue.many = 3
        names = ["한국/영화.mp4", "서울/사람.mp4", "바다/하늘.mp4", "ночь/й.mp4", "день/ё.mp4"]
        scenes = [one.file(f"/data/{unicodedata.normalize('NFD', name)}") for name in names]
        for name, scene in zip(names, scenes, strict=True):
            assert one.keys(filename=name) == [str(scene)], name
        assert one.keys(filename="한국/사람.mp4") == []


def test_a_file_that_lies_elsewhere_in_the_library_is_another_one(own: Desk) -> None:
    scene = own.file("/data/Show/Season 1/01.mp4")
    for form in ("Season 1/01.mp4", "media/Season 1/01.mp4", "/plex/media/Season 1/01.mp4", "/Season 1/01.mp4"):
        assert own.keys(filename=form) == [], form
    assert own.unknown() == ["/plex/media/Season 1/01.mp4"]
    assert own.keys(filename="Show/Season 1/01.mp4") == [str(scene)]


def test_so_it_is_where_plex_and_stash_have_one_path_for_it(tmp_path: Path) -> None:
    with desk(tmp_path, rules="") as one:
        one.libraries(["/data"])
        scene = one.file("/data/Show/Season 1/01.mp4")
        assert one.keys(filename="Season 1/01.mp4") == []
        assert one.keys(filename="SHOW/Season 1/01.mp4") == [str(scene)]


def test_so_it_is_where_rules_lead_to_it_from_two_places() -> None:
    both = path_rules([RuleText(plex="/m", stash="/data"), RuleText(plex="/n", stash="/data")])
    asked = wanted_of("x/film.mp4", ["/m"], both)
    assert asked is not None
    assert asked.fitting([Held(scene=1, path="/data/A/x/film.mp4")]) == []


def test_a_library_that_asks_and_is_not_synced_has_its_files_at_their_places_too(own: Desk) -> None:
    own.libraries(["/plex/media/all"], ["/plex/media/new"])
    with own.graph.database.transaction() as connection:
        sections.keep_synced(connection, SERVER, [1])
    direct, deep = own.file("/data/new/film.mp4"), own.file("/data/new/x/film.mp4")
    assert own.keys(filename="film.mp4") == [str(direct)]
    assert own.keys(filename="x/film.mp4") == [str(deep)]
    assert own.keys(filename="all/x/film.mp4") == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(above=INNER, inner=INNER, mapped=st.booleans())
def test_no_file_further_down_is_taken_for_the_one_above(above: list[str], inner: list[str], mapped: bool) -> None:
    relative = "/".join(inner)
    asked = wanted_of(relative, ["/plex/media"], RULES if mapped else PathRules())
    assert asked is not None
    place = "/".join(["/data" if mapped else "/plex/media", *above, *inner])
    # With its own folder's name before it the same name may mean either.
    assert asked.fitting([Held(scene=1, path=place)]) == [] or above == ["media"]


@pytest.mark.parametrize("rules", ["/plex/media => /data", ""])
def test_a_slash_before_a_name_makes_no_path_of_another_computer_of_it(tmp_path: Path, rules: str) -> None:
    with desk(tmp_path, rules=rules) as one:
        other, scene = one.file("/data/film.mp4"), one.file("/data/data/film.mp4")
        one.index()
        for form in ("data/film.mp4", "/data/film.mp4"):
            assert one.keys(filename=form) == ([str(scene)] if rules else []), form
        assert one.keys(filename="/plex/media/film.mp4") == ([str(other)] if rules else [])


def test_a_place_that_a_rule_leads_to_from_elsewhere_is_not_taken_for_the_same_path(tmp_path: Path) -> None:
    with desk(tmp_path, rules="/plex/other => /plex/media") as one:
        scene = one.file("/plex/media/x/film.mp4")
        assert one.keys(filename="/plex/media/x/film.mp4") == []
        assert one.keys(filename="/plex/other/x/film.mp4") == [str(scene)]


@pytest.mark.parametrize("filename", ["a/../b.mp4", "/", "..", "a/"])
def test_a_title_does_not_stand_in_for_a_file_that_cannot_be_read(shared: Desk, filename: str) -> None:
    first = shared.scenes()[0]
    assert shared.keys(filename=filename, title=first["title"]) == []
    assert shared.keys(filename=filename, title=first["title"], manual=1)[0] == "1"


def test_a_person_finds_a_title_in_either_unicode_form_and_one_without_letters(own: Desk) -> None:
    own.edit(2, title="Café d'été")
    own.edit(3, title="🎬 !")
    for form in ("NFC", "NFD"):
        assert own.keys(title=unicodedata.normalize(form, "Café d'été"), manual=1) == ["2"]
        assert own.keys(title=unicodedata.normalize(form, "CAFÉ D'ÉTÉ")) in ([], ["2"])
    assert own.keys(title="🎬 !", manual=1) == ["3"]


def test_what_nobody_waits_for_any_more_keeps_nobody_waiting(own: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Stash that is slow is asked for those who still wait for an answer."""
    scene = own.file("/data/new/film.mp4")
    monkeypatch.setattr(provider, "PATIENCE", 1.0)
    own.fault({"path": "/graphql", "fault": "delay", "seconds": 0.6})
    with ThreadPoolExecutor(20) as pool:
        asked = [{"type": 1, "filename": f"{number}/film.mp4"} for number in range(20)]
        statuses = list(pool.map(lambda one: own.client.post(MATCHES, json=one).status_code, asked))
    assert 503 in statuses
    own.fault()
    monkeypatch.setattr(provider, "PATIENCE", 20.0)
    before = len(own.asked_of_stash())
    assert own.keys(filename="new/film.mp4") == [str(scene)]
    assert len(own.asked_of_stash()) - before <= 3


def test_a_question_is_heard_out_whoever_waits_and_tells_the_next_that_stash_is_away(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.graph.provider.catalogue.now = lambda: 1.0
    monkeypatch.setattr(own.graph.stash._connection, "_whole", 1.0)
    monkeypatch.setattr(provider, "PATIENCE", 0.5)
    own.fault({"path": "/graphql", "fault": "hang"})
    asked = {"type": 1, "filename": "new/film.mp4"}
    assert "no answer within 0.5 s" in own.client.post(MATCHES, json=asked).text
    monkeypatch.setattr(provider, "PATIENCE", 20.0)
    assert "timed out" in own.client.post(MATCHES, json=asked).text
    assert own.stash.get("/_sim/faults").json()[0]["struck"] == 1
