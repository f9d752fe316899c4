//! Refunds. Each carries its name in its metadata, so that it can be told from the others of its payment when the key
//! no longer tells: the list of a payment's refunds is up to date at once, other than the search.

use http::StatusCode;
use serde::Deserialize;

use super::{Problem, StripeGateway};
use crate::domain::payment::DeclineCode;
use crate::domain::refund::RefundIntent;
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy};
use crate::payment_gateway::{GatewayError, RefundAnswer, RefundOutcome};

const REFUNDS: &str = "/v1/refunds";

/// What we read of a refund.
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
    /// A refund under way counts as done: the gateway has taken it on.
    fn ended(&self) -> RefundOutcome {
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
    let answer = gateway.post(REFUNDS, form, intent.idempotency_key(), correlation).await?;
    let problem = Problem::of(&answer);
    match answer.status {
        StatusCode::OK => {
            let made = Refund::deserialize(&answer.body).map_err(|_| GatewayError::Unexpected)?;
            Ok(RefundAnswer::Ended(made.ended()))
        }
        StatusCode::INTERNAL_SERVER_ERROR => {
            let found = find(gateway, intent, correlation).await?;
            Ok(found.map_or(RefundAnswer::NotRefunded, RefundAnswer::Ended))
        }
        // Somebody gave all of it back at the gateway itself.
        _ if problem.code.as_deref() == Some("charge_already_refunded") => {
            Ok(RefundAnswer::Ended(RefundOutcome::Done))
        }
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND
            if problem.kind.as_deref() != Some("idempotency_error") =>
        {
            Ok(RefundAnswer::Ended(RefundOutcome::Refused(problem.decline())))
        }
        status => Err(gateway.not_now(status)),
    }
}

pub(super) async fn find<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &RefundIntent,
    correlation: &CorrelationId,
) -> Result<Option<RefundOutcome>, GatewayError> {
    let path = format!("{REFUNDS}?limit=100&payment_intent={}", intent.gateway_id.0);
    let answer = gateway.get(path, correlation).await?;
    let refunds: Vec<Refund> =
        Deserialize::deserialize(&answer.body["data"]).map_err(|_| GatewayError::Unexpected)?;
    let name = intent.name();
    let own = refunds.iter().find(|refund| refund.metadata.refund.as_deref() == Some(&name));
    Ok(own.map(Refund::ended))
}
