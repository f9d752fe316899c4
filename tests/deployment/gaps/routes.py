"""Gap: the emulator creates no routes for an HTTP API with an OpenAPI body.

SAM writes the routes of all functions into the `Body` of one `AWS::ApiGatewayV2::Api`, which AWS imports. The
emulator ignores the body. Here it is imported: an integration and a route for each operation, and the CORS
configuration. CloudFormation has already resolved the functions' names.
"""

import json
from typing import Any

from ministack.services import apigateway

from gaps.resources import Created, Properties, handlers, register

API = "AWS::ApiGatewayV2::Api"
INTEGRATION = "x-amazon-apigateway-integration"
ANY_METHOD = "x-amazon-apigateway-any-method"
CORS = "x-amazon-apigateway-cors"


def close() -> None:
    """Wraps the emulator's handling of HTTP APIs."""
    original = dict(handlers(API))

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        created = original["create"](logical_id, without_body(properties), stack)
        import_body(created[0], properties.get("Body") or {})
        return created

    def update(
        api: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Created:
        updated = original["update"](api, without_body(old), without_body(new), stack, logical_id)
        import_body(updated[0], new.get("Body") or {})
        return updated

    register(API, create, update, original["delete"])


def without_body(properties: Properties) -> Properties:
    """Properties of the API without the body, whose CORS configuration becomes a property."""
    cors = (properties.get("Body") or {}).get(CORS)
    rest = {name: value for name, value in properties.items() if name != "Body"}
    return {"CorsConfiguration": with_lists(cors), **rest} if cors else rest


def with_lists(cors: dict[str, Any]) -> dict[str, Any]:
    """Splits the allowed origins: the emulator resolves a list parameter to a string, AWS to a list."""
    origins = cors.get("allowOrigins", [])
    return {**cors, "allowOrigins": origins.split(",") if isinstance(origins, str) else origins}


def import_body(api: str, body: dict[str, Any]) -> None:
    """Replaces the API's routes with those of the body."""
    apigateway._routes[api] = {}
    apigateway._integrations[api] = {}
    for path, operations in body.get("paths", {}).items():
        for method, operation in operations.items():
            if INTEGRATION in operation:
                add_route(api, route_key(path, method), operation[INTEGRATION])


def route_key(path: str, method: str) -> str:
    """API Gateway's route key of an operation."""
    if path == "$default":
        return path
    return f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"


def add_route(api: str, key: str, integration: dict[str, Any]) -> None:
    """Adds an integration and its route."""
    function = integration["uri"].split("/functions/")[1].removesuffix("/invocations")
    added = parse(
        apigateway._create_integration(
            api,
            {
                "integrationType": integration["type"].upper(),
                "integrationUri": function,
                "integrationMethod": integration["httpMethod"],
                "payloadFormatVersion": integration["payloadFormatVersion"],
            },
        )
    )
    parse(
        apigateway._create_route(api, {"routeKey": key, "target": f"integrations/{added['integrationId']}"})
    )


def parse(response: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    """Parses a response of the emulator, and fails if it is an error."""
    status, _, body = response
    if status >= 300:
        raise ValueError(f"failed to import a route: {body!r}")
    return json.loads(body)
