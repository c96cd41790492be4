"""Every GraphQL document that is sent to Stash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SCENE_FACTS = """
fragment SceneFacts on Scene {
  id title code details director date rating100 organized updated_at urls
  stash_ids { endpoint stash_id }
  studio { id name image_path parent_studio { id name parent_studio { id name parent_studio { id name } } } }
  performers { id name disambiguation alias_list gender image_path }
  tags { id name parents @include(if: $tagParents) { id name parents { id name parents { id name } } } }
  groups { scene_index group { id name front_image_path } }
  files { path size duration fingerprints { type value } }
  paths { screenshot }
}
"""


def _scenes_page(name: str) -> str:
    return f"""
query {name}($page: FindFilterType!, $which: SceneFilterType!, $tagParents: Boolean!) {{
  findScenes(filter: $page, scene_filter: $which) {{ scenes {{ ...SceneFacts }} }}
}}
{SCENE_FACTS}"""


SCENES_AFTER = _scenes_page("ScenesAfter")
SCENES_AT_PATH = _scenes_page("ScenesAtPath")

SCENES_SEARCHED = f"""
query ScenesSearched($page: FindFilterType!, $tagParents: Boolean!) {{
  findScenes(filter: $page) {{ scenes {{ ...SceneFacts }} }}
}}
{SCENE_FACTS}"""

SCENE_IDS_AFTER = """
query SceneIdsAfter($page: FindFilterType!, $which: SceneFilterType!) {
  findScenes(filter: $page, scene_filter: $which) { scenes { id } }
}
"""

SCENE_FILES_AFTER = """
query SceneFilesAfter($page: FindFilterType!, $which: SceneFilterType!) {
  findScenes(filter: $page, scene_filter: $which) { scenes { id files { path size duration } } }
}
"""

SCENES_TOUCHED = """
query ScenesTouched($page: FindFilterType!, $which: SceneFilterType!) {
  findScenes(filter: $page, scene_filter: $which) { scenes { id updated_at } }
}
"""

#: One question for all that may have been touched; `learn` asks for the newest scene besides, `listed` for all names.
CHANGES = """
query Changes(
  $page: FindFilterType!, $all: FindFilterType!, $newest: FindFilterType!
  $touched: SceneFilterType!, $moved: SceneFilterType!
  $performers: PerformerFilterType!, $tags: TagFilterType!, $studios: StudioFilterType!, $groups: GroupFilterType!
  $tagParents: Boolean!, $byFile: Boolean!, $learn: Boolean!, $listed: Boolean!
) {
  jobQueue { status description }
  newest: findScenes(filter: $newest) @include(if: $learn) { scenes { id updated_at } }
  scenes: findScenes(filter: $page, scene_filter: $touched) { scenes { id updated_at files { path } } }
  files: findScenes(filter: $page, scene_filter: $moved) @include(if: $byFile) { scenes { id files { updated_at } } }
  performers: findPerformers(filter: $all, performer_filter: $performers) {
    performers { id name updated_at disambiguation alias_list gender image_path }
  }
  tags: findTags(filter: $all, tag_filter: $tags) {
    tags {
      id name updated_at
      children @include(if: $tagParents) { id }
      parents @include(if: $tagParents) { id name parents { id name parents { id name } } }
    }
  }
  studios: findStudios(filter: $all, studio_filter: $studios) {
    studios {
      id name updated_at image_path
      parent_studio { id name parent_studio { id name parent_studio { id name } } }
    }
  }
  groups: findGroups(filter: $all, group_filter: $groups) { groups { id name updated_at front_image_path } }
  allPerformers: findPerformers(filter: $all) @include(if: $listed) { performers { id name } }
  allTags: findTags(filter: $all) @include(if: $listed) { tags { id name } }
  allStudios: findStudios(filter: $all) @include(if: $listed) { studios { id name } }
  allGroups: findGroups(filter: $all) @include(if: $listed) { groups { id name } }
}
"""

FILES_TOUCHED = """
query FilesTouched($page: FindFilterType!, $which: SceneFilterType!) {
  findScenes(filter: $page, scene_filter: $which) { scenes { id files { updated_at } } }
}
"""

SCENE_FILTERS = """
query SceneFilters { __type(name: "SceneFilterType") { inputFields { name } } }
"""

VERSION = """
query Version { version { version hash } }
"""

SYSTEM_STATUS = """
query SystemStatus { systemStatus { status } version { version hash } }
"""

PLUGINS = """
query Plugins { plugins { id name version enabled } }
"""

#: Where Stash's own files lie, as Stash sees them.
PLACES = """
query Places { configuration { general { pluginsPath configFilePath } } }
"""

RELOAD_PLUGINS = """
mutation ReloadPlugins { reloadPlugins }
"""

PLUGIN_SETTINGS = """
query PluginSettings($plugins: [ID!]!) { configuration { plugins(include: $plugins) } }
"""

RUN_OPERATION = """
mutation RunOperation($plugin: ID!, $args: Map) { runPluginOperation(plugin_id: $plugin, args: $args) }
"""

#: All documents of fixed text.
FIXED = (
    SCENES_AFTER,
    SCENES_AT_PATH,
    SCENES_SEARCHED,
    SCENE_IDS_AFTER,
    SCENE_FILES_AFTER,
    SCENES_TOUCHED,
    CHANGES,
    FILES_TOUCHED,
    SCENE_FILTERS,
    VERSION,
    SYSTEM_STATUS,
    PLUGINS,
    PLACES,
    RELOAD_PLUGINS,
    PLUGIN_SETTINGS,
    RUN_OPERATION,
)


def alias(scene: int) -> str:
    """The name under which a scene is answered by `scenes_by_id`. Negative ids have one too."""
    return f"s{scene}".replace("-", "_")


def scenes_by_id(scenes: Iterable[int]) -> str:
    """One `findScene` per id: an id that is missing or fails leaves the answers of the others whole.

    `findScenes(ids:)` would fail as a whole when a single id is missing.
    """
    fields = "\n".join(f'  {alias(scene)}: findScene(id: "{scene}") {{ ...SceneFacts }}' for scene in scenes)
    return f"query ScenesById($tagParents: Boolean!) {{\n{fields}\n}}\n{SCENE_FACTS}"


def page_alias(number: int) -> str:
    """The name under which the page of a filter is answered by `scenes_of_each`."""
    return f"f{number}"


def scenes_of_each(filters: int) -> str:
    """So many filters, `$which0` and on, each asked for its first page."""
    declared = "".join(f", $which{number}: SceneFilterType!" for number in range(filters))
    pages = (
        f"  {page_alias(number)}: findScenes(filter: $page, scene_filter: $which{number})" for number in range(filters)
    )
    fields = "\n".join(f"{page} {{ scenes {{ ...SceneFacts }} }}" for page in pages)
    return (
        f"query ScenesOfEach($page: FindFilterType!{declared}, $tagParents: Boolean!) {{\n{fields}\n}}\n{SCENE_FACTS}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, as errors speak of it. `changes` when it does something that a lost answer leaves unknown."""

    place: str
    changes: bool = False


def question(document: str) -> Question:
    """The question that a document is."""
    return Question(place=f"POST /graphql {operation_name(document)}", changes=document.lstrip().startswith("mutation"))


def operation_name(document: str) -> str:
    """The name of the document's operation."""
    found = re.search(r"\b(?:query|mutation)\s+(\w+)", document)
    if found is None:
        raise ValueError("a document without a named operation")
    return found[1]
