"""Every way in which Stash comes to hold something else, with a hook or without one."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

from live.ground import Ground, Means, Row, holds
from pictures import cover
from plexsync.store import seen

HOOK, LOOK, NAMES, WALK = Means.HOOK, Means.LOOK, Means.NAMES, Means.WALK
OLD = "2020-01-01T00:00:00Z"
TITLED = holds(title="Other {}")
IMPORT = """mutation($file: Upload!) { job: importObjects(input: {
    file: $file, duplicateBehaviour: OVERWRITE, missingRefBehaviour: IGNORE}) }"""


def edit(ground: Ground) -> None:
    ground.stash.edit(ground.scenes[0], title=f"Other {ground.mark}")


def save_several(ground: Ground) -> None:
    document = "mutation($input: [SceneUpdateInput!]!) { scenesUpdate(input: $input) { id } }"
    values = [{"id": ident, "title": f"Other {ground.mark}"} for ident in ground.scenes]
    ground.stash.ask(document, input=values)


def edit_in_bulk(ground: Ground) -> None:
    ground.stash.edit_many(ground.scenes, title=f"Other {ground.mark}")


def both(one: Callable[[Ground], Awaitable[bool]], other: Callable[[Ground], Awaitable[bool]]) -> Any:
    async def right(ground: Ground) -> bool:
        return await one(ground) and await other(ground)

    return right


async def shows_stashs_cover(ground: Ground) -> bool:
    sha1 = ground.stash.cover_sha1(ground.scenes[0])
    return sha1 is not None and (await ground.item())["posterSha1"] == sha1


async def is_gone(ground: Ground) -> bool:
    """The scene is known to be gone, and its item is as it was."""
    decision = (await ground.why())["decision"]
    return decision is not None and decision["kind"] == "gone" and await holds(title="{} 0")(ground)


def merge_scenes(ground: Ground) -> None:
    target, source = ground.scenes
    values = {"id": target, "title": f"Other {ground.mark}"}
    ground.mutate("sceneMerge", "SceneMergeInput", source=[source], destination=target, values=values)


def destroy_scene(ground: Ground) -> None:
    ground.stash.ask("mutation($id: ID!) { sceneDestroy(input: {id: $id}) }", id=ground.scenes[0])


def without_studio(ground: Ground) -> None:
    ground.stash.edit(ground.scenes[0], studio_id=None, tag_ids=[], performer_ids=[])
    # The name of the file holds this one.
    for kind in ("tag", "performer", "studio"):
        ground.named[f"other {kind}"] = ground.stash.make(kind, name=f"{ground.mark}")


def auto_tag(kind: str) -> Callable[[Ground], None]:
    def change(ground: Ground) -> None:
        wanted = {f"{kind}s": [ground.named[f"other {kind}"]]}
        ground.job("metadataAutoTag", "AutoTagMetadataInput", paths=[str(ground.folder.parent)], **wanted)

    return change


def with_cover(ground: Ground) -> None:
    ground.stash.edit(ground.scenes[0], cover_image=cover(f"first {ground.mark}")[0])


def other_cover(ground: Ground) -> None:
    ground.stash.edit(ground.scenes[0], cover_image=cover(f"other {ground.mark}")[0])


def shot(ground: Ground) -> None:
    ground.stash.new_cover(ground.scenes[0], 1.5)


def generate_covers(ground: Ground) -> None:
    ground.job("metadataGenerate", "GenerateMetadataInput", covers=True, overwrite=True, sceneIDs=ground.scenes)


def identify(ground: Ground) -> None:
    options = {"fieldOptions": [{"field": "title", "strategy": "OVERWRITE"}]}
    source = {"source": {"scraper_id": "PlexSyncLive"}, "options": options}
    ground.job("metadataIdentify", "IdentifyMetadataInput", sources=[source], sceneIDs=ground.scenes)


def import_older(ground: Ground) -> None:
    """What Stash exported of the scene comes back with another title, touched years ago."""
    address = ground.mutate("exportObjects", "ExportObjectsInput", "", scenes={"ids": ground.scenes})
    address = address if address.startswith("http") else f"{ground.stash.url}/{address.lstrip('/')}"
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(ground.stash.http.get(address).content)) as exported,
        zipfile.ZipFile(made, "w") as other,
    ):
        for name in exported.namelist():
            facts = exported.read(name)
            if name.startswith("scenes/"):
                told = json.loads(facts) | {"title": f"Other {ground.mark}", "updated_at": OLD}
                facts = json.dumps(told).encode()
            other.writestr(name, facts)
    ground.stash.ended(ground.stash.upload(IMPORT, "file", made.getvalue())["job"])


def write_by_hand(ground: Ground) -> None:
    ground.sql("UPDATE scenes SET title = ? WHERE id = ?", f"Other {ground.mark}", int(ground.scenes[0]))


def renamed_on_disk(ground: Ground) -> None:
    ground.paths[0] = str(ground.folder / "renamed.mp4")
    ground.file().rename(ground.paths[0])
    ground.scan()


async def found_there(ground: Ground) -> None:
    await ground.move_in_plex(ground.file(), ground.paths[0])


def folder_renamed(ground: Ground) -> None:
    moved = ground.folder.with_name("renamed")
    ground.folder.rename(moved)
    ground.paths[0] = str(moved / ground.file().name)
    ground.scan()


def moved_in_stash(ground: Ground) -> None:
    ground.paths[0] = str(ground.folder / "moved.mp4")
    wish = {"destination_folder": str(ground.folder), "destination_basename": "moved.mp4"}
    ground.mutate("moveFiles", "MoveFilesInput", "", ids=[ground.files()[0]["id"]], **wish)


def grown(ground: Ground) -> None:
    content = ground.file().read_bytes()
    ground.file().write_bytes(content + (8 + 4096).to_bytes(4, "big") + b"free" + bytes(4096))
    ground.scan()


async def is_known_as_it_is(ground: Ground) -> bool:
    """PlexSync goes by the file as Stash tells it now."""
    assert ground.service is not None
    number = int(ground.scenes[0])
    scene = (await ground.service.stash.scenes_each([number])).found[number]
    known = await ground.service.database.run(lambda c: seen.known(c, [number]))
    assert scene.files[0].size == ground.file().stat().st_size
    return known[number].content_hash == scene.content_hash


def second_appears(ground: Ground) -> None:
    shutil.copyfile(ground.file(), ground.file(second=True))
    ground.scan()


async def second_is_written(ground: Ground) -> bool:
    return (await ground.item(path=ground.file(second=True))).get("studio") == f"studio {ground.mark}"


def hand_over_second(ground: Ground) -> None:
    second = next(file for file in ground.files() if file["path"] == str(ground.file(second=True)))
    wish = {"scene_id": ground.scenes[1], "file_id": second["id"]}
    ground.mutate("sceneAssignFile", "AssignSceneFileInput", "", **wish)


async def second_is_the_others(ground: Ground) -> bool:
    return (await ground.item(path=ground.file(second=True))).get("title") == f"{ground.mark} 1"


def delete_second(ground: Ground) -> None:
    ground.stash.ask("mutation($ids: [ID!]!) { deleteFiles(ids: $ids) }", ids=[ground.files()[1]["id"]])


async def only_its_files_are_linked(ground: Ground) -> bool:
    return await ground.linked() == [ground.plex_path(file["path"]) for file in ground.files()]


def primary_vanishes(ground: Ground) -> None:
    (ground.folder / ground.files()[0]["path"]).unlink()
    ground.clean()


def all_vanishes(ground: Ground) -> None:
    ground.file().unlink()
    ground.clean()


def change(kind: str, **values: Any) -> Callable[[Ground], None]:
    def changed(ground: Ground) -> None:
        told = {
            name: [text.replace("{}", ground.mark) for text in value]
            if isinstance(value, list)
            else value.replace("{}", ground.mark)
            for name, value in values.items()
        }
        ground.stash.change(kind, ground.named[kind], **told)

    return changed


def pictured(kind: str, name: str = "image") -> Callable[[Ground], None]:
    def changed(ground: Ground) -> None:
        ground.stash.change(kind, ground.named[kind], **{name: cover(f"{kind} {ground.mark}")[0]})

    return changed


def collection_shows(kind: str) -> Callable[[Ground], Awaitable[bool]]:
    async def right(ground: Ground) -> bool:
        found = (await ground.http.get(f"{ground.plex}/_sim/collections")).json()
        return bool(found[f"{kind} {ground.mark}"]["posterSha1"] == cover(f"{kind} {ground.mark}")[1])

    return right


async def face_is_shown(ground: Ground) -> bool:
    return bool((await ground.item())["thumbs"].get(f"performer {ground.mark}"))


def another(kind: str) -> Callable[[Ground], None]:
    def prepare(ground: Ground) -> None:
        ground.named["other"] = ground.stash.make(kind, name=f"other {kind} {ground.mark}")

    return prepare


def merge(kind: str) -> Callable[[Ground], None]:
    name, document = {
        "tag": ("tagsMerge", "TagsMergeInput"),
        "performer": ("performerMerge", "PerformerMergeInput"),
    }[kind]

    def changed(ground: Ground) -> None:
        ground.mutate(name, document, source=[ground.named[kind]], destination=ground.named["other"])

    return changed


def destroy(kind: str) -> Callable[[Ground], None]:
    def changed(ground: Ground) -> None:
        ground.mutate(f"{kind}Destroy", f"{kind.title()}DestroyInput", "", id=ground.named[kind])

    return changed


def under_another(kind: str) -> Callable[[Ground], None]:
    def changed(ground: Ground) -> None:
        other = ground.named["other"]
        above: dict[str, Any] = {"parent_ids": [other]} if kind == "tag" else {"parent_id": other}
        ground.stash.change(kind, ground.named[kind], **above)

    return changed


def made_above(ground: Ground) -> None:
    ground.stash.make("tag", name=f"other tag {ground.mark}", child_ids=[ground.named["tag"]])


def bulk(kind: str, **values: Any) -> Callable[[Ground], None]:
    def changed(ground: Ground) -> None:
        told = {name: value.replace("{}", ground.mark) for name, value in values.items()}
        ids = [ground.named[kind]]
        ground.mutate(f"bulk{kind.title()}Update", f"Bulk{kind.title()}UpdateInput", ids=ids, **told)

    return changed


def bulk_parent(ground: Ground) -> None:
    ids, parent = [ground.named["studio"]], ground.named["other"]
    ground.mutate("bulkStudioUpdate", "BulkStudioUpdateInput", ids=ids, parent_id=parent)


def renamed_by_hand(ground: Ground) -> None:
    ground.sql("UPDATE performers SET name = ? WHERE id = ?", f"Other {ground.mark}", int(ground.named["performer"]))


def renamed_by_a_batch(ground: Ground) -> None:
    """As a batch against a stash-box does it: the performer's own time moves, and no hook tells."""
    clock = ground.stash.make("studio", name=f"the time of {ground.mark}")
    document = "query($id: ID!) { findStudio(id: $id) { updated_at } }"
    now, ident = ground.stash.ask(document, id=clock)["findStudio"]["updated_at"], int(ground.named["performer"])
    ground.sql("UPDATE performers SET name = ?, updated_at = ? WHERE id = ?", f"Other {ground.mark}", now, ident)


def row(
    name: str,
    change: Callable[[Ground], Any],
    right: Callable[[Ground], Awaitable[bool]],
    means: tuple[Means, Means],
    **more: Any,
) -> Row:
    """`means`: with the plugin, and without it."""
    return Row(name=name, change=change, right=right, hooked=means[0], unhooked=means[1], **more)


AT_ONCE, NEXT_LOOK, NEXT_WALK = (HOOK, LOOK), (LOOK, LOOK), (WALK, WALK)
NEXT_NAMES, GONE_AT_ONCE, TOLD_OR_NAMES = (NAMES, NAMES), (HOOK, WALK), (HOOK, NAMES)
TITLED_BOTH = both(TITLED, holds(1, title="Other {}"))
TWO = {"scenes": 2}
SECOND = {"seconds": True}

OF_SCENES = (
    row("a scene is edited", edit, TITLED, AT_ONCE),
    row("several scenes are saved by one request", save_several, TITLED_BOTH, AT_ONCE, **TWO),
    row("scenes are edited in bulk", edit_in_bulk, TITLED_BOTH, AT_ONCE, **TWO),
    row("a scene gets another cover", other_cover, shows_stashs_cover, AT_ONCE, prepare=with_cover),
    row("identify changes a scene", identify, holds(title="Identified {} 0"), AT_ONCE),
    row("a scene is merged into another", merge_scenes, TITLED_BOTH, NEXT_LOOK, **TWO),
    row("a scene is destroyed", destroy_scene, is_gone, GONE_AT_ONCE),
    row("auto-tag sets a performer", auto_tag("performer"), holds(actors=["{}"]), NEXT_LOOK, prepare=without_studio),
    row("auto-tag sets a tag", auto_tag("tag"), holds(genres=["{}"]), NEXT_LOOK, prepare=without_studio),
    row("auto-tag sets a studio", auto_tag("studio"), holds(studio="{}"), NEXT_LOOK, prepare=without_studio),
    row("a cover is made of a picture of the film", shot, shows_stashs_cover, NEXT_LOOK, prepare=with_cover),
    row("a cover is generated", generate_covers, shows_stashs_cover, NEXT_LOOK, prepare=with_cover),
    row("an import sets a time long past", import_older, TITLED, NEXT_WALK),
    row("a scene is written by hand into the database", write_by_hand, TITLED, NEXT_WALK),
)
OF_FILES = (
    row("a file is renamed on the disk", renamed_on_disk, holds(studio="studio {}"), AT_ONCE, beside=found_there),
    row("a folder is renamed on the disk", folder_renamed, holds(studio="studio {}"), NEXT_WALK, beside=found_there),
    row("a file is moved inside Stash", moved_in_stash, holds(studio="studio {}"), NEXT_LOOK, beside=found_there),
    row("a file is changed in place", grown, is_known_as_it_is, AT_ONCE),
    row("a file joins a scene", second_appears, second_is_written, AT_ONCE),
    row("a file is handed to another scene", hand_over_second, second_is_the_others, NEXT_WALK, **TWO, **SECOND),
    row("one of several files is deleted", delete_second, only_its_files_are_linked, NEXT_WALK, **SECOND),
    row("one of several files is cleaned away", primary_vanishes, only_its_files_are_linked, NEXT_LOOK, **SECOND),
    row("the only file is cleaned away", all_vanishes, is_gone, GONE_AT_ONCE),
)
OF_NAMES = (
    row("a performer is renamed", change("performer", name="Other {}"), holds(actors=["Other {}"]), AT_ONCE),
    row("a performer gets a picture", pictured("performer"), face_is_shown, AT_ONCE),
    row(
        "a performer gets an alias",
        change("performer", alias_list=["Also {}"]),
        holds(roles={"performer {}": "Also {}"}),
        AT_ONCE,
    ),
    row(
        "performers are edited in bulk",
        bulk("performer", disambiguation="1990"),
        holds(actors=["performer {} (1990)"]),
        AT_ONCE,
    ),
    row("a performer is renamed by a batch", renamed_by_a_batch, holds(actors=["Other {}"]), NEXT_LOOK),
    row("a performer is renamed by hand", renamed_by_hand, holds(actors=["Other {}"]), NEXT_NAMES),
    row(
        "performers are merged",
        merge("performer"),
        holds(actors=["other performer {}"]),
        NEXT_NAMES,
        prepare=another("performer"),
    ),
    row("a performer is removed", destroy("performer"), holds(actors=[]), TOLD_OR_NAMES),
    row("a tag is renamed", change("tag", name="Other {}"), holds(genres=["Other {}"]), AT_ONCE),
    row("a tag is put below another", under_another("tag"), holds(labels=["tag {}"]), AT_ONCE, prepare=another("tag")),
    row("a tag is made above another", made_above, holds(labels=["tag {}"]), AT_ONCE),
    row("tags are merged", merge("tag"), holds(genres=["other tag {}"]), TOLD_OR_NAMES, prepare=another("tag")),
    row("a tag is removed", destroy("tag"), holds(genres=[]), TOLD_OR_NAMES),
    row("a studio is renamed", change("studio", name="Other {}"), holds(studio="Other {}"), AT_ONCE),
    row("a studio gets a picture", pictured("studio"), collection_shows("studio"), AT_ONCE),
    row(
        "a studio is put below another",
        under_another("studio"),
        holds(collections=["group {}", "studio {}", "other studio {}"]),
        AT_ONCE,
        prepare=another("studio"),
    ),
    row(
        "studios are edited in bulk",
        bulk_parent,
        holds(collections=["group {}", "studio {}", "other studio {}"]),
        AT_ONCE,
        prepare=another("studio"),
    ),
    row("a studio is removed", destroy("studio"), holds(studio=None), TOLD_OR_NAMES),
    row("a group is renamed", change("group", name="Other {}"), holds(collections=["Other {}", "studio {}"]), AT_ONCE),
    row("a group gets a picture", pictured("group", "front_image"), collection_shows("group"), AT_ONCE),
    row("a group is removed", destroy("group"), holds(collections=["studio {}"]), TOLD_OR_NAMES),
)
ROWS = (*OF_SCENES, *OF_FILES, *OF_NAMES)


def rules(marks: list[str]) -> str:
    """Rules that bring all of it to Plex."""
    return json.dumps(
        {
            "collections": ["groups", "studio", "parent_studios"],
            "collection_pictures": True,
            "disambiguation": "always",
            "role": "{aliases|first}",
            "tags": [{"under": [f"other tag {mark}" for mark in marks], "to": "label"}],
        }
    )
