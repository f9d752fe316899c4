//! `GET /v1/payments/{id}`: what was paid for an order, for those concerned.

use axum::extract::State;
use shared::api::permission::PaymentsReadAny;
use shared::api::{AppState, Authenticated, HasPermission};
use shared::domain::payment::PaymentId;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, Path, Versioned};
use shared::repository::payment::PaymentReader;
use shared::repository::user::UserReader;

use crate::body::PaymentBody;

/// Shows the payment to the buyer and the seller of its order, and to those who may read any.
pub(crate) async fn get_payment<S: Clone + Send + Sync + 'static, Q: PaymentReader + UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<PaymentsReadAny>,
    Path(id): Path<PaymentId>,
    known: IfNoneMatch,
) -> Result<Versioned<PaymentBody>, ApiError> {
    let found = app.reader.payment(id).await?;
    let found = found.filter(|(_, order)| order.party(&actor).is_some() || reads_any.is_held());
    let (payment, _) = found.ok_or_else(ApiError::not_found)?;
    Ok(ApiResponse::versioned(PaymentBody::from(payment)).not_modified_if(&known))
}
