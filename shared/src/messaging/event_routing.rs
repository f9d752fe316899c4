//! Routing table of events: which queues subscribe to which events.

use crate::kit::queue::relay::EventRouter;
use crate::kit::system::config::{ConfigError, Environment};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::domain::values::unknown_value::UnknownValue;

/// Queue whose consumer subscribes to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[derive(Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
#[schemars(rename = "Queue")]
pub enum Subscriber {
    /// Fulfilment of orders, and closing of the markets of suspended and deleted accounts.
    Fulfilment,
    /// List totals, market totals and daily sales.
    Analytics,
    /// Search index and index of names.
    SearchIndex,
    /// E-mails to users.
    Emails,
    /// Reports of normal priority.
    Reports,
    /// Reports of high priority.
    UrgentReports,
}

impl Subscriber {
    /// Environment variable with the URL of the queue.
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

    /// Environment variable with the URL of the dead-letter queue.
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

    /// Name of the event that redrives a dead letter to this queue only.
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

/// Subscribers of an event, by its name. An event without subscribers is stored in the event log only.
#[must_use]
pub fn subscribers(event: &str) -> &'static [Subscriber] {
    use Subscriber::{Analytics, Emails, Fulfilment, Reports, SearchIndex, UrgentReports};
    match event {
        "order.created" | "order.cancelled" | "order.refund_failed" => &[Fulfilment, Analytics, Emails],
        "order.resumed" | "order.payment_overdue" | "dead_letter.redriven.fulfilment" => &[Fulfilment],
        "order.refund_started" => &[Fulfilment, Analytics],
        "order.confirmed"
        | "order.rejected"
        | "order.delivered"
        | "order.expired"
        | "order.shipped"
        | "order.partially_refunded"
        | "order.refunded" => &[Analytics, Emails],
        "user.registered" | "user.invited" | "user.email_changed" => &[Analytics, Emails, SearchIndex],
        // The account may have been suspended in the same request.
        "user.email_change_requested" => &[Fulfilment, Analytics, Emails, SearchIndex],
        "user.changed" | "user.deleted" => &[Fulfilment, Analytics, SearchIndex],
        // Both events of password resets have a subscriber, so that a request for an unknown address costs
        // the same as for a known one.
        "user.password_reset_requested"
        | "user.password_reset_unknown_email"
        | "job.succeeded.notify"
        | "job.failed.notify"
        | "job.died.notify"
        | "dead_letter.redriven.emails" => &[Emails],
        "order.awaiting_payment" | "order.refund_changed" | "dead_letter.redriven.analytics" => &[Analytics],
        "market.created" | "market.changed" | "market.deleted" | "product.changed" | "product.deleted" => {
            &[Analytics, SearchIndex]
        }
        "dead_letter.redriven.search_index" => &[SearchIndex],
        "job.requested" | "job.output_deletion_requested" | "dead_letter.redriven.reports" => &[Reports],
        "job.requested.high" | "dead_letter.redriven.urgent_reports" => &[UrgentReports],
        _ => &[],
    }
}

/// Queue URLs of all subscribers.
#[derive(Debug, Clone)]
pub struct Subscriptions(Vec<(Subscriber, String)>);

impl Subscriptions {
    /// Reads the queue URLs from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let address =
            |subscriber: &Subscriber| Ok((*subscriber, env.text(subscriber.queue_env_var())?.to_owned()));
        Subscriber::VARIANTS.iter().map(address).collect::<Result<_, _>>().map(Self)
    }

    /// URLs of all queues.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, url)| url.as_str())
    }
}

impl EventRouter for Subscriptions {
    fn queues(&self, event: &str) -> Vec<&str> {
        let subscribed = subscribers(event);
        self.0
            .iter()
            .filter(|(subscriber, _)| subscribed.contains(subscriber))
            .map(|(_, url)| url.as_str())
            .collect()
    }
}

/// Names of the dead-letter queues of all subscribers.
#[derive(Debug, Clone)]
pub struct DeadLetterQueues(Vec<(Subscriber, String)>);

impl DeadLetterQueues {
    /// Reads the names of the dead-letter queues from the environment.
    ///
    /// # Errors
    /// [`ConfigError`] with the name of the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let name = |subscriber: &Subscriber| {
            let address = env.text(subscriber.dlq_env_var())?;
            // The last segment of a queue's URL is its name. A message contains only the name of its queue.
            Ok((*subscriber, address.rsplit('/').next().unwrap_or(address).to_owned()))
        };
        Subscriber::VARIANTS.iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    /// Subscriber whose dead-letter queue has this name.
    #[must_use]
    pub fn owner(&self, name: &str) -> Option<Subscriber> {
        self.0.iter().find(|(_, known)| known == name).map(|(subscriber, _)| *subscriber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_refund_is_counted_mailed_and_ends_its_order() {
        let expected = [Subscriber::Fulfilment, Subscriber::Analytics, Subscriber::Emails];
        assert_eq!(subscribers("order.refund_failed"), expected);
    }

    #[test]
    fn redriven_dead_letter_is_routed_to_its_own_queue_only() {
        for subscriber in Subscriber::VARIANTS {
            assert_eq!(subscribers(subscriber.redrive()), [*subscriber]);
        }
    }
}
