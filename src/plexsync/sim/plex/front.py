"""Routes about the server itself: who it is, which libraries it has, what it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from plexsync.sim.plex import render
from plexsync.sim.plex.answers import answer, hub_of, store_of
from plexsync.sim.plex.tree import Node, Scalar, container

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

API_VERSION = "1.2.2"
ROOT_FACTS: dict[str, Scalar] = {
    "allowCameraUpload": False,
    "allowChannelAccess": True,
    "allowSharing": True,
    "allowSync": True,
    "allowTuners": False,
    "apiVersion": API_VERSION,
    "backgroundProcessing": True,
    "certificate": False,
    "companionProxy": True,
    "countryCode": "usa",
    "diagnostics": "logs,databases,streaminglogs",
    "eventStream": True,
    "hubSearch": True,
    "itemClusters": True,
    "livetv": 7,
    "mediaProviders": True,
    "multiuser": True,
    "musicAnalysis": 2,
    "myPlex": True,
    "myPlexMappingState": "mapped",
    "myPlexSigninState": "ok",
    "myPlexSubscription": False,
    "offlineTranscode": 1,
    "ownerFeatures": "",
    "platform": "Linux",
    "platformVersion": "6.1",
    "pluginHost": True,
    "pushNotifications": False,
    "readOnlyLibraries": False,
    "streamingBrainABRVersion": 3,
    "streamingBrainVersion": 2,
    "sync": True,
    "transcoderActiveVideoSessions": 0,
    "transcoderAudio": True,
    "transcoderLyrics": True,
    "transcoderPhoto": True,
    "transcoderSubtitles": True,
    "transcoderVideo": True,
    "transcoderVideoBitrates": "64,96,208,320,720,1500,2000,3000,4000,8000,10000,12000,20000",
    "transcoderVideoQualities": "0,1,2,3,4,5,6,7,8,9,10,11,12",
    "transcoderVideoResolutions": "128,128,160,240,320,480,768,720,720,1080,1080,1080,1080",
    "updater": True,
    "voiceSearch": True,
}


async def identity(request: Request) -> Response:
    store = store_of(request)
    facts: dict[str, Scalar] = {
        "apiVersion": API_VERSION,
        "claimed": store.switches.claimed,
        "machineIdentifier": store.machine_identifier,
        "version": store.switches.version,
    }
    return answer(request, container([], **facts))


async def root(request: Request) -> Response:
    store = store_of(request)
    names = ("activities", "butler", "hubs", "library", "media", "status", "video")
    children = [Node("Directory", {"count": 1, "key": name, "title": name}) for name in names]
    facts = ROOT_FACTS | {
        "friendlyName": store.options.friendly_name,
        "machineIdentifier": store.machine_identifier,
        "updatedAt": store.now(),
        "version": store.switches.version,
    }
    return answer(request, container(children, **facts))


async def library(request: Request) -> Response:
    names = {"sections": "Library Sections", "recentlyAdded": "Recently Added Content", "onDeck": "On Deck Content"}
    children = [Node("Directory", {"key": key, "title": title}) for key, title in names.items()]
    return answer(request, container(children, allowSync=False, title1="Plex Library"))


async def sections(request: Request) -> Response:
    store = store_of(request)
    left_out = store.switches.unlisted
    nodes = [render.section_node(section) for section in store.sections.values() if section.key not in left_out]
    if request.state.guest:
        nodes = [node._replace(attributes=node.attributes | {"allowSync": False}) for node in nodes]
    return answer(request, container(nodes, allowSync=False, title1="Plex Library"))


async def sessions(request: Request) -> Response:
    """What is being watched, or was: nothing here."""
    return answer(request, container([], totalSize=0, offset=0) if "history" in request.url.path else container([]))


async def activities(request: Request) -> Response:
    hub = hub_of(request)
    running = [section for section in store_of(request).sections.values() if section.key in hub.scans]
    nodes = [
        Node("Activity", hub.activity(section, 10), [Node("Context", {"librarySectionID": section.key}, single=True)])
        for section in running
    ]
    return answer(request, container(nodes))


ROUTES = [
    Route("/identity", identity),
    Route("/", root),
    Route("/library", library),
    Route("/library/", library),
    Route("/library/sections", sections),
    Route("/library/sections/", sections),
    Route("/library/sections/all", sections),
    Route("/status/sessions", sessions),
    Route("/status/sessions/history/all", sessions),
    Route("/activities", activities),
]
