"""Executes GraphQL documents against the schema file that lies beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    build_schema,
    execute,
    get_operation_ast,
    parse,
    validate,
)

from plexsync.sim.stash.types import plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from plexsync.sim.stash.asked import Asked, Info, Resolver
    from plexsync.sim.stash.options import StashOptions

REMEMBERED = 256


def schema_text() -> str:
    """The schema as SDL."""
    return files("plexsync.sim.stash").joinpath("schema.graphql").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    content: dict[str, Any]
    writes: bool = False


class Execution:
    """The schema of every Stash, with the resolvers of one."""

    def __init__(
        self,
        types: Mapping[str, Mapping[str, Resolver]],
        queries: Mapping[str, Resolver],
        mutations: Mapping[str, Resolver],
        options: StashOptions,
    ) -> None:
        self._by_file = options.knows_files_filter
        self._resolvers = {
            **_resolvers("Query", queries, rest=_not_simulated),
            **_resolvers("Mutation", mutations, rest=_not_simulated),
            **_resolvers("Subscription", {}, rest=_not_simulated),
        }
        for name, fields in types.items():
            self._resolvers |= _resolvers(name, fields)

    async def answer(self, request: Any, asked: Asked, *, reading: bool = False) -> Answer:
        """Execute one request body. With `reading` a mutation is refused."""
        if not isinstance(request, dict) or not isinstance(request.get("query"), str):
            return refusal(422, "no operation provided")
        try:
            document = _document(request["query"], self._by_file)
        except GraphQLError as error:
            return Answer(422, {"errors": [error.formatted], "data": None})
        if isinstance(document, list):
            return Answer(422, {"errors": [error.formatted for error in document], "data": None})
        operation = get_operation_ast(document, request.get("operationName"))
        if operation is None:
            return refusal(422, "operation not found")
        writes = operation.operation is not OperationType.QUERY
        if writes and reading:
            return refusal(406, "GET requests only allow query operations")
        result = execute(
            _schema(self._by_file),
            document,
            context_value=asked,
            variable_values=request.get("variables"),
            operation_name=request.get("operationName"),
            field_resolver=self._resolve,
            type_resolver=_kind_of_file,
            is_awaitable=None if writes else _never,
        )
        return _formatted(await result if isawaitable(result) else result, writes=writes)

    def _resolve(self, source: Any, info: Info, **arguments: Any) -> Any:
        resolver: Resolver = self._resolvers.get((info.parent_type.name, info.field_name), plain)
        return resolver(source, info, **arguments)


@cache
def _schema(by_file: bool = True) -> GraphQLSchema:  # noqa: FBT001, FBT002  # there are two of them
    """Dear to build, the same for every Stash, and never changed; not `by_file`: as before 0.30."""
    lines = schema_text().splitlines()
    kept = lines if by_file else [line for line in lines if not line.startswith("  files_filter:")]
    return build_schema("\n".join(kept), assume_valid=True)


@lru_cache(REMEMBERED)
def _document(text: str, by_file: bool) -> DocumentNode | list[GraphQLError]:  # noqa: FBT001  # as above
    """The document, or what is wrong with it; GraphQLError where it is none."""
    document = parse(text)
    return validate(_schema(by_file), document) or document


def refusal(status: int, message: str) -> Answer:
    """An answer that holds one error and no data."""
    return Answer(status, {"errors": [{"message": message}], "data": None})


def _formatted(result: ExecutionResult, *, writes: bool) -> Answer:
    """Faults of variables come without a path and count as invalid requests."""
    content: dict[str, Any] = {"data": result.data}
    if not result.errors:
        return Answer(200, content, writes)
    content = {"errors": [error.formatted for error in result.errors], "data": result.data}
    invalid = result.data is None and all(error.path is None for error in result.errors)
    return Answer(422 if invalid else 200, content, writes)


def _resolvers(
    name: str, fields: Mapping[str, Resolver], rest: Resolver | None = None
) -> dict[tuple[str, str], Resolver]:
    """By type and field; `rest` answers the fields that are not named."""
    kind = _schema().type_map[name]
    if not isinstance(kind, GraphQLObjectType):
        raise TypeError(f"{name} has no fields")
    unknown = set(fields) - set(kind.fields)
    if unknown:
        raise KeyError(f"{name} has no {sorted(unknown)}")
    others = {} if rest is None else dict.fromkeys(kind.fields, rest)
    return {(name, field): resolver for field, resolver in (others | dict(fields)).items()}


def _kind_of_file(_value: Any, _info: Info, _kind: Any) -> str:
    """The one kind of every interface and union that is simulated."""
    return "VideoFile"


def _not_simulated(_root: Any, info: Info, **_arguments: Any) -> Any:
    raise GraphQLError(f"not simulated: {info.field_name}")


def _never(_value: Any) -> TypeGuard[Awaitable[Any]]:
    """Queries are answered from memory; looking for coroutines at every field costs a third of the time."""
    return False
