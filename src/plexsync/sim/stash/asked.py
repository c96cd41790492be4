"""What resolvers know of the request that they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLResolveInfo

from plexsync.sim.stash.sessions import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    base: str  #: scheme, host and prefix in front of every address
    key: str | None  #: goes into addresses of streams
    chain: Chain  #: the hooks that led to this request


Info: TypeAlias = GraphQLResolveInfo[Asked]
Resolver: TypeAlias = Callable[..., Any]
