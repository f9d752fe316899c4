//! Outages: instances process a backlog of messages while a service fails. Afterwards, every message must be
//! processed, without a dead letter and without exceeding the rates that the services allow.

mod backlog;
mod world;

use std::fmt;
use std::time::Duration;

use strum::{Display, VariantArray};

use crate::functions::{EMAILS, FULFILMENT, SEARCH_INDEX};
use crate::network::Service;
use world::World;

/// Maximum time from the end of an outage to the last commit. It covers the maximum delay of a message.
const RECOVERY: Duration = Duration::from_hours(1);

/// Maximum share of the calls above the rate of a service, in per cent: a retry within a call, after a time-out of
/// the first attempt, takes no turn of its own.
const MAX_ABOVE_RATE: usize = 1;

/// Failure of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Failure {
    /// The gateway does not respond.
    GatewayHangs,
    /// The gateway rejects all calls because there are too many.
    GatewayThrottles,
    /// The gateway rejects the API key.
    GatewayUnauthorised,
    /// The gateway fails with an internal error.
    GatewayFails,
    /// The gateway refuses connections.
    GatewayRefuses,
    /// The mail service rejects all e-mails because there are too many.
    MailThrottles,
    /// The daily quota of the mail service is reached.
    MailQuotaReached,
    /// Sending is paused by the mail service.
    MailPaused,
    /// The model rejects all calls because there are too many.
    ModelThrottles,
    /// The table rejects all calls because there are too many.
    TableThrottles,
    /// The table fails with an internal error.
    TableFails,
}

/// Function whose messages wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Consumer {
    /// Fulfilment of orders.
    Fulfilment,
    /// E-mails to new accounts.
    Emails,
    /// Search index of products.
    SearchIndex,
}

/// An outage and the backlog of messages. All are sent before the outage.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Failure of the service.
    pub failure: Failure,
    /// Time from the first delivery of a message to the failure.
    pub start: Duration,
    /// Duration of the failure.
    pub duration: Duration,
    /// Function whose messages wait.
    pub consumer: Consumer,
    /// Number of messages.
    pub messages: usize,
}

/// Result of an outage.
#[derive(Debug, Clone)]
pub struct OutageResult {
    /// The outage.
    pub outage: Outage,
    /// Number of orders confirmed, accounts that received an e-mail, or products indexed.
    pub completed: usize,
    /// Number of charges, e-mails, or times that a product was indexed.
    pub effects: usize,
    /// Number of dead letters.
    pub dead: usize,
    /// Number of calls to the gateway, the mail service or the model.
    pub calls: usize,
    /// Number of calls that were rejected because they exceeded the rate of the service, not because of the
    /// outage.
    pub too_fast: usize,
    /// Time from the end of the outage to the last commit.
    pub recovery: Duration,
}

impl Failure {
    /// Service that fails.
    #[must_use]
    pub const fn service(self) -> Service {
        match self {
            Self::GatewayHangs
            | Self::GatewayThrottles
            | Self::GatewayUnauthorised
            | Self::GatewayFails
            | Self::GatewayRefuses => Service::Gateway,
            Self::MailThrottles | Self::MailQuotaReached | Self::MailPaused => Service::Mail,
            Self::ModelThrottles => Service::Model,
            Self::TableThrottles | Self::TableFails => Service::Table,
        }
    }

    /// Functions that call the service.
    #[must_use]
    pub const fn consumers(self) -> &'static [Consumer] {
        match self.service() {
            Service::Gateway => &[Consumer::Fulfilment],
            Service::Mail => &[Consumer::Emails],
            Service::Model => &[Consumer::SearchIndex],
            Service::Table | Service::Queues => Consumer::VARIANTS,
        }
    }
}

impl Consumer {
    /// Name of the function.
    const fn function(self) -> &'static str {
        match self {
            Self::Fulfilment => FULFILMENT,
            Self::Emails => EMAILS,
            Self::SearchIndex => SEARCH_INDEX,
        }
    }

    /// Returns true if the function keeps to the rate of the service. The calls to the model are not paced: the
    /// model throttles those above its rate, and they are retried.
    const fn paces_calls(self) -> bool {
        match self {
            Self::Fulfilment | Self::Emails => true,
            Self::SearchIndex => false,
        }
    }
}

impl OutageResult {
    /// Returns true if each message took effect once, without an operator, in time, and at the rate of the service
    /// if the calls are paced.
    #[must_use]
    pub fn is_success(&self) -> bool {
        let Outage { consumer, messages, .. } = self.outage;
        (self.completed, self.effects, self.dead) == (messages, messages, 0)
            && (self.too_fast * 100 <= self.calls * MAX_ABOVE_RATE || !consumer.paces_calls())
            && self.recovery <= RECOVERY
    }
}

impl fmt::Display for OutageResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outage { failure, duration, consumer, messages, .. } = self.outage;
        write!(
            f,
            "{failure} for {duration:?}, {messages} messages of {consumer}: {} completed, {} effects, \
             {} dead letters, {} calls, {} of them above the rate, last commit {:?} after the outage",
            self.completed, self.effects, self.dead, self.calls, self.too_fast, self.recovery
        )
    }
}

/// Runs an outage.
///
/// # Panics
/// If the messages cannot be sent before the outage.
#[must_use]
pub fn run(outage: Outage) -> OutageResult {
    let mut world = World::new(outage.consumer);
    world.send_backlog(outage.messages);
    let from = world.now().saturating_add(outage.start);
    let until = from.saturating_add(outage.duration);
    world.outage = Some((outage.failure, from, until));
    while world.step() {}
    let (completed, effects) = world.effects();
    OutageResult {
        outage,
        completed,
        effects,
        dead: world.dead_letters(),
        calls: world.calls,
        too_fast: world.too_fast,
        recovery: world.last_commit.duration_since(until),
    }
}
