//! Refunds. Each has its name in its metadata, so that it can be found among the refunds of its payment when
//! its idempotency key no longer yields the outcome. Unlike the search, the list of refunds is
//! read-after-write consistent.

use http::StatusCode;
use serde::Deserialize;

use super::{StripeError, StripeGateway};
use crate::domain::order::payment::DeclineCode;
use crate::domain::order::payment::refund::RefundIntent;
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy};
use crate::payment_gateway::{GatewayError, RefundAnswer, RefundOutcome};

const REFUNDS: &str = "/v1/refunds";

/// The fields of a refund that we use.
#[derive(Debug, Deserialize)]
struct Refund {
    status: String,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    refund: Option<String>,
}

impl Refund {
    /// The outcome of the refund. A pending refund counts as done, because the gateway has accepted it.
    fn outcome(&self) -> RefundOutcome {
        match self.status.as_str() {
            "failed" | "canceled" => RefundOutcome::Refused(DeclineCode::new(
                self.failure_reason.as_deref().unwrap_or(&self.status),
            )),
            _ => RefundOutcome::Done,
        }
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
    let response = gateway.post(REFUNDS, form, intent.idempotency_key(), correlation).await?;
    let error = StripeError::of(&response);
    match response.status {
        StatusCode::OK => {
            let refund = Refund::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
            Ok(RefundAnswer::Ended(refund.outcome()))
        }
        StatusCode::INTERNAL_SERVER_ERROR => {
            let found = find(gateway, intent, correlation).await?;
            Ok(found.map_or(RefundAnswer::NotRefunded, RefundAnswer::Ended))
        }
        // The payment was refunded in full outside Agora, at the gateway.
        _ if error.code.as_deref() == Some("charge_already_refunded") => {
            Ok(RefundAnswer::Ended(RefundOutcome::Done))
        }
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND
            if error.kind.as_deref() != Some("idempotency_error") =>
        {
            Ok(RefundAnswer::Ended(RefundOutcome::Refused(error.decline())))
        }
        _ => Err(gateway.response_error(&response)),
    }
}

pub(super) async fn find<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &RefundIntent,
    correlation: &CorrelationId,
) -> Result<Option<RefundOutcome>, GatewayError> {
    let path = format!("{REFUNDS}?limit=100&payment_intent={}", intent.gateway_id.0);
    let response = gateway.get(path, correlation).await?;
    let refunds: Vec<Refund> =
        Deserialize::deserialize(&response.body["data"]).map_err(|_| GatewayError::Unexpected)?;
    let name = intent.name();
    let own = refunds.iter().find(|refund| refund.metadata.refund.as_deref() == Some(&name));
    Ok(own.map(Refund::outcome))
}
