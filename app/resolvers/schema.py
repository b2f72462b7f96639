"""The schema: every noun's fields in one Query, Mutation and Subscription."""

import strawberry

from app.resolvers.engine.engine import Engine
from app.resolvers.engine.options import EngineOptions
from app.resolvers.engine.resolvers import quicken
from app.resolvers.mutations.keys import KeyMutations
from app.resolvers.mutations.packages import PackageMutations
from app.resolvers.mutations.secrets import SecretMutations
from app.resolvers.mutations.servers import ServerMutations
from app.resolvers.mutations.tokens import TokenMutations
from app.resolvers.mutations.tools import ToolMutations
from app.resolvers.mutations.upgrades import UpgradeMutations
from app.resolvers.mutations.users import UserMutations
from app.resolvers.queries.audit import AuditQueries
from app.resolvers.queries.keys import KeyQueries
from app.resolvers.queries.listings import ListingQueries
from app.resolvers.queries.node import NodeQueries
from app.resolvers.queries.packages import PackageQueries
from app.resolvers.queries.secrets import SecretQueries
from app.resolvers.queries.servers import ServerQueries
from app.resolvers.queries.sessions import SessionQueries
from app.resolvers.queries.tokens import TokenQueries
from app.resolvers.queries.tools import ToolQueries
from app.resolvers.subscriptions.keys import KeySubscriptions
from app.resolvers.subscriptions.logs import LogSubscriptions
from app.resolvers.subscriptions.packages import PackageSubscriptions
from app.resolvers.subscriptions.servers import ServerSubscriptions
from app.resolvers.subscriptions.sessions import SessionSubscriptions
from app.resolvers.subscriptions.tools import ToolSubscriptions
from app.resolvers.types.content import CONTENT_TYPES
from app.resolvers.types.listing import PromptType, ResourceTemplateType, ResourceType
from app.resolvers.types.package import PackageType
from app.resolvers.types.secret import SecretType
from app.resolvers.types.server import ServerType
from app.resolvers.types.session import SessionType
from app.resolvers.types.tool import ToolType


@strawberry.type(description="Looking at things; changes nothing.")
class Query(
    NodeQueries,
    PackageQueries,
    ServerQueries,
    ToolQueries,
    ListingQueries,
    SecretQueries,
    KeyQueries,
    TokenQueries,
    SessionQueries,
    AuditQueries,
):
    """The root of queries."""


@strawberry.type(description="Changing things, and calling tools.")
class Mutation(
    PackageMutations,
    UpgradeMutations,
    ServerMutations,
    SecretMutations,
    UserMutations,
    KeyMutations,
    TokenMutations,
    ToolMutations,
):
    """The root of mutations."""


@strawberry.type(description="Watching things happen.")
class Subscription(
    PackageSubscriptions,
    ServerSubscriptions,
    SessionSubscriptions,
    LogSubscriptions,
    KeySubscriptions,
    ToolSubscriptions,
):
    """The root of subscriptions."""


def build_schema() -> strawberry.Schema:
    """The schema; an `Engine` runs its operations."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            PackageType,
            ServerType,
            ToolType,
            SecretType,
            SessionType,
            ResourceType,
            ResourceTemplateType,
            PromptType,
            *CONTENT_TYPES,
        ],
    )


def build_engine(options: EngineOptions | None = None) -> Engine:
    """What runs this schema's operations."""
    schema = build_schema()
    quicken(schema)
    return Engine(schema._schema, options)  # noqa: SLF001 - Strawberry's own views take it so
