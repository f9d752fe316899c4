//! `GET /v1/payments/discrepancies`: payments that the gateway's books and ours contradict each other about.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::api::permission::PaymentsReadAny;
use shared::api::with_total;
use shared::api::{AppState, RequirePermission};
use shared::domain::order::OrderId;
use shared::domain::payment::GatewayId;
use shared::domain::reconciliation::compare::MismatchKind;
use shared::domain::reconciliation::discrepancy::{Discrepancy, DiscrepancyStatus, Totals};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::kit::system::clock::Timestamp;
use shared::repository::payment::discrepancy::DiscrepancyReader;
use shared::repository::user::UserReader;

/// Which discrepancies.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListDiscrepanciesQuery {
    #[deserr(default)]
    status: Option<DiscrepancyStatus>,
}

/// A payment that the gateway's books and ours contradict each other about.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Discrepancy")]
pub(crate) struct DiscrepancyBody {
    /// What the payment gateway knows the payment by.
    gateway_id: GatewayId,
    /// What it is for, as far as the gateway says.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    status: DiscrepancyStatus,
    /// What the contradiction is.
    difference: MismatchKind,
    /// The same in words.
    detail: String,
    /// What the gateway says.
    at_gateway: Totals,
    /// What is on record here.
    on_record: Totals,
    first_seen_at: Timestamp,
    /// When it was last looked at, and was so still.
    last_seen_at: Timestamp,
    /// When the books were found to agree again.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
}

/// Lists discrepancies, those that were first seen last first. Each is looked at again every now and then, and closed once the
/// books agree.
pub(crate) async fn list_discrepancies<S, Q>(
    State(app): State<AppState<S, Q>>,
    permitted: RequirePermission<PaymentsReadAny>,
    asked: ListQuery<ListDiscrepanciesQuery, DiscrepancyBody>,
) -> Result<ListResponse<DiscrepancyBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: DiscrepancyReader + UserReader,
{
    let ListDiscrepanciesQuery { status } = asked.filter;
    let (name, caller) = (format!("discrepancies {status:?}"), permitted.actor.user.to_string());
    let cursors = CursorCodec::new(&app.seal, &name, &caller);
    let slice = asked.paging.slice(&cursors)?;
    let length = app.reader.count_discrepancies(status);
    let found = with_total(app.reader.discrepancies(status, &slice), length).await?;
    let pagination = asked.paging.pagination(&found, &cursors);
    Ok(ListResponse::new(found.items.into_iter().map(DiscrepancyBody::from).collect(), pagination)
        .with_fields(asked.fields))
}

impl From<Discrepancy> for DiscrepancyBody {
    fn from(found: Discrepancy) -> Self {
        Self {
            status: found.status(),
            detail: found.difference.to_string(),
            gateway_id: found.id,
            order_id: found.order_id,
            difference: found.difference,
            at_gateway: found.at_gateway,
            on_record: found.on_record,
            first_seen_at: found.first_seen_at,
            last_seen_at: found.last_seen_at,
            closed_at: found.closed_at,
        }
    }
}
