"""Gap: an HTTP API that is described by an OpenAPI body gets no routes.

SAM writes the routes of all functions into the `Body` of one `AWS::ApiGatewayV2::Api`, which AWS imports. The emulator
keeps the API and drops the body. Here the body is imported: an integration and a route for each operation, and the CORS
configuration. By then CloudFormation has put in the functions' names, so that nothing is guessed.
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
    """Wraps the emulator's own handling of an API."""
    plain = dict(handlers(API))

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        created = plain["create"](logical_id, without_body(properties), stack)
        import_body(created[0], properties.get("Body") or {})
        return created

    def update(api: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Created:
        updated = plain["update"](api, without_body(old), without_body(new), stack, logical_id)
        import_body(updated[0], new.get("Body") or {})
        return updated

    register(API, create, update, plain["delete"])


def without_body(properties: Properties) -> Properties:
    """The API's properties as they would be without a body: its CORS configuration stands beside it."""
    cors = (properties.get("Body") or {}).get(CORS)
    rest = {name: value for name, value in properties.items() if name != "Body"}
    return {"CorsConfiguration": with_lists(cors), **rest} if cors else rest


def with_lists(cors: dict[str, Any]) -> dict[str, Any]:
    """The emulator gives SAM a list parameter as one text with commas, AWS as a list."""
    origins = cors.get("allowOrigins", [])
    return {**cors, "allowOrigins": origins.split(",") if isinstance(origins, str) else origins}


def import_body(api: str, body: dict[str, Any]) -> None:
    """Replaces the API's routes by those of the body, as an import does."""
    apigateway._routes[api] = {}
    apigateway._integrations[api] = {}
    for path, operations in body.get("paths", {}).items():
        for method, operation in operations.items():
            if INTEGRATION in operation:
                add_route(api, route_key(path, method), operation[INTEGRATION])


def route_key(path: str, method: str) -> str:
    """How API Gateway names the route of an operation."""
    if path == "$default":
        return path
    return f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"


def add_route(api: str, key: str, integration: dict[str, Any]) -> None:
    """One integration and the route that leads to it."""
    function = integration["uri"].split("/functions/")[1].removesuffix("/invocations")
    added = read(
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
    read(apigateway._create_route(api, {"routeKey": key, "target": f"integrations/{added['integrationId']}"}))


def read(response: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    """What the emulator answered, unless it refused."""
    status, _, body = response
    if status >= 300:
        raise ValueError(f"the route cannot be imported: {body!r}")
    return json.loads(body)
