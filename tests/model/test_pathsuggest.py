"""Path rules are proposed from what both sides list: right ones, or none."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.layouts import House, Seen
from plexsync.model.pathrules import PathRules, RuleText, path_rules
from plexsync.model.paths import path_key
from plexsync.model.pathsuggest import Coverage, ProposedRule, Suggestion, coverage, suggest

Layout = Callable[[House], None]
Rules = list[tuple[str, str]]


def docker_maps(house: House) -> None:
    house.tree("/mnt/user/media/films", 40)
    house.tree("/mnt/user/media/clips", 30)
    house.plex = {"/mnt/user/media": "/volume1/media"}
    house.stash = {"/mnt/user/media": "/data"}
    house.roots = ("/volume1/media/films", "/volume1/media/clips")


def several_disks(house: House) -> None:
    house.tree("/disk1/films", 20)
    house.tree("/disk2/films", 20)
    house.plex = {"/disk1": "/media/one", "/disk2": "/media/two"}
    house.stash = {"/disk1": "/data/a", "/disk2": "/mnt/b"}
    house.roots = ("/media/one", "/media/two")


def windows_plex(house: House) -> None:
    house.tree("/d/Media/Films", 20)
    house.plex = {"/d/Media": "D:\\Media"}
    house.stash = {"/d/Media": "/data"}
    house.roots = ("d:\\media\\films",)


def share_of_a_nas(house: House) -> None:
    house.tree("/nas/video/films", 20)
    house.plex = {"/nas/video": "\\\\nas\\video"}
    house.stash = {"/nas/video": "/mnt/video"}
    house.roots = ("\\\\nas\\video",)


def renamed_roots(house: House) -> None:
    for name in ("films", "clips", "series"):
        house.tree(f"/srv/{name}", 12)
    house.plex = {"/srv/films": "/movies", "/srv/clips": "/other", "/srv/series": "/tv"}
    house.stash = {"/srv/films": "/data/a", "/srv/clips": "/data/b", "/srv/series": "/data/c"}
    house.roots = ("/movies", "/other", "/tv")


def part_of_the_library_missing(house: House) -> None:
    docker_maps(house)
    house.tree("/mnt/user/unknown to stash", 60)
    house.tree("/other disk", 30)
    house.plex = {**house.plex, "/mnt/user/unknown to stash": "/volume1/media/private"}
    house.stash = {**house.stash, "/other disk": "/second"}
    house.roots = (*house.roots, "/volume1/media/private")


def lookalike_trees(house: House) -> None:
    house.tree("/srv/films", 30)
    house.copy("/srv/films", "/srv/small", other=True)
    house.plex = {"/srv/films": "/media/films"}
    house.stash = {"/srv/films": "/data/films", "/srv/small": "/data/small/films"}
    house.roots = ("/media/films",)


def only_the_lookalike(house: House) -> None:
    lookalike_trees(house)
    house.stash = {"/srv/small": "/data/films"}


def a_whole_backup(house: House) -> None:
    house.tree("/srv/films", 30)
    house.copy("/srv/films", "/backup/films")
    house.plex = {"/srv/films": "/media/films"}
    house.stash = {"/srv/films": "/data/films", "/backup/films": "/backup/films"}
    house.roots = ("/media/films",)


def disks_pooled_for_plex(house: House) -> None:
    house.tree("/disk1/films", 40)
    house.tree("/disk2/films", 40)
    for path in list(house.files):
        number = int(path.split("Film ")[1].split("/")[0])
        if (number % 2 == 0) != path.startswith("/disk1"):
            del house.files[path]
    house.plex = {"/disk1": "/pool", "/disk2": "/pool"}
    house.stash = {"/disk1": "/mnt/disk1", "/disk2": "/mnt/disk2"}
    house.roots = ("/pool",)


def disks_pooled_for_stash(house: House) -> None:
    disks_pooled_for_plex(house)
    house.plex, house.stash = {"/disk1": "/mnt/disk1", "/disk2": "/mnt/disk2"}, {"/disk1": "/pool", "/disk2": "/pool"}
    house.roots = ("/mnt/disk1/films", "/mnt/disk2/films")


def the_same_paths(house: House) -> None:
    house.tree("/data/films", 10)
    house.plex = house.stash = {"/data": "/data"}
    house.roots = ("/data",)


def one_folder_from_elsewhere(house: House) -> None:
    house.tree("/srv/media/films", 30)
    house.tree("/fast/new", 10)
    house.plex = {"/srv/media": "/media", "/fast/new": "/media/new"}
    house.stash = {"/srv/media": "/data", "/fast/new": "/ssd/in"}
    house.roots = ("/media",)


def too_few_files(house: House) -> None:
    house.tree("/srv/media", 2)
    house.plex, house.stash = {"/srv/media": "/media"}, {"/srv/media": "/data"}
    house.roots = ("/media",)


def two_libraries_with_copies(house: House) -> None:
    house.tree("/srv/films", 60)
    house.copy("/srv/films", "/srv/best", share=0.05)
    house.plex = {"/srv/films": "/media/films", "/srv/best": "/media/best"}
    house.stash = {"/srv/films": "/data/films"}
    house.roots = ("/media/films", "/media/best")


LAYOUTS: list[tuple[Layout, Rules]] = [
    (docker_maps, [("/volume1/media", "/data")]),
    (several_disks, [("/media/one", "/data/a"), ("/media/two", "/mnt/b")]),
    (windows_plex, [("D:\\Media\\Films", "/data/Films")]),
    (share_of_a_nas, [("\\\\nas\\video", "/mnt/video")]),
    (renamed_roots, [("/movies", "/data/a"), ("/other", "/data/b"), ("/tv", "/data/c")]),
    (part_of_the_library_missing, [("/volume1/media/clips", "/data/clips"), ("/volume1/media/films", "/data/films")]),
    (lookalike_trees, [("/media/films", "/data/films")]),
    (only_the_lookalike, []),
    (a_whole_backup, []),
    (disks_pooled_for_plex, [("/pool/films", "/mnt/disk1/films"), ("/pool/films", "/mnt/disk2/films")]),
    (disks_pooled_for_stash, [("/mnt/disk1/films", "/pool/films"), ("/mnt/disk2/films", "/pool/films")]),
    (the_same_paths, [("/data", "/data")]),
    (one_folder_from_elsewhere, [("/media/new", "/ssd/in"), ("/media", "/data")]),
    (too_few_files, []),
    (two_libraries_with_copies, [("/media/films", "/data/films")]),
]


def rules_of(found: Suggestion) -> PathRules:
    """The proposed text, read as a settings file is."""
    rows = tomllib.loads(found.toml).get("path_rules", [])
    return path_rules([RuleText(plex=row["plex"], stash=row["stash"]) for row in rows])


@pytest.mark.parametrize(("layout", "expected"), LAYOUTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_layout_is_told_right_or_not_at_all(layout: Layout, expected: Rules) -> None:
    house = House()
    layout(house)
    plex, stash = house.side(house.plex), house.side(house.stash)
    found = suggest(plex, stash, house.roots)
    assert [(rule.plex, rule.stash) for rule in found.rules] == expected


def film(path: str, size: int | None, duration: float | None = None) -> Seen:
    return Seen(path=path, host=path, size=size, duration=duration)


def films(folder: str, sizes: Iterable[int | None], **more: float) -> list[Seen]:
    return [film(f"{folder}/Film {n}/film {n}.mp4", size, **more) for n, size in enumerate(sizes)]


def test_a_few_films_that_were_replaced_on_the_disk_do_not_hide_the_rule() -> None:
    stash = [*films("/data", range(1, 201)), film("/data/Other/other.mp4", 7)]
    plex = [*films("/media", [5000, *range(2, 201)]), film("/media/Other/other.mp4", 8)]
    found = suggest(plex, stash, ["/media"])
    assert [(rule.plex, rule.stash, rule.proofs, rule.others) for rule in found.rules] == [("/media", "/data", 199, 2)]
    assert found.plex.mapped == found.stash.mapped == 199
    assert {row.reason for row in found.plex.unmapped} == {"the file there is another one: its size differs"}
    more = suggest(plex, [*stash, *films("/data/x", range(5))], ["/media"])
    assert more.rules == found.rules


def test_without_size_the_duration_tells_and_without_both_nothing_does() -> None:
    timed = suggest(films("/media", [None] * 5, duration=61.0), films("/data", [None] * 5, duration=61.6), ["/media"])
    assert [(rule.plex, rule.stash) for rule in timed.rules] == [("/media", "/data")]
    untold = suggest(films("/media", [None] * 5), films("/data", [None] * 5), ["/media"])
    assert untold.rules == ()
    [row] = untold.plex.unmapped
    assert (row.count, row.reason.startswith("cannot tell: files of that name have another size")) == (5, True)


def test_what_stays_unmapped_is_told_by_folder_with_the_reason_and_examples() -> None:
    plex = [*films("/media/films", range(1, 6)), *films("/private/own", range(10, 14))]
    stash = [*films("/data/films", range(1, 6)), *films("/data/twice", range(20, 22)), film("/data/x/lone.mp4", 3)]
    found = suggest(plex, stash, ["/media/films", "/private"])
    assert (found.plex.files, found.plex.mapped, found.stash.files, found.stash.mapped) == (9, 5, 8, 5)
    [row] = found.plex.unmapped
    assert (row.folder, row.count, len(row.examples)) == ("/private/own", 4, 3)
    by_folder = {row.folder: row for row in found.stash.unmapped}
    assert by_folder["/data/twice"].reason == "Plex lists files of that name, and none is led here"
    assert by_folder["/data/x"].reason == "Plex lists no file of that name"
    present = coverage(path_rules([RuleText(plex="/media", stash="/wrong")]), plex, stash)
    assert (present[0].mapped, present[1].mapped) == (0, 0)
    assert present[0].unmapped[0].reason == "Stash lists no such file where the rule leads"


def test_a_name_that_thousands_bear_is_told_by_its_size() -> None:
    plex = [film(f"/media/{n}/video.mp4", n + 1) for n in range(3000)]
    stash = [film(f"/data/{n}/video.mp4", n + 1) for n in range(3000)]
    found = suggest(plex, stash, ["/media"])
    assert [(rule.plex, rule.stash, rule.proofs) for rule in found.rules] == [("/media", "/data", 3000)]
    same_size = [film(one.path, 9) for one in plex], [film(one.path, 9) for one in stash]
    assert suggest(*same_size, ["/media"]).rules == ()


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1))
def test_any_folder_can_be_pasted_into_the_settings(name: str) -> None:
    rule = ProposedRule(plex=f"/{name}", stash=f"D:\\{name}", proofs=3)
    text = Suggestion(rules=(rule,), plex=Coverage(files=0, mapped=0), stash=Coverage(files=0, mapped=0)).toml
    assert tomllib.loads(text)["path_rules"] == [{"plex": rule.plex, "stash": rule.stash}]


NAMES = ("films", "clips", "new", "old", "a", "b")


@st.composite
def houses(draw: st.DrawFn) -> House:
    """Disks with copies and lookalikes, mounted at random, each side with a part of them under its own names."""
    house = House(chance=random.Random(draw(st.integers(0, 10**6))))
    disks = [f"/{name}" for name in ("h1", "h2", "h3", "h4")[: draw(st.integers(1, 4))]]
    for disk in disks:
        folder = disk + draw(st.sampled_from(["", "/films", "/films/a"]))
        house.tree(folder, draw(st.integers(1, 14)), each=draw(st.integers(1, 3)), depth=draw(st.integers(1, 3)))
    for _ in range(draw(st.integers(0, 3))):
        source, target = draw(st.sampled_from(disks)), draw(st.sampled_from([*disks, "/h9", "/h9/films"]))
        if source != target:
            share = draw(st.sampled_from([0.1, 0.5, 0.9, 1.0]))
            house.copy(source, target, share=share, other=draw(st.booleans()))
    shown = [*disks, "/h9", *(f"{disk}/films" for disk in disks)]
    house.plex = draw(mounts(shown, ["/media", "/srv", "D:\\Media", "\\\\nas\\video", "/"]))
    house.stash = draw(mounts(shown, ["/data", "/media", "/mnt/x", "E:\\", "/"]))
    house.roots = draw(st.sampled_from([(), tuple(house.plex.values()), ("/media", "/srv", "D:\\", "/")]))
    return house


@st.composite
def mounts(draw: st.DrawFn, folders: list[str], roots: list[str]) -> dict[str, str]:
    root = draw(st.sampled_from(roots))
    chosen = draw(st.lists(st.sampled_from(folders), min_size=1, max_size=3, unique=True))
    separator = "\\" if "\\" in root else "/"
    below = [draw(st.sampled_from(["", *NAMES])) for _ in chosen]
    return {
        folder: root.rstrip(separator) + separator + name if name or root.endswith(separator) else root
        for folder, name in zip(chosen, below, strict=True)
    }


@settings(max_examples=200)
@given(houses(), st.sampled_from([1.0, 0.7]))
def test_no_rule_leads_to_another_file_whatever_the_layout(house: House, part: float) -> None:
    plex, stash = house.side(house.plex, part), house.side(house.stash, part)
    found = suggest(plex, stash, house.roots)
    paths = rules_of(found)
    there = {path_key(file.path): file for file in plex}
    known = {file.host for file in stash}
    for file in stash:
        for to in paths.places_in_plex(file.path):
            other = there.get(path_key(to), file)
            assert (other.size, other.duration) == (file.size, file.duration), (found.rules, file, other)
            assert other.host == file.host or other.host not in known, (found.rules, file, other)
