"""The schema can be asked about itself: what every client generator and GraphiQL do first."""

from graphql import get_introspection_query, graphql_sync

from app.resolvers.schema import build_schema


def test_the_whole_introspection_answers_without_an_error() -> None:
    query = get_introspection_query(
        descriptions=True, input_value_deprecation=True, specified_by_url=True
    )
    result = graphql_sync(build_schema()._schema, query)
    assert result.errors is None
