"""What a path rule makes of a path is told so that the next step is clear."""

from __future__ import annotations

import pytest

from plexsync.model.pathrules import PathRules, RuleText, path_rules
from plexsync.model.pathtrace import View, trace


def rules(*pairs: tuple[str, str]) -> PathRules:
    return path_rules([RuleText(name=plex, plex=plex, stash=stash) for plex, stash in pairs])


REASONS = [
    ("/media", "/movies/a.mp4", "does not lie in /media: 'movies' is not 'media'"),
    ("/media", "/Media/a.mp4", "'Media' is not 'media'; upper and lower case count, unless case_insensitive is set"),
    ("/media/films", "/media", "does not lie in /media/films: it ends before it"),
    ("/media", "media/a.mp4", "does not begin at the root, as /media does: write it whole"),
    ("/media", "D:\\media\\a.mp4", "this is a Windows path, and /media is none"),
    ("D:\\media", "/media/a.mp4", "this is no Windows path, and D:\\media is one"),
]


@pytest.mark.parametrize(("folder", "path", "reason"), REASONS)
def test_why_a_folder_rule_does_not_apply_is_said(folder: str, path: str, reason: str) -> None:
    found = trace(rules((folder, "/data")), path, View.PLEX)
    assert found.ways == ()
    assert reason in found.steps[0].says


def test_each_way_is_followed_back() -> None:
    found = trace(rules(("/disk1", "/pool"), ("/disk2", "/pool")), "/pool//a.mp4", View.STASH)
    assert found.normal == "/pool/a.mp4"
    assert [(way.path, way.back, way.returns) for way in found.ways] == [
        ("/disk1/a.mp4", ("/pool/a.mp4",), True),
        ("/disk2/a.mp4", ("/pool/a.mp4",), True),
    ]


def test_a_rule_that_another_stands_before_says_which() -> None:
    both = rules(("/media/films", "/films"), ("/media", "/data"))
    there = trace(both, "/media/films/a.mp4", View.PLEX)
    assert [step.says for step in there.steps] == [
        "leads to /films/a.mp4",
        "would lead to /data/films/a.mp4, but /media/films stands before it and applies",
    ]
    back = trace(both, "/data/films/a.mp4", View.STASH)
    assert back.ways == ()
    assert "but by /media/films, which stands before it, Stash has another file there" in back.steps[1].says


def test_a_pattern_says_what_it_wants() -> None:
    [rule] = path_rules([RuleText(plex_pattern=r"/mnt/(disk\d+)/", stash_pattern=r"/data/\1/")]).rules
    found = trace(PathRules(rules=(rule,)), "/mnt/disk/a.mp4", View.PLEX)
    assert r"plex_pattern /mnt/(disk\d+)/ does not match" in found.steps[0].says
    other = trace(PathRules(rules=(rule,)), "/data/disk/a.mp4", View.STASH)
    assert r"does not have the form of stash_pattern /data/\1/" in other.steps[0].says


def test_a_file_name_that_windows_cannot_have_is_named_as_the_reason() -> None:
    found = trace(rules(("D:\\media", "/data")), "/data/a\\b.mp4", View.STASH)
    assert found.steps[0].says.startswith("its name cannot exist on Windows")
