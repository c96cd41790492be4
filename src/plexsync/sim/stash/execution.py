"""Executes GraphQL documents against the schema file that lies beside this module."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
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
    """The schema with its resolvers, and the documents that were validated before."""

    def __init__(
        self,
        types: Mapping[str, Mapping[str, Resolver]],
        queries: Mapping[str, Resolver],
        mutations: Mapping[str, Resolver],
    ) -> None:
        self._schema = build_schema(schema_text(), assume_valid=True)
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()
        for name, fields in {"Query": queries, "Mutation": mutations, "Subscription": {}}.items():
            _connect(self._schema, name, fields, rest=_not_simulated)
        for name, fields in types.items():
            _connect(self._schema, name, fields)
        for name in ("BaseFile", "VisualFile"):
            self._schema.type_map[name].resolve_type = lambda *_: "VideoFile"  # type: ignore[attr-defined]

    async def answer(self, request: Any, asked: Asked, *, reading: bool = False) -> Answer:
        """Execute one request body. With `reading` a mutation is refused."""
        if not isinstance(request, dict) or not isinstance(request.get("query"), str):
            return refusal(422, "no operation provided")
        try:
            document = self._document(request["query"])
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
            self._schema,
            document,
            context_value=asked,
            variable_values=request.get("variables"),
            operation_name=request.get("operationName"),
            field_resolver=plain,
            is_awaitable=None if writes else _never,
        )
        return _formatted(await result if isawaitable(result) else result, writes=writes)

    def _document(self, text: str) -> DocumentNode | list[GraphQLError]:
        if text in self._documents:
            self._documents.move_to_end(text)
            return self._documents[text]
        document = parse(text)
        if errors := validate(self._schema, document):
            return errors
        self._documents[text] = document
        if len(self._documents) > REMEMBERED:
            self._documents.popitem(last=False)
        return document


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


def _connect(schema: GraphQLSchema, name: str, fields: Mapping[str, Resolver], rest: Resolver | None = None) -> None:
    kind = schema.type_map[name]
    if not isinstance(kind, GraphQLObjectType):
        raise TypeError(f"{name} has no fields")
    unknown = set(fields) - set(kind.fields)
    if unknown:
        raise KeyError(f"{name} has no {sorted(unknown)}")
    for field_name, field in kind.fields.items():
        field.resolve = fields.get(field_name, rest)


def _not_simulated(_root: Any, info: Info, **_arguments: Any) -> Any:
    raise GraphQLError(f"not simulated: {info.field_name}")


def _never(_value: Any) -> TypeGuard[Awaitable[Any]]:
    """Queries are answered from memory; looking for coroutines at every field costs a third of the time."""
    return False
