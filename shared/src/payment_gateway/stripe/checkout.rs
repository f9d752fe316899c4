//! Payment intents that nobody has confirmed: the buyer does, in a browser, with the intent's client secret.

use http::StatusCode;
use serde::Deserialize;

use super::{INTENTS, Problem, StripeGateway, form_of};
use crate::domain::payment::{Checkout, CheckoutIntent, ClientSecret, GatewayId};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy};
use crate::payment_gateway::{CheckoutOutcome, GatewayError};

/// What we read of an intent that is to be paid.
#[derive(Debug, Deserialize)]
struct Unpaid {
    id: String,
    client_secret: String,
}

/// Only a stored 500 needs a further key. What the first may have made, nobody can pay: its secret was never told.
pub(super) async fn open<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &CheckoutIntent,
    correlation: &CorrelationId,
) -> Result<CheckoutOutcome, GatewayError> {
    for attempt in 1..=3 {
        let form = form_of(intent.amount, intent.order_id);
        let answer = gateway.post(INTENTS, form, intent.idempotency_key(attempt), correlation).await?;
        match answer.status {
            StatusCode::OK => {
                let made = Unpaid::deserialize(&answer.body).map_err(|_| GatewayError::Unexpected)?;
                let client_secret = ClientSecret(made.client_secret);
                return Ok(CheckoutOutcome::Payable(Checkout {
                    gateway_id: GatewayId(made.id),
                    client_secret,
                }));
            }
            StatusCode::INTERNAL_SERVER_ERROR => {}
            StatusCode::BAD_REQUEST => return Ok(CheckoutOutcome::Refused(Problem::of(&answer).decline())),
            status => return Err(gateway.not_now(status)),
        }
    }
    Err(gateway.unavailable())
}
