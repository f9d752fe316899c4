//! What is heard.

use serde::Deserialize;
use shared::domain::order::OrderEvent;
use shared::domain::user::UserEvent;
use shared::domain::user::password_reset::PasswordResetEvent;

/// An event that somebody may have to be written about.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum EmailEvent {
    /// Something happened to an account.
    User(UserEvent),
    /// Somebody forgot a password.
    PasswordReset(PasswordResetEvent),
    /// Something happened to an order.
    Order(OrderEvent),
}
