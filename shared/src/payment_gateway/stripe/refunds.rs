//! Refunds. Each has its name in its metadata, so that it can be found among the refunds of its payment when
//! its idempotency key no longer yields the outcome. Unlike the search, the list of refunds is
//! read-after-write consistent.
//!
//! A refund changes after it was created (<https://docs.stripe.com/refunds#failed-refunds>). A response that
//! is replayed for an idempotency key is the first one, so the present state is read again.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{StripeError, StripeGateway, money_of};
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::refund::{RefundIntent, RefundStatus};
use crate::domain::order::payment::{DeclineCode, GatewayId};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy, Timestamp};
use crate::payment_gateway::{GatewayError, RefundAnswer};

const REFUNDS: &str = "/v1/refunds";

/// Maximum number of pages of a list of refunds.
const MAX_PAGES: usize = 10;

/// The fields of a refund that we use.
#[derive(Debug, Deserialize)]
struct Refund {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    failure_reason: Option<String>,
    /// Absent for refunds that other systems made without payment intents.
    payment_intent: Option<Intent>,
    metadata: Option<Metadata>,
}

/// Payment intent of a refund, by its id or expanded.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Intent {
    Id(String),
    Expanded {
        id: String,
        #[serde(default)]
        metadata: Metadata,
    },
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    refund: Option<String>,
    order_id: Option<String>,
}

/// The fields of a list that we use. Each refund is parsed separately.
#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Value>,
    has_more: bool,
}

impl Refund {
    fn of(body: &Value) -> Result<Self, GatewayError> {
        Self::deserialize(body).map_err(|_| GatewayError::Unexpected)
    }

    fn state(self) -> Result<GatewayRefund, GatewayError> {
        let amount = money_of(self.amount, &self.currency)?;
        let status = status_of(&self.status);
        let failure = status
            .is_unmade()
            .then(|| DeclineCode::new(self.failure_reason.as_deref().unwrap_or(&self.status)));
        let (payment, order_id) = match self.payment_intent {
            Some(Intent::Id(id)) => (id, None),
            Some(Intent::Expanded { id, metadata }) => (id, metadata.order_id),
            None => (String::new(), None),
        };
        Ok(GatewayRefund {
            id: GatewayId(self.id),
            payment: GatewayId(payment),
            order_id: order_id.and_then(|id| id.parse().ok()),
            name: self.metadata.and_then(|metadata| metadata.refund),
            amount,
            status,
            failure,
        })
    }
}

/// Status of a refund. One that is not known counts as pending, because it does not show that the refund was
/// made.
fn status_of(status: &str) -> RefundStatus {
    match status {
        "succeeded" => RefundStatus::Succeeded,
        "failed" => RefundStatus::Failed,
        "canceled" => RefundStatus::Cancelled,
        "requires_action" => RefundStatus::RequiresAction,
        _ => RefundStatus::Pending,
    }
}

pub(super) async fn refund<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &RefundIntent,
    correlation: &CorrelationId,
) -> Result<RefundAnswer, GatewayError> {
    let form = vec![
        ("payment_intent", intent.gateway_id.0.clone()),
        ("amount", intent.amount.amount().to_string()),
        ("metadata[order_id]", intent.order_id.to_string()),
        ("metadata[refund]", intent.name()),
    ];
    let response = gateway.post(REFUNDS, form, Some(intent.idempotency_key()), correlation).await?;
    let error = StripeError::of(&response);
    match response.status {
        StatusCode::OK => {
            let refund = Refund::of(&response.body)?;
            let refund =
                if response.replayed { read(gateway, &refund.id, correlation).await? } else { refund };
            refund.state().map(RefundAnswer::Accepted)
        }
        StatusCode::INTERNAL_SERVER_ERROR => {
            let refunds = of_payment(gateway, &intent.gateway_id, correlation).await?;
            let own = refunds.into_iter().find(|refund| refund.is_requested_by(intent));
            Ok(own.map_or(RefundAnswer::NotRefunded, RefundAnswer::Accepted))
        }
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND if !error.is_of_idempotency_key() => {
            Ok(RefundAnswer::Refused(error.decline()))
        }
        _ => Err(gateway.response_error(&response)),
    }
}

/// Reads the present state of a refund.
async fn read<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    id: &str,
    correlation: &CorrelationId,
) -> Result<Refund, GatewayError> {
    Refund::of(&gateway.get(format!("{REFUNDS}/{id}"), correlation).await?.body)
}

/// Lists the refunds of a payment, oldest first, with the order of the payment. Fails if one cannot be parsed:
/// it might be the refund that is looked up, which would then be made again.
pub(super) async fn of_payment<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    payment: &GatewayId,
    correlation: &CorrelationId,
) -> Result<Vec<GatewayRefund>, GatewayError> {
    let listed = list(gateway, &[("payment_intent", payment.0.clone())], correlation).await?;
    listed.iter().map(|refund| Refund::of(refund)?.state()).collect()
}

/// Lists the refunds created in a period, oldest first, with the orders of their payments. One that cannot be
/// parsed is logged and left out: other systems that use the same gateway account may make refunds in a
/// currency that is not supported.
pub(super) async fn created_between<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    (from, until): (Timestamp, Timestamp),
    correlation: &CorrelationId,
) -> Result<Vec<GatewayRefund>, GatewayError> {
    let bound = |at: Timestamp| at.as_seconds().to_string();
    let filter = [("created[gte]", bound(from)), ("created[lte]", bound(until))];
    let listed = list(gateway, &filter, correlation).await?;
    Ok(listed.iter().filter_map(parsed_or_logged).collect())
}

/// Reads all pages of a list of refunds, oldest first.
async fn list<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    filter: &[(&str, String)],
    correlation: &CorrelationId,
) -> Result<Vec<Value>, GatewayError> {
    let mut listed: Vec<Value> = Vec::new();
    let mut has_more = true;
    for _ in 0..MAX_PAGES {
        let after = listed.last().and_then(|refund| refund["id"].as_str());
        let response = gateway.send_get(path_of(filter, after), correlation).await?;
        match response.status {
            StatusCode::OK => {}
            // The payment belongs to another account of the gateway.
            StatusCode::NOT_FOUND => return Ok(Vec::new()),
            _ => return Err(gateway.response_error(&response)),
        }
        let page = List::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
        listed.extend(page.data);
        has_more = page.has_more;
        if !has_more {
            break;
        }
    }
    if has_more {
        tracing::error!(count = listed.len(), "only the newest refunds of a list were read");
    }
    // The gateway lists the newest refunds first. A refund can follow the failure of an earlier one.
    listed.reverse();
    Ok(listed)
}

fn parsed_or_logged(listed: &Value) -> Option<GatewayRefund> {
    let refund = Refund::of(listed).and_then(Refund::state);
    if refund.is_err() {
        let refund_id = listed["id"].as_str().unwrap_or_default();
        tracing::warn!(refund_id, "failed to parse a refund of the payment gateway");
    }
    refund.ok()
}

fn path_of(filter: &[(&str, String)], after: Option<&str>) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("limit", "100");
    parameters.append_pair("expand[]", "data.payment_intent");
    parameters.extend_pairs(filter);
    if let Some(after) = after {
        parameters.append_pair("starting_after", after);
    }
    format!("{REFUNDS}?{}", parameters.finish())
}
