//! Events that the function consumes.

use serde::Deserialize;
use shared::domain::order::OrderEvent;
use shared::domain::user::UserEvent;
use shared::domain::user::password_reset::PasswordResetEvent;

/// Event that may cause an e-mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum EmailEvent {
    /// Event of an account.
    User(UserEvent),
    /// Event of a password reset.
    PasswordReset(PasswordResetEvent),
    /// Event of an order.
    Order(OrderEvent),
}
