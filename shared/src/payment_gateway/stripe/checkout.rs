//! Checkouts: payment intents that the buyer confirms or continues in a browser with the client secret.

use http::StatusCode;
use serde::Deserialize;

use super::{INTENTS, StripeError, StripeGateway, form_of};
use crate::domain::order::payment::{Capture, Checkout, CheckoutIntent, ClientSecret, GatewayId};
use crate::domain::values::money::{Amount, Currency, Money};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::Transport;
use crate::kit::system::clock::{Clock, Entropy};
use crate::payment_gateway::{CheckoutClosure, CheckoutOutcome, GatewayError};

/// The fields of an unconfirmed payment intent that we use.
#[derive(Debug, Deserialize)]
struct UnconfirmedIntent {
    id: String,
    client_secret: ClientSecret,
}

/// The fields of a payment intent to close that we use.
#[derive(Debug, Deserialize)]
struct ClosedIntent {
    status: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
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
        let response =
            gateway.post(INTENTS, form, Some(intent.idempotency_key(attempt)), correlation).await?;
        match response.status {
            StatusCode::OK => {
                let created =
                    UnconfirmedIntent::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?;
                return Ok(CheckoutOutcome::Payable(Checkout {
                    gateway_id: GatewayId(created.id),
                    client_secret: created.client_secret,
                }));
            }
            StatusCode::BAD_REQUEST if !StripeError::of(&response).is_of_idempotency_key() => {
                return Ok(CheckoutOutcome::Refused(StripeError::of(&response).decline()));
            }
            // The key replays an error, or belongs to a request with other parameters: another key may succeed.
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_REQUEST => {}
            _ => return Err(gateway.response_error(&response)),
        }
    }
    Err(gateway.unavailable())
}

/// Cancels the payment intent of a checkout. The request has no idempotency key, because a stored error would
/// be replayed for a day; repeating it changes nothing. If the gateway refuses, the present state is read.
pub(super) async fn close<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    id: &GatewayId,
    correlation: &CorrelationId,
) -> Result<CheckoutClosure, GatewayError> {
    let response = gateway.post(&format!("{INTENTS}/{id}/cancel"), Vec::new(), None, correlation).await?;
    let present = match response.status {
        StatusCode::OK => response,
        StatusCode::BAD_REQUEST => gateway.get(format!("{INTENTS}/{id}"), correlation).await?,
        // The payment belongs to another account of the gateway.
        StatusCode::NOT_FOUND => return Ok(CheckoutClosure::Closed),
        _ => return Err(gateway.response_error(&response)),
    };
    let intent = ClosedIntent::deserialize(&present.body).map_err(|_| GatewayError::Unexpected)?;
    match intent.status.as_str() {
        "canceled" => Ok(CheckoutClosure::Closed),
        "succeeded" => intent.capture(id).map(CheckoutClosure::Captured).ok_or(GatewayError::Unexpected),
        "processing" => Ok(CheckoutClosure::Processing),
        _ => Err(GatewayError::Unexpected),
    }
}

impl ClosedIntent {
    fn capture(&self, id: &GatewayId) -> Option<Capture> {
        let currency: Currency = self.currency.to_ascii_uppercase().parse().ok()?;
        let amount = Money::new(Amount::try_from(self.amount_received).ok()?, currency);
        Some(Capture { gateway_id: id.clone(), amount })
    }
}
