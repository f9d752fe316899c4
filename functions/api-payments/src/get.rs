//! `GET /v1/payments/{id}`: returns the payment of an order.

use axum::extract::State;
use shared::api::permission::PaymentsReadAny;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::access::AccessError;
use shared::domain::order::payment::PaymentId;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, Path, Versioned};

use crate::body::PaymentBody;

/// Returns the payment to the buyer and the seller of its order, and to callers with the permission.
pub(crate) async fn get_payment(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    read_any: HasPermission<PaymentsReadAny>,
    Path(id): Path<PaymentId>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<PaymentBody>, ApiError> {
    let found = app.reader.payment(id).await?;
    let found = found.filter(|(_, order)| order.party(&actor).is_some() || read_any.is_held());
    let (payment, _) = found.ok_or_else(|| AccessError::not_found(id))?;
    Ok(ApiResponse::versioned(PaymentBody::from(payment)).not_modified_if(&if_none_match))
}
