//! Roles and outcomes of the tasks of a schedule.

use std::fmt;

use crate::payments::Webhook;
use crate::user_actions::ActionResult;

/// Kind of a task, with the work that is affected by a crash.
#[derive(Debug, Clone)]
pub enum Role {
    /// An instance of the fulfilment with its messages.
    Consumer(usize, Vec<u64>),
    /// The relay with a partition of the stream and the number of its events.
    Relay(String, usize),
    /// The webhook function.
    Webhook(Webhook),
    /// An HTTP function with the number of the action and the number of the attempt.
    Action(usize, u32),
    /// The sweeper.
    Sweeper,
}

/// Outcome of a task.
#[derive(Debug)]
pub enum Outcome {
    /// Ids of failed messages.
    BatchDone(Vec<String>),
    /// True for each published event.
    RelayDone(Vec<bool>),
    /// Status of the response to the webhook.
    WebhookDone(u16),
    /// Result of the action.
    ActionDone(ActionResult),
    /// True if the sweeper succeeded.
    SweepDone(bool),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consumer(instance, _) => write!(f, "fulfilment {instance}"),
            Self::Relay(lane, _) => write!(f, "relay of {lane}"),
            Self::Webhook(_) => f.write_str("webhook"),
            Self::Action(action, _) => write!(f, "action {action}"),
            Self::Sweeper => f.write_str("sweeper"),
        }
    }
}
