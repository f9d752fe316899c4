//! Who hears of what: the one routing table of events.

use crate::domain::job::JobEvent;
use crate::domain::market::MarketEvent;
use crate::domain::order::OrderEvent;
use crate::domain::payment::PaymentEvent;
use crate::domain::product::ProductEvent;
use crate::domain::user::UserEvent;
use crate::domain::user::password_reset::PasswordResetEvent;
use crate::kit::command::{Event, Routed};
use crate::kit::queue::relay::EventRouter;
use crate::kit::system::config::{ConfigError, Environment};
use crate::messaging::dead_letter::DeadLetterEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::spelled;

/// A queue whose consumer subscribes to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Queue")]
pub enum Subscriber {
    /// The order saga.
    Fulfilment,
    /// What is counted: lengths of lists, volumes, sales.
    Analytics,
    /// What can be searched for.
    SearchIndex,
    /// What people are written.
    Emails,
    /// Long reports that wait their turn.
    Reports,
    /// Long reports that wait behind none of those.
    UrgentReports,
}

impl Subscriber {
    /// The environment variable that holds the address of its queue.
    #[must_use]
    pub const fn queue_env_var(self) -> &'static str {
        match self {
            Self::Fulfilment => "AGORA_FULFILMENT_QUEUE_URL",
            Self::Analytics => "AGORA_ANALYTICS_QUEUE_URL",
            Self::SearchIndex => "AGORA_SEARCH_INDEX_QUEUE_URL",
            Self::Emails => "AGORA_EMAILS_QUEUE_URL",
            Self::Reports => "AGORA_REPORTS_QUEUE_URL",
            Self::UrgentReports => "AGORA_URGENT_REPORTS_QUEUE_URL",
        }
    }

    /// The environment variable that holds the address of its dead-letter queue.
    #[must_use]
    pub const fn dlq_env_var(self) -> &'static str {
        match self {
            Self::Fulfilment => "AGORA_FULFILMENT_DEAD_LETTERS_URL",
            Self::Analytics => "AGORA_ANALYTICS_DEAD_LETTERS_URL",
            Self::SearchIndex => "AGORA_SEARCH_INDEX_DEAD_LETTERS_URL",
            Self::Emails => "AGORA_EMAILS_DEAD_LETTERS_URL",
            Self::Reports => "AGORA_REPORTS_DEAD_LETTERS_URL",
            Self::UrgentReports => "AGORA_URGENT_REPORTS_DEAD_LETTERS_URL",
        }
    }

    /// The event that sends a dead letter back to its queue, and to no other.
    #[must_use]
    pub const fn redrive(self) -> &'static str {
        match self {
            Self::Fulfilment => "dead_letter.redriven.fulfilment",
            Self::Analytics => "dead_letter.redriven.analytics",
            Self::SearchIndex => "dead_letter.redriven.search_index",
            Self::Emails => "dead_letter.redriven.emails",
            Self::Reports => "dead_letter.redriven.reports",
            Self::UrgentReports => "dead_letter.redriven.urgent_reports",
        }
    }
}

spelled! {
    Subscriber,
    /// Text that is no queue.
    SubscriberError:
    Fulfilment = "fulfilment",
    Analytics = "analytics",
    SearchIndex = "search_index",
    Emails = "emails",
    Reports = "reports",
    UrgentReports = "urgent_reports",
}

/// The subscribers of an event, by its name. An event without any is not stored.
#[must_use]
pub fn subscribers(event: &str) -> &'static [Subscriber] {
    match event {
        "order.created" | "order.cancelled" => &[Subscriber::Fulfilment, Subscriber::Analytics],
        "order.refund_started" | "dead_letter.redriven.fulfilment" => &[Subscriber::Fulfilment],
        "order.confirmed"
        | "order.expired"
        | "order.shipped"
        | "order.partially_refunded"
        | "order.refunded"
        | "user.registered"
        | "user.email_changed" => &[Subscriber::Analytics, Subscriber::Emails],
        // Both are heard, so that it takes the same to ask for an address that nobody has.
        "user.password_reset_requested"
        | "user.password_reset_unknown_email"
        | "dead_letter.redriven.emails" => &[Subscriber::Emails],
        "order.awaiting_payment"
        | "order.rejected"
        | "order.delivered"
        | "user.changed"
        | "user.deleted"
        | "dead_letter.redriven.analytics" => &[Subscriber::Analytics],
        "market.created" | "market.changed" | "market.deleted" | "product.changed" | "product.deleted" => {
            &[Subscriber::Analytics, Subscriber::SearchIndex]
        }
        "dead_letter.redriven.search_index" => &[Subscriber::SearchIndex],
        "job.requested" | "dead_letter.redriven.reports" => &[Subscriber::Reports],
        "job.requested.high" | "dead_letter.redriven.urgent_reports" => &[Subscriber::UrgentReports],
        _ => &[],
    }
}

/// The address of every subscriber's queue.
#[derive(Debug, Clone)]
pub struct Subscriptions(Vec<(Subscriber, String)>);

impl Subscriptions {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let address =
            |subscriber: &Subscriber| Ok((*subscriber, env.text(subscriber.queue_env_var())?.to_owned()));
        Subscriber::ALL.iter().map(address).collect::<Result<_, _>>().map(Self)
    }

    /// The addresses of all queues.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, url)| url.as_str())
    }
}

impl EventRouter for Subscriptions {
    fn queues(&self, event: &str) -> Vec<&str> {
        let heard_by = subscribers(event);
        self.0
            .iter()
            .filter(|(subscriber, _)| heard_by.contains(subscriber))
            .map(|(_, url)| url.as_str())
            .collect()
    }
}

/// Whose dead-letter queue is which.
#[derive(Debug, Clone)]
pub struct DeadLetterQueues(Vec<(Subscriber, String)>);

impl DeadLetterQueues {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let name = |subscriber: &Subscriber| {
            let address = env.text(subscriber.dlq_env_var())?;
            // The last part of a queue's address is its name, which is all that a message says of where it comes from.
            Ok((*subscriber, address.rsplit('/').next().unwrap_or(address).to_owned()))
        };
        Subscriber::ALL.iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    /// Whose the dead-letter queue with this name is.
    #[must_use]
    pub fn owner(&self, name: &str) -> Option<Subscriber> {
        self.0.iter().find(|(_, known)| known == name).map(|(subscriber, _)| *subscriber)
    }
}

/// Declares event types that are routed by the table above.
macro_rules! routed {
    ($($event:ty),+ $(,)?) => {$(
        impl Routed for $event {
            fn has_subscribers(&self) -> bool {
                !subscribers(self.name()).is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redriven_letter_goes_to_its_own_queue_alone() {
        for subscriber in Subscriber::ALL {
            assert_eq!(subscribers(subscriber.redrive()), [*subscriber]);
        }
    }
}
