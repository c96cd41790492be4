"""What is asked of Stash, judged by a GraphQL library against the schema that a real one tells of itself."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, build_client_schema, get_introspection_query, parse, validate

from live.server import Stash
from plexsync.stash import documents


@pytest.fixture(scope="module")
def schema(stash: Stash) -> GraphQLSchema:
    return build_client_schema(stash.ask(get_introspection_query()))  # type: ignore[arg-type]


MADE = (documents.scenes_by_id([1, 2]), documents.scenes_of_each(2))


@pytest.mark.parametrize("document", [*documents.FIXED, *MADE], ids=documents.operation_name)
def test_every_document_is_valid_there(schema: GraphQLSchema, document: str) -> None:
    assert validate(schema, parse(document)) == []
