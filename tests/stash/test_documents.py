"""The documents, judged by a GraphQL library against a schema of Stash."""

from __future__ import annotations

from importlib.resources import files

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from plexsync.stash import documents


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((files("plexsync.sim.stash") / "schema.graphql").read_text())


@pytest.mark.parametrize("document", documents.FIXED, ids=documents.operation_name)
def test_every_document_is_valid(schema: GraphQLSchema, document: str) -> None:
    assert validate(schema, parse(document)) == []


@pytest.mark.parametrize("ids", [[1], list(range(1, 51)), [-4, 2**70]])
def test_the_document_for_scenes_by_id_is_valid_for_any_ids(schema: GraphQLSchema, ids: list[int]) -> None:
    assert validate(schema, parse(documents.scenes_by_id(ids))) == []


@pytest.mark.parametrize("filters", [1, 2, 9])
def test_the_document_for_several_filters_is_valid_for_any_number(schema: GraphQLSchema, filters: int) -> None:
    assert validate(schema, parse(documents.scenes_of_each(filters))) == []


def test_all_documents_are_tested() -> None:
    texts = {value for name, value in vars(documents).items() if name.isupper() and isinstance(value, str)}
    assert texts - {documents.SCENE_FACTS} == set(documents.FIXED)


def test_a_document_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="without a named operation"):
        documents.operation_name("{ version { version } }")
