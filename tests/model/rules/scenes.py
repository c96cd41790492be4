"""A scene that holds one of everything, and rules for it."""

from __future__ import annotations

from plexsync.model.fields import Field, Value
from plexsync.model.rules import Rules, desired
from plexsync.model.scene import Group, Named, Performer, Scene, SceneFile, StashId, Studio, Tag

SERIES = Named(id=90, name="Series")
SHORTS = Named(id=91, name="Shorts")
SCENE = Scene(
    id=7,
    title="The Sintel",
    code="DUR-3",
    details="A girl &amp; her **dragon**.\nShe looks for it.",
    director="Colin Levy, Ton R. Jr., Jr.; Ida",
    date="2010-09-27",
    rating=74,
    organized=True,
    urls=("https://one.example/1", "https://two.example/2"),
    stash_ids=(StashId(endpoint="https://box.example/graphql", id="aa-bb"),),
    studio=Studio(id=1, name="Durian", parents=(Named(id=2, name="Open"), Named(id=3, name="Blender"))),
    performers=(
        Performer(id=1, name="Zoe", gender="FEMALE", aliases=("Zo", "Z")),
        Performer(id=2, name="Ada", disambiguation="1990", gender="FEMALE"),
        Performer(id=3, name="ADA", disambiguation="2001", gender="MALE"),
        Performer(id=4, name="Bo", disambiguation="x"),
    ),
    tags=(
        Tag(id=1, name="Fantasy"),
        Tag(id=2, name="4K"),
        Tag(id=3, name="Open Movies", ancestors=(SHORTS, SERIES)),
        Tag(id=4, name="series: Durian", ancestors=(SERIES,)),
    ),
    groups=(Group(id=1, name="Open Films", index=3), Group(id=2, name="Dragons")),
    files=(SceneFile(path="/data/films/The Sintel.mkv", size=1, duration=888.0),),
)


def value(name: Field, rules: Rules, scene: Scene = SCENE) -> Value:
    """What the scene gives the field."""
    return desired(scene, rules).values.get(name)
