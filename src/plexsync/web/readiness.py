"""What a stranger may know of how things stand: whether all works and which peer is away."""

from __future__ import annotations

from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.service import Service
from plexsync.web.models import Readiness


def readiness(service: Service) -> Readiness:
    """Ready is who has started and needs nobody. Troubles that name titles or paths are only counted."""
    if not service.started.is_set():
        return Readiness(ready=False, troubles=["PlexSync is starting"])
    told = [_trouble(gate) for gate in service.gates if not gate.closed]
    untold = len(service.troubles()) - len(told)
    if untold > 0:
        told.append(f"{untold} more, see `plexsync status`")
    return Readiness(ready=not told, troubles=told)


def _trouble(gate: Gatekeeper) -> str:
    return f"{gate.name} is {gate.gate.state.value}: {gate.gate.reason}"
