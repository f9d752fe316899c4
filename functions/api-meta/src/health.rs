//! `GET /health`: whether the system lives.

use schemars::JsonSchema;
use serde::Serialize;
use shared::kit::http::ApiResponse;

/// How it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub(crate) struct HealthBody {
    status: &'static str,
}

/// Whoever gets an answer at all gets this one.
pub(crate) async fn get_health() -> ApiResponse<HealthBody> {
    ApiResponse::ok(HealthBody { status: "ok" })
}
