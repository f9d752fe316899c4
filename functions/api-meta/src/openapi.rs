//! `GET /openapi.json` and `GET /docs`: the OpenAPI description and its documentation page.

use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shared::kit::http::openapi::{ApiRouter, Operation, OperationOutput};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Description, generated from the routes of all functions.
const DOCUMENT: &str = include_str!("../openapi.json");

/// `Cache-Control` of the description and the page.
const CACHE_FOR_5_MINUTES: &str = "public, max-age=300";

/// Content security policy: loads files from this origin only, and forbids frames with this page. Swagger UI
/// also needs inline styles and `data:` images.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 2] =
    [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHE_FOR_5_MINUTES)];

/// Response with the description.
pub(crate) struct Description;

/// Returns the description.
pub(crate) async fn get_openapi() -> Description {
    Description
}

/// Router of the documentation page and all its files. The page keeps access tokens in memory, not in the
/// storage of the browser.
pub(crate) fn page<S: Clone + Send + Sync + 'static>() -> ApiRouter<S> {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(false);
    Router::from(SwaggerUi::new("/docs").config(config)).layer(map_response(restrict_origin)).into()
}

/// Sets the security headers of the page and its files, and makes them cacheable.
async fn restrict_origin(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHE_FOR_5_MINUTES));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
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
        json_schema!({
            "type": "object",
            "description": "An OpenAPI document.",
            "examples": [{
                "openapi": "3.1.0",
                "info": { "title": "Agora", "version": "0.1.0" },
                "paths": {}
            }]
        })
    }
}
