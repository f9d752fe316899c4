//! `GET /health`: liveness check.

use schemars::JsonSchema;
use serde::Serialize;
use shared::kit::http::ApiResponse;

/// Result of the liveness check.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Health", extend("examples" = [{ "status": "ok" }]))]
pub(crate) struct HealthBody {
    /// Always `ok`.
    status: &'static str,
}

/// Returns 200 without checking any dependency.
pub(crate) async fn get_health() -> ApiResponse<HealthBody> {
    ApiResponse::ok(HealthBody { status: "ok" })
}
