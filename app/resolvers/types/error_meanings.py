"""What each error code means, for people who read the schema."""

from collections.abc import Mapping

from app.domain.errors import ErrorCode

# A test holds that every code is here.
ERROR_MEANINGS: Mapping[ErrorCode, str] = {
    ErrorCode.INVALID_INPUT: "An input does not follow the rules; `path` names it.",
    ErrorCode.PAYLOAD_TOO_LARGE: "The body of the request is too large.",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "The body of the request is no JSON.",
    ErrorCode.ROUTE_NOT_FOUND: "There is nothing at that address (REST).",
    ErrorCode.METHOD_NOT_ALLOWED: "That address does not take that HTTP method (REST).",
    ErrorCode.HOST_NOT_ALLOWED: "The request is for a host name that is not this server's.",
    ErrorCode.ORIGIN_NOT_ALLOWED: "The request comes from another site's page.",
    ErrorCode.UNAUTHENTICATED: "The request does not say who is calling, or not so that it counts.",
    ErrorCode.FORBIDDEN: "The caller may not do this.",
    ErrorCode.SERVER_NOT_FOUND: "There is no server of that name, for this caller.",
    ErrorCode.TOOL_NOT_FOUND: "The server has no tool of that name, for this caller.",
    ErrorCode.PACKAGE_NOT_FOUND: "There is no such package, here or in the registry.",
    ErrorCode.VERSION_NOT_FOUND: "The registry has no such version of the package.",
    ErrorCode.CONFLICT: "It collides with what is there, or with what somebody does right now.",
    ErrorCode.HELD_FOR_APPROVAL: "An upgrade changes tools, and waits until it is approved.",
    ErrorCode.OPERATION_CANCELLED: "The work on the package was cancelled.",
    ErrorCode.TOKEN_NOT_FOUND: "There is no API token of that id.",
    ErrorCode.SERVER_DISABLED: "The server is disabled.",
    ErrorCode.INSTALL_FAILED: "The package manager failed.",
    ErrorCode.REGISTRY_UNAVAILABLE: "The package registry cannot be reached.",
    ErrorCode.SERVER_DID_NOT_START: "The MCP server could not be started or connected to.",
    ErrorCode.SERVER_FAILED: "The MCP server ended or answered with an error.",
    ErrorCode.TOOL_TIMEOUT: "The tool has taken longer than the call may take.",
    ErrorCode.CALL_NOT_FOUND: "No call of that id is under way.",
    ErrorCode.CALL_CANCELLED: "The call was cancelled.",
    ErrorCode.SESSION_LIMIT: "No more sessions or calls are allowed right now.",
    ErrorCode.RATE_LIMITED: "The caller does this too often; the hint says when to come again.",
    ErrorCode.REQUEST_TIMEOUT: "The request did not come in whole in time.",
    ErrorCode.SECRET_MISSING: "A secret that the server requires is not set for this user.",
    ErrorCode.SECRET_UNREADABLE: "A stored secret is damaged.",
    ErrorCode.SECRET_KEY_MISSING: "A stored secret is sealed with a key this process lacks.",
    ErrorCode.SECRET_MOVED: "A stored secret was moved to another place, and does not open.",
    ErrorCode.QUERY_TOO_COMPLEX: "The GraphQL operation asks for too much.",
    ErrorCode.OPERATION_TIMEOUT: "The GraphQL operation took too long.",
    ErrorCode.OPERATION_NOT_ALLOWED: "Only trusted GraphQL operations are run, and this is none.",
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: "No GraphQL operation of that hash is known.",
    ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE: "The provider of identities cannot be reached.",
    ErrorCode.DATABASE_UNAVAILABLE: "The database cannot be reached.",
    ErrorCode.SHUTTING_DOWN: "This process is stopping.",
    ErrorCode.INTERNAL: "A bug; the log has the details under the reference in the hint.",
}
