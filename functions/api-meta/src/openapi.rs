//! `GET /openapi.json` and `GET /docs`: the API's description, for programs and for people.

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shared::http::openapi::{Answer, Operation};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The description, as it was made of the routes of all functions.
const DOCUMENT: &str = include_str!("../openapi.json");

const HEADERS: [(http::HeaderName, &str); 2] =
    [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")];

/// The description.
pub(crate) struct Description;

/// Describes the API (OpenAPI 3.1).
pub(crate) async fn get_openapi() -> Description {
    Description
}

/// The documentation page with all that it is made of: nothing is fetched from elsewhere.
pub(crate) fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(true);
    SwaggerUi::new("/docs").config(config).into()
}

impl IntoResponse for Description {
    fn into_response(self) -> Response {
        (HEADERS, DOCUMENT).into_response()
    }
}

impl Answer for Description {
    fn describe(operation: &mut Operation<'_>) {
        let body = operation.schemas().answered::<Self>();
        operation.answers(http::StatusCode::OK, Some(body));
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
