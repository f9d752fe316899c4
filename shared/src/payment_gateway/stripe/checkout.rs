//! Checkouts: unconfirmed payment intents, which the buyer confirms in a browser with the client secret.

use http::StatusCode;
use serde::Deserialize;

use super::{INTENTS, StripeError, StripeGateway, form_of};
use crate::domain::order::payment::{Checkout, CheckoutIntent, ClientSecret, GatewayId};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy};
use crate::payment_gateway::{CheckoutOutcome, GatewayError};

/// The fields of an unconfirmed payment intent that we use.
#[derive(Debug, Deserialize)]
struct UnconfirmedIntent {
    id: String,
    client_secret: String,
}

/// Creates a checkout. A stored 500 requires a new idempotency key. An intent created under the first key
/// cannot be paid, because its client secret was never returned.
pub(super) async fn open<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &CheckoutIntent,
    correlation: &CorrelationId,
) -> Result<CheckoutOutcome, GatewayError> {
    for attempt in 1..=3 {
        let form = form_of(intent.amount, intent.order_id);
        let response = gateway.post(INTENTS, form, intent.idempotency_key(attempt), correlation).await?;
        match response.status {
            StatusCode::OK => {
                let created =
                    UnconfirmedIntent::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
                let client_secret = ClientSecret(created.client_secret);
                return Ok(CheckoutOutcome::Payable(Checkout {
                    gateway_id: GatewayId(created.id),
                    client_secret,
                }));
            }
            StatusCode::INTERNAL_SERVER_ERROR => {}
            StatusCode::BAD_REQUEST => {
                return Ok(CheckoutOutcome::Refused(StripeError::of(&response).decline()));
            }
            _ => return Err(gateway.response_error(&response)),
        }
    }
    Err(gateway.unavailable())
}
