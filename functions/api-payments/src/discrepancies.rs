//! `GET /v1/payments/discrepancies`: lists payments on which the gateway's ledger and ours disagree.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::api::permission::PaymentsReadAny;
use shared::api::with_total;
use shared::api::{QueryState, RequirePermission};
use shared::domain::ledger::reconciliation::compare::MismatchKind;
use shared::domain::ledger::reconciliation::discrepancy::{Discrepancy, DiscrepancyStatus, Totals};
use shared::domain::order::OrderId;
use shared::domain::order::payment::GatewayId;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse};
use shared::kit::system::clock::Timestamp;

/// Filter of the list.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListDiscrepanciesQuery {
    /// Only discrepancies with this status.
    #[deserr(default)]
    status: Option<DiscrepancyStatus>,
}

/// Payment on which the payment gateway's ledger and ours disagree.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Discrepancy",
    extend("examples" = [{
        "gatewayId": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "orderId": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "status": "closed",
        "difference": "refunded",
        "detail": "the refunded amount differs from the recorded amount",
        "atGateway": {
            "captured": { "amount": 3998, "currency": "EUR" },
            "refunded": { "amount": 1999, "currency": "EUR" },
        },
        "onRecord": {
            "captured": { "amount": 3998, "currency": "EUR" },
            "refunded": { "amount": 0, "currency": "EUR" },
        },
        "firstSeenAt": "2027-01-15T08:00:00.000Z",
        "lastSeenAt": "2027-01-15T20:00:00.000Z",
        "closedAt": "2027-01-16T08:00:00.000Z",
    }])
)]
pub(crate) struct DiscrepancyBody {
    /// Id of the payment at the payment gateway.
    gateway_id: GatewayId,
    /// Id of the order that the payment is for, according to the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    /// Status of the discrepancy.
    status: DiscrepancyStatus,
    /// Kind of the mismatch.
    difference: MismatchKind,
    /// Description of the mismatch.
    detail: String,
    /// Amounts according to the gateway; absent if unknown.
    at_gateway: Totals,
    /// Amounts according to our records; absent if nothing is recorded.
    on_record: Totals,
    /// Time at which the discrepancy was first found.
    first_seen_at: Timestamp,
    /// Time at which the discrepancy was last confirmed.
    last_seen_at: Timestamp,
    /// Time at which the ledgers were found to agree again; absent while the discrepancy is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
}

/// Lists discrepancies, most recently found first. The reconciliation checks each of them again and closes it
/// once the ledgers agree.
pub(crate) async fn list_discrepancies(
    State(app): State<QueryState>,
    authorized: RequirePermission<PaymentsReadAny>,
    query: ListQuery<ListDiscrepanciesQuery, DiscrepancyBody>,
) -> Result<ListResponse<DiscrepancyBody>, ApiError> {
    let ListDiscrepanciesQuery { status } = query.filter;
    let (name, caller) = (format!("discrepancies {status:?}"), authorized.actor.user.to_string());
    let cursors = CursorCodec::new(&app.mac_key, &name, &caller);
    let slice = query.paging.slice(&cursors)?;
    let count = app.reader.count_discrepancies(status);
    let page = with_total(app.reader.discrepancies(status, &slice), count).await?;
    let pagination = query.paging.pagination(&page, &cursors);
    Ok(ListResponse::new(page.items.into_iter().map(DiscrepancyBody::from).collect(), pagination)
        .with_fields(query.fields))
}

impl From<Discrepancy> for DiscrepancyBody {
    fn from(discrepancy: Discrepancy) -> Self {
        Self {
            status: discrepancy.status(),
            detail: discrepancy.difference.to_string(),
            gateway_id: discrepancy.id,
            order_id: discrepancy.order_id,
            difference: discrepancy.difference,
            at_gateway: discrepancy.at_gateway,
            on_record: discrepancy.on_record,
            first_seen_at: discrepancy.first_seen_at,
            last_seen_at: discrepancy.last_seen_at,
            closed_at: discrepancy.closed_at,
        }
    }
}
