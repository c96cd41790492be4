"""plan, why and brake as a person uses them, without a daemon."""

from __future__ import annotations

import json

import httpx2

from cli.program import LIBRARY, House


def titled(house: House, scene: int, title: str) -> None:
    told = {"id": scene, "title": title}
    httpx2.post(f"{house.stash}/_sim/silent", json=told).raise_for_status()


def test_a_plan_of_all_ends_with_what_it_comes_to_and_writes_nothing(house: House) -> None:
    done = house.call("plan", "--all")
    assert done.code == 0, done.err
    assert "6 scenes looked at, 0 in step. 6 items would be written" in done.out
    assert "6 pictures uploaded. Nothing was." in done.out
    assert "6 items of these wait for your go" in done.out
    assert "never written" in done.out
    assert "+ " in done.out, "entries that come"
    assert house.writes() == 0
    same = house.call("plan", "--library", LIBRARY)
    assert same.out.splitlines()[-3:] == done.out.splitlines()[-3:]
    assert house.call("queue", "list").out.count("first seen") == 0, "a plan queues nothing"


def test_a_plan_is_one_document_a_scene_for_programs(house: House) -> None:
    titled(house, 2, "Named anew")
    done = house.call("--json", "plan", "2", "5")
    documents = [json.loads(line) for line in done.out.splitlines()]
    assert [one["scene"] for one in documents] == [2, 5]
    (item,) = documents[0]["items"]
    title = next(one for one in item["changes"] if one["field"] == "title")
    assert title["will_be"] == "Named anew"
    assert set(title) == {"field", "picture", "now", "will_be", "why", "rule"}
    assert item["library"] == LIBRARY


def test_a_plan_needs_one_thing_to_plan(house: House) -> None:
    for words in (("plan",), ("plan", "1", "--all"), ("plan", "--all", "--library", LIBRARY)):
        assert house.call(*words).code == 2
    unknown = house.call("plan", "--library", "Nothing")
    assert unknown.code == 1
    assert "no synced library is called 'Nothing'; synced are: Open movies" in unknown.err


def test_why_tells_how_a_scene_was_matched_and_each_field(house: House) -> None:
    house.call("sync", "1")
    done = house.call("why", "1")
    assert done.code == 0, done.err
    assert "exact path; certain" in done.out
    assert "as it should be, from Stash" in done.out
    assert "Written so far" in done.out
    facts = house.call("--json", "why", "1").facts
    assert facts["servers"][0]["live"]["items"][0]["fields"]
    unknown = house.call("why", "99")
    assert unknown.code == 1
    assert "Scene 99 was never seen" in unknown.err


def test_a_brake_that_holds_nothing_says_so(house: House) -> None:
    house.call("sync", "1")
    assert "The brake never held anything." in house.call("brake", "list").out
    assert house.call("--json", "brake", "list").facts == []
    for words in (("brake", "release", "3"), ("brake", "reject", "3")):
        done = house.call(*words)
        assert done.code == 1
        assert "question 3 was never asked; waiting for an answer: none" in done.err
