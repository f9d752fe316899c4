//! Disputes (<https://docs.stripe.com/api/disputes>), each with the order in the metadata of its payment.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{StripeGateway, money_of};
use crate::domain::order::payment::GatewayId;
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use crate::payment_gateway::GatewayError;
use crate::payment_gateway::disputes::{
    DisputePage, DisputeQuery, Disputes, GatewayDispute, GatewayDisputeStatus,
};

const DISPUTES: &str = "/v1/disputes";

/// Number of disputes of a page, such that their orders and payments are one read of the table.
const PAGE_SIZE: usize = 50;

/// The fields of a dispute that we use.
#[derive(Debug, Deserialize)]
struct Dispute {
    id: String,
    amount: i64,
    #[serde(default)]
    balance_transactions: Vec<Transaction>,
    charge: String,
    created: i64,
    currency: String,
    evidence_details: Option<EvidenceDetails>,
    is_charge_refundable: bool,
    /// Absent for charges that other systems made without payment intents.
    payment_intent: Option<Intent>,
    reason: String,
    status: String,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    id: String,
}

#[derive(Debug, Deserialize)]
struct EvidenceDetails {
    due_by: Option<i64>,
}

/// The fields of the payment intent that we use.
#[derive(Debug, Deserialize)]
struct Intent {
    id: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    order_id: Option<String>,
}

/// The fields of a list that we use. Each dispute is parsed separately.
#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Value>,
    has_more: bool,
}

impl Dispute {
    fn state(body: &Value) -> Result<GatewayDispute, GatewayError> {
        let dispute = Self::deserialize(body).map_err(|_| GatewayError::Unexpected)?;
        let seconds = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1_000));
        let (payment, order_id) = match dispute.payment_intent {
            Some(intent) => (intent.id, intent.metadata.order_id),
            None => (String::new(), None),
        };
        let due_by = dispute.evidence_details.and_then(|details| details.due_by);
        let transactions = dispute.balance_transactions.into_iter();
        Ok(GatewayDispute {
            id: GatewayId(dispute.id),
            charge: GatewayId(dispute.charge),
            payment: GatewayId(payment),
            order_id: order_id.and_then(|id| id.parse().ok()),
            amount: money_of(dispute.amount, &dispute.currency)?,
            status: status_of(&dispute.status),
            reason: dispute.reason,
            is_charge_refundable: dispute.is_charge_refundable,
            evidence_due_by: due_by.map(seconds),
            transactions: transactions.map(|transaction| GatewayId(transaction.id)).collect(),
            created: seconds(dispute.created),
        })
    }
}

fn status_of(status: &str) -> GatewayDisputeStatus {
    match status {
        "warning_needs_response" => GatewayDisputeStatus::WarningNeedsResponse,
        "warning_under_review" => GatewayDisputeStatus::WarningUnderReview,
        "warning_closed" => GatewayDisputeStatus::WarningClosed,
        "needs_response" => GatewayDisputeStatus::NeedsResponse,
        "under_review" => GatewayDisputeStatus::UnderReview,
        "won" => GatewayDisputeStatus::Won,
        "lost" => GatewayDisputeStatus::Lost,
        _ => GatewayDisputeStatus::Unknown,
    }
}

impl<T: Transport, C: Clock, R: Entropy> Disputes for StripeGateway<T, C, R> {
    async fn disputes(
        &self,
        query: &DisputeQuery,
        correlation: &CorrelationId,
    ) -> Result<DisputePage, GatewayError> {
        let response = self.get(path_of(query), correlation).await?;
        let page = List::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
        let last = page.data.last().and_then(|dispute| dispute["id"].as_str());
        Ok(DisputePage {
            last: last.map(|id| GatewayId(id.to_owned())),
            disputes: page.data.iter().filter_map(parsed_or_logged).collect(),
            has_more: page.has_more,
        })
    }

    async fn dispute(
        &self,
        id: &GatewayId,
        correlation: &CorrelationId,
    ) -> Result<Option<GatewayDispute>, GatewayError> {
        let response = self.send_get(format!("{DISPUTES}/{id}?expand[]=payment_intent"), correlation).await?;
        match response.status {
            StatusCode::OK => Dispute::state(&response.body).map(Some),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.response_error(&response)),
        }
    }
}

/// Logs a dispute that cannot be parsed: other systems that use the same gateway account may take payments in
/// a currency that is not supported.
fn parsed_or_logged(listed: &Value) -> Option<GatewayDispute> {
    let dispute = Dispute::state(listed);
    if dispute.is_err() {
        let dispute_id = listed["id"].as_str().unwrap_or_default();
        tracing::warn!(dispute_id, "failed to parse a dispute of the payment gateway");
    }
    dispute.ok()
}

fn path_of(query: &DisputeQuery) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("limit", &PAGE_SIZE.to_string());
    parameters.append_pair("created[gte]", &query.from.as_seconds().to_string());
    parameters.append_pair("created[lte]", &query.until.as_seconds().to_string());
    parameters.append_pair("expand[]", "data.payment_intent");
    if let Some(after) = &query.after {
        parameters.append_pair("starting_after", &after.0);
    }
    format!("{DISPUTES}?{}", parameters.finish())
}
