//! State of the sandbox, protected by one lock.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use fastrand::Rng;
use jiff::Timestamp;

use super::idempotency::Keys;
use super::journal::{Journal, OpenError};
use super::rate_limits::{RateLimits, Rates};
use super::webhook::{Destination, Event, Outbox, WebhookEndpoint};
use crate::fault_rules::{Rules, WebhookEffect};
use crate::store::{Commit, PaymentStore};
use crate::terms::Terms;

pub(super) struct State {
    pub(super) store: PaymentStore,
    pub(super) keys: Keys,
    pub(super) rules: Rules,
    pub(super) rate_limits: RateLimits,
    pub(super) terms: Terms,
    /// Objects that a call is changing.
    pub(super) locked: HashSet<String>,
    /// Generator of ids. The same seed gives the same ids.
    pub(super) rng: Rng,
    pub(super) outbox: Outbox,
    webhook: Option<WebhookEndpoint>,
    connect_webhook: Option<WebhookEndpoint>,
    /// Undelivered events of an earlier run. They are sent when their endpoint is set.
    undelivered: Vec<Event>,
    journal: Journal,
}

impl State {
    pub(super) fn empty() -> Self {
        Self {
            store: PaymentStore::default(),
            keys: Keys::default(),
            rules: Rules::default(),
            rate_limits: RateLimits::new(Rates::SANDBOX),
            terms: Terms::default(),
            locked: HashSet::new(),
            rng: Rng::with_seed(0),
            outbox: Outbox::default(),
            webhook: None,
            connect_webhook: None,
            undelivered: Vec::new(),
            journal: Journal::None,
        }
    }

    pub(super) fn restored(path: &Path) -> Result<Self, OpenError> {
        let (journal, commits) = Journal::open(path)?;
        // A different seed for each run, so that ids are unique.
        let seed = u64::try_from(commits.len()).unwrap_or_default();
        let mut state = Self { journal, rng: Rng::with_seed(seed), ..Self::empty() };
        for commit in commits {
            state.undelivered.extend(commit.event.iter().chain(&commit.more_events).cloned());
            if let Some(completed) = &commit.completed_delivery {
                state.undelivered.retain(|event| event.id != *completed);
            }
            state.apply(commit);
        }
        Ok(state)
    }

    /// Writes a commit to the journal, then applies it. An event that is not to be sent is discarded.
    pub(super) fn commit(
        &mut self,
        mut commit: Commit,
        webhooks: &[WebhookEffect],
        now: Timestamp,
    ) -> io::Result<Vec<Timestamp>> {
        if commit.is_empty() {
            return Ok(Vec::new());
        }
        let is_sent = |event: &Event| {
            self.endpoint(event.destination()).is_some() && !webhooks.contains(&WebhookEffect::Drop)
        };
        commit.event = commit.event.filter(is_sent);
        commit.more_events.retain(is_sent);
        let events: Vec<Event> = commit.event.iter().chain(&commit.more_events).cloned().collect();
        self.journal.append(&commit)?;
        self.apply(commit);
        Ok(events.iter().flat_map(|event| self.outbox.put(event, webhooks, now)).collect())
    }

    fn apply(&mut self, mut commit: Commit) {
        if let Some(answer) = commit.answer.take() {
            self.keys.store(answer);
        }
        self.store.apply(commit);
    }

    pub(super) fn endpoint(&self, destination: Destination) -> Option<&WebhookEndpoint> {
        match destination {
            Destination::Platform => self.webhook.as_ref(),
            Destination::Connect => self.connect_webhook.as_ref(),
        }
    }

    /// Sets an endpoint, queues the events of an earlier run for it, and returns when they are due.
    pub(super) fn set_endpoint(
        &mut self,
        destination: Destination,
        endpoint: Option<WebhookEndpoint>,
        now: Timestamp,
    ) -> Vec<Timestamp> {
        let resumes = endpoint.is_some();
        match destination {
            Destination::Platform => self.webhook = endpoint,
            Destination::Connect => self.connect_webhook = endpoint,
        }
        let is_resumed = |event: &mut Event| resumes && event.destination() == destination;
        let taken: Vec<Event> = self.undelivered.extract_if(.., is_resumed).collect();
        taken.into_iter().flat_map(|event| self.outbox.put(&event, &[], now)).collect()
    }
}
