"""What a real Stash was seen to do, asked of any: of the simulated one always, of a real one in `tests/live`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2

from pictures import data_url, picture

JPEG, PNG, SVG = "image/jpeg", "image/png", "image/svg+xml"
KINDS = {
    "JPEG": JPEG,
    "PNG": PNG,
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "AVIF": "application/octet-stream",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A Stash. `mark` makes names of which it has none yet."""

    url: str
    mark: str

    def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        body = {"query": document, "variables": variables}
        with httpx2.Client(trust_env=False, timeout=60) as http:
            found: dict[str, Any] = http.post(f"{self.url}/graphql", json=body).json()
        return found

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        found = self.answer(document, **variables)
        assert "errors" not in found, found["errors"]
        data: dict[str, Any] = found["data"]
        return data

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """One GET; the path may be a whole address."""
        with httpx2.Client(trust_env=False, timeout=60) as http:
            return http.get(path if path.startswith("http") else self.url + path, headers=headers)

    def make(self, kind: str, **values: Any) -> str:
        """The id of a new object."""
        return str(self.ask(*self._making(kind), input=values)["made"]["id"])

    def refusal(self, kind: str, **values: Any) -> str:
        """Why an object cannot be made or, with an `id`, changed."""
        errors = self.answer(*self._making(kind, "Update" if "id" in values else "Create"), input=values)["errors"]
        return str(errors[0]["message"])

    def change(self, kind: str, ident: str, **values: Any) -> None:
        """Edit an object."""
        self.ask(*self._making(kind, "Update"), input={"id": ident, **values})

    def told(self, kind: str, ident: str, fields: str) -> dict[str, Any]:
        """Fields of one object."""
        document = f"query($id: ID!) {{ found: find{kind.title()}(id: $id) {{ {fields} }} }}"
        found: dict[str, Any] = self.ask(document, id=ident)["found"]
        return found

    def scene(self, **values: Any) -> str:
        """The id of a new scene without files."""
        return self.make("scene", title=f"Scene {self.mark}", **values)

    @staticmethod
    def _making(kind: str, verb: str = "Create") -> tuple[str]:
        name = f"{kind.title()}{verb}Input!"
        return (f"mutation($input: {name}) {{ made: {kind}{verb}(input: $input) {{ id }} }}",)


def performers_of_a_scene_come_by_their_ids(stash: Asked) -> None:
    made = [stash.make("performer", name=f"{name} {stash.mark}") for name in ("Zed", "Amy", "Bob")]
    scene = stash.scene(performer_ids=[made[2], made[0], made[1]])
    assert _ids(stash.told("scene", scene, "performers { id }")["performers"]) == made


def tags_of_a_scene_come_by_name_with_numbers_in_their_order(stash: Asked) -> None:
    names = [f"{name} {stash.mark}" for name in ("a", "B", "tag9", "tag10", "z", "É")]
    made = [stash.make("tag", name=name) for name in reversed(names)]
    first = stash.make("tag", name=f"zz {stash.mark}", sort_name="0")
    scene = stash.scene(tag_ids=[*made, first])
    found = stash.told("scene", scene, "tags { name }")["tags"]
    assert [tag["name"] for tag in found] == [f"zz {stash.mark}", *names]


def groups_of_a_scene_come_as_they_were_put(stash: Asked) -> None:
    made = [stash.make("group", name=f"Same name {stash.mark}") for _ in range(3)]
    order = [made[2], made[0], made[1]]
    scene = stash.scene(groups=[{"group_id": one, "scene_index": 9 - at} for at, one in enumerate(order)])
    found = stash.told("scene", scene, "groups { group { id } scene_index }")["groups"]
    assert [(each["group"]["id"], each["scene_index"]) for each in found] == list(zip(order, (9, 8, 7), strict=True))


def texts_are_kept_without_blanks_around_them(stash: Asked) -> None:
    padded = {name: f"  {name} {stash.mark}\n" for name in ("title", "code", "details", "director")}
    scene = stash.make("scene", **padded, urls=[" https://a.example/ "])
    plain = {name: text.strip() for name, text in padded.items()} | {"urls": ["https://a.example/"]}
    assert stash.told("scene", scene, "title code details director urls") == plain
    person = stash.make("performer", name=f"  P {stash.mark} ", alias_list=[" b ", "a"])
    found = stash.told("performer", person, "name alias_list")
    # Of aliases no order is kept: a database that was optimised tells them in another one.
    assert (found["name"], sorted(found["alias_list"])) == (f"P {stash.mark}", ["a", "b"])


def what_is_empty_is_an_empty_text_and_a_date_is_null(stash: Asked) -> None:
    scene = stash.scene(code="C", details="D", director="E", date="2020-05")
    assert stash.told("scene", scene, "date") == {"date": "2020-05"}
    stash.change("scene", scene, code=None, details=None, director="", date="")
    empty = {"code": "", "details": "", "director": "", "date": None, "rating100": None, "studio": None}
    assert stash.told("scene", scene, "code details director date rating100 studio { id }") == empty
    person = stash.make("performer", name=f"Q {stash.mark}")
    assert stash.told("performer", person, "disambiguation gender details") == {
        "disambiguation": "",
        "gender": None,
        "details": "",
    }


def a_date_has_to_be_one(stash: Asked) -> None:
    scene = stash.scene(date="2020-01-02T00:00:00Z")
    assert stash.told("scene", scene, "date") == {"date": "2020-01-02"}
    for text in ("2020-13", "2020-02-30", "2020-1-2", " 2020-01-02 ", "soon"):
        assert "failed to parse date" in stash.refusal("scene", id=scene, date=text)


def a_scene_without_a_file_needs_a_title(stash: Asked) -> None:
    scene = stash.scene()
    for text in ("", "  ", None):
        assert "title must be set" in stash.refusal("scene", id=scene, title=text)


def two_performers_of_one_name_need_a_disambiguation(stash: Asked) -> None:
    name = f"Twin {stash.mark}"
    stash.make("performer", name=name)
    stash.make("performer", name=name, disambiguation="1990")
    for other in (name, name.upper()):
        assert stash.refusal("performer", name=other) == f"performer with name '{other}' already exists"
        assert "already exists" in stash.refusal("performer", name=other, disambiguation="")
        told = f"performer with name '{other}' and disambiguation '1990' already exists"
        assert stash.refusal("performer", name=other, disambiguation="1990") == told


def a_performer_has_no_alias_twice_and_none_that_is_the_name(stash: Asked) -> None:
    name = f"Alias {stash.mark}"
    for aliases in (["q", "Q"], [name.lower()]):
        assert "duplicate alias" in stash.refusal("performer", name=name, alias_list=aliases)


def names_of_tags_differ_in_more_than_capitals_unless_those_have_accents(stash: Asked) -> None:
    stash.make("tag", name=f"É {stash.mark}")
    stash.make("tag", name=f"é {stash.mark}")
    stash.make("tag", name=f"T {stash.mark}", aliases=[f"U {stash.mark}"])
    assert "already exists" in stash.refusal("tag", name=f"t {stash.mark}")
    assert "already exists" in stash.refusal("tag", name=f"V {stash.mark}", aliases=[f"t {stash.mark}"])
    assert "is used as alias for" in stash.refusal("tag", name=f"U {stash.mark}")


def nothing_stands_above_itself(stash: Asked) -> None:
    high = stash.make("tag", name=f"high {stash.mark}")
    low = stash.make("tag", name=f"low {stash.mark}", parent_ids=[high])
    assert "already a descendant" in stash.refusal("tag", id=high, parent_ids=[low])
    assert "already a descendant" in stash.refusal("tag", id=high, parent_ids=[high])
    top = stash.make("studio", name=f"top {stash.mark}")
    below = stash.make("studio", name=f"below {stash.mark}", parent_id=top)
    assert stash.refusal("studio", id=top, parent_id=below) == "studio cannot be an ancestor of itself"


def a_link_counts_once_and_a_group_is_refused_twice(stash: Asked) -> None:
    tag = stash.make("tag", name=f"twice {stash.mark}")
    group = stash.make("group", name=f"twice {stash.mark}")
    scene = stash.scene(tag_ids=[tag, tag])
    assert _ids(stash.told("scene", scene, "tags { id }")["tags"]) == [tag]
    assert "UNIQUE" in stash.refusal("scene", id=scene, groups=[{"group_id": group}, {"group_id": group}])
    assert "FOREIGN KEY" in stash.refusal("scene", id=scene, tag_ids=["99999999"])


def a_stash_box_knows_a_scene_once_and_since_a_moment_in_utc(stash: Asked) -> None:
    one = {"endpoint": "https://a.example/", "stash_id": "1"}
    scene = stash.scene(stash_ids=[one])
    (found,) = stash.told("scene", scene, "stash_ids { endpoint stash_id updated_at }")["stash_ids"]
    at = found.pop("updated_at")
    assert found == one
    assert at.endswith("Z")
    assert "." in at
    assert "UNIQUE" in stash.refusal("scene", id=scene, stash_ids=[one, one | {"stash_id": "2"}])


def times_are_compared_as_text(stash: Asked) -> None:
    scene = stash.scene()
    text = stash.told("scene", scene, "updated_at")["updated_at"]
    moment = datetime.fromisoformat(text)
    assert moment.microsecond == 0
    before = moment - timedelta(seconds=1)
    document = """query($than: String!, $id: Int!) { findScenes(scene_filter: {
        id: {value: $id, modifier: EQUALS}, updated_at: {value: $than, modifier: GREATER_THAN}}) { count } }"""

    def is_after(text: str) -> bool:
        return bool(stash.ask(document, than=text, id=int(scene))["findScenes"]["count"])

    assert not is_after(text)
    assert is_after(text.replace(f"{moment:%Y-%m-%dT%H:%M:%S}", f"{before:%Y-%m-%dT%H:%M:%S}"))
    east = moment.utcoffset() or timedelta()
    earlier = before.astimezone(timezone(east + timedelta(hours=5)))
    assert not is_after(earlier.isoformat()), "a second earlier, told by a clock five hours ahead"
    later = (moment + timedelta(seconds=1)).astimezone(timezone(east - timedelta(hours=5)))
    assert is_after(later.isoformat()), "a second later, told by a clock five hours behind"


def a_cover_comes_back_byte_for_byte_with_a_type_by_its_first_bytes(stash: Asked) -> None:
    scene = stash.scene()
    kept = {kind: (picture(f"{kind} {stash.mark}", kind, (64, 36)), media) for kind, media in KINDS.items()}
    kept |= {
        "text": (b"no picture at all", SVG),
        "page": (b"<!DOCTYPE html><html>Not found</html>", "text/html; charset=utf-8"),
        "bytes": (b"\x00\x01\x02\x03", "application/octet-stream"),
    }
    for content, media in kept.values():
        stash.change("scene", scene, cover_image=data_url(content))
        answer = stash.get(f"/scene/{scene}/screenshot")
        assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, media, content)
        assert answer.headers["etag"] == f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def a_cover_stays_when_none_is_sent_and_what_is_no_data_url_is_fetched(stash: Asked) -> None:
    scene = stash.scene()
    content = picture(stash.mark, size=(64, 36))
    stash.change("scene", scene, cover_image=data_url(content))
    for nothing in (None, ""):
        stash.change("scene", scene, cover_image=nothing)
        assert stash.get(f"/scene/{scene}/screenshot").content == content
    bare = base64.b64encode(content).decode()
    assert "unsupported protocol scheme" in stash.refusal("scene", id=scene, cover_image=bare)
    assert "illegal base64 data" in stash.refusal("scene", id=scene, cover_image="data:image/png;base64,!!!")


def what_is_shown_in_place_of_a_picture_has_an_etag_and_is_known_by_it(stash: Asked) -> None:
    shown = {f"/scene/{stash.scene()}/screenshot": SVG}
    for kind, media in (("performer", PNG), ("tag", SVG), ("studio", SVG), ("group", SVG)):
        made = stash.make(kind, name=f"{kind} {stash.mark}")
        shown[f"/{kind}/{made}/{'frontimage' if kind == 'group' else 'image'}"] = media
    for path, media in shown.items():
        first = stash.get(path)
        assert (first.status_code, first.headers["content-type"]) == (200, media)
        assert (media == SVG) == first.content.startswith((b"<svg", b"<!--"))
        again = stash.get(path, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def an_etag_is_known_in_each_form_and_a_part_of_a_picture_can_be_asked_for(stash: Asked) -> None:
    content = picture(stash.mark, size=(64, 36))
    path = f"/scene/{stash.scene(cover_image=data_url(content))}/screenshot"
    etag = stash.get(path).headers["etag"]
    for known in (etag, f"W/{etag}", f'"abc", {etag}', "*"):
        assert stash.get(path, **{"If-None-Match": known}).status_code == 304
    assert stash.get(path, **{"If-None-Match": '"abc"'}).status_code == 200
    part = stash.get(path, Range="bytes=0-9")
    assert (part.status_code, part.content) == (206, content[:10])
    assert part.headers["content-range"] == f"bytes 0-9/{len(content)}"
    assert stash.get(path).headers["cache-control"] == "no-cache"
    assert stash.get(f"{path}?t=1").headers["cache-control"] == "private, max-age=31536000, immutable"


def a_picture_of_what_a_scene_names_comes_and_goes(stash: Asked) -> None:
    content = picture(stash.mark, "PNG", (64, 36))
    for kind, field, told in (
        ("performer", "image", "image_path"),
        ("tag", "image", "image_path"),
        ("studio", "image", "image_path"),
        ("group", "front_image", "front_image_path"),
    ):
        made = stash.make(kind, name=f"{kind} with a picture {stash.mark}", **{field: data_url(content)})
        address = stash.told(kind, made, told)[told]
        assert "default=true" not in address
        assert stash.get(address).content == content
        assert stash.get(f"{address}&default=true").content != content
        stash.change(kind, made, **{field: None})
        assert stash.told(kind, made, told)[told].endswith("&default=true")


FACTS: Sequence[Callable[[Asked], None]] = (
    performers_of_a_scene_come_by_their_ids,
    tags_of_a_scene_come_by_name_with_numbers_in_their_order,
    groups_of_a_scene_come_as_they_were_put,
    texts_are_kept_without_blanks_around_them,
    what_is_empty_is_an_empty_text_and_a_date_is_null,
    a_date_has_to_be_one,
    a_scene_without_a_file_needs_a_title,
    two_performers_of_one_name_need_a_disambiguation,
    a_performer_has_no_alias_twice_and_none_that_is_the_name,
    names_of_tags_differ_in_more_than_capitals_unless_those_have_accents,
    nothing_stands_above_itself,
    a_link_counts_once_and_a_group_is_refused_twice,
    a_stash_box_knows_a_scene_once_and_since_a_moment_in_utc,
    times_are_compared_as_text,
    a_cover_comes_back_byte_for_byte_with_a_type_by_its_first_bytes,
    a_cover_stays_when_none_is_sent_and_what_is_no_data_url_is_fetched,
    what_is_shown_in_place_of_a_picture_has_an_etag_and_is_known_by_it,
    an_etag_is_known_in_each_form_and_a_part_of_a_picture_can_be_asked_for,
    a_picture_of_what_a_scene_names_comes_and_goes,
)


def _ids(found: Sequence[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]
