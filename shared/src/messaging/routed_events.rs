//! Event types whose subscribers are looked up in the routing table.

use crate::domain::job::JobEvent;
use crate::domain::market::MarketEvent;
use crate::domain::order::OrderEvent;
use crate::domain::order::payment::PaymentEvent;
use crate::domain::product::ProductEvent;
use crate::domain::user::UserEvent;
use crate::domain::user::password_reset::PasswordResetEvent;
use crate::kit::command::{Event, Routed, Routing};
use crate::messaging::dead_letter::DeadLetterEvent;
use crate::messaging::event_routing::subscribers;

/// Implements routing by the table above for event types.
macro_rules! routed {
    ($($event:ty),+ $(,)?) => {$(
        impl Routed for $event {
            fn routing(&self) -> Routing {
                if subscribers(self.name()).is_empty() { Routing::LogOnly } else { Routing::Queues }
            }
        }
    )+};
}

routed!(
    DeadLetterEvent,
    JobEvent,
    MarketEvent,
    OrderEvent,
    PasswordResetEvent,
    PaymentEvent,
    ProductEvent,
    UserEvent,
);
