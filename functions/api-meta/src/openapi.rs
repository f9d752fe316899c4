//! `GET /openapi.json` and `GET /docs`: the API's description, for programs and for people.

use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shared::kit::http::openapi::{Operation, OperationOutput};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The description, as it was made of the routes of all functions.
const DOCUMENT: &str = include_str!("../openapi.json");

/// How long both may be kept.
const KEPT: &str = "public, max-age=300";

/// Scripts, styles and requests of this origin; styles and pictures also in place, as Swagger UI has them.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

const HEADERS: [(HeaderName, &str); 2] = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT)];

/// The description.
pub(crate) struct Description;

/// Describes the API (OpenAPI 3.1).
pub(crate) async fn get_openapi() -> Description {
    Description
}

/// The documentation page with all that it is made of: nothing is fetched from elsewhere.
pub(crate) fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(true);
    Router::from(SwaggerUi::new("/docs").config(config)).layer(map_response(restrict_origin))
}

/// The page may be kept for a while, and browsers let it fetch nothing from elsewhere.
async fn restrict_origin(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(KEPT));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

impl IntoResponse for Description {
    fn into_response(self) -> Response {
        (HEADERS, DOCUMENT).into_response()
    }
}

impl OperationOutput for Description {
    fn describe(operation: &mut Operation<'_>) {
        let body = operation.schemas().response_schema::<Self>();
        operation.response(http::StatusCode::OK, Some(body));
    }
}

impl JsonSchema for Description {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Description".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "An OpenAPI document." })
    }
}
