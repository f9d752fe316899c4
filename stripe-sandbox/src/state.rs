//! State of the sandbox, protected by one lock.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use fastrand::Rng;
use jiff::Timestamp;

use super::idempotency::Keys;
use super::journal::{Journal, OpenError};
use super::rate_limits::{RateLimits, Rates};
use super::webhook::{Event, Outbox};
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
    pub(super) webhook_url: Option<String>,
    /// Undelivered events of an earlier run. They are sent when the webhook URL is set.
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
            webhook_url: None,
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

    /// Writes a commit to the journal, then applies it. The delivery of an event that is not to be sent is
    /// complete at once.
    pub(super) fn commit(
        &mut self,
        mut commit: Commit,
        webhooks: &[WebhookEffect],
        now: Timestamp,
    ) -> io::Result<Vec<Timestamp>> {
        if commit.is_empty() {
            return Ok(Vec::new());
        }
        let event = commit.event.clone();
        let is_sent = self.webhook_url.is_some() && !webhooks.contains(&WebhookEffect::Drop);
        if let Some(event) = event.as_ref().filter(|_| !is_sent) {
            commit.completed_delivery = Some(event.id.clone());
            commit.more_events.clear();
        }
        let events = event.into_iter().chain(commit.more_events.clone()).filter(|_| is_sent);
        let events: Vec<Event> = events.collect();
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

    /// Queues the events of an earlier run for delivery, and returns when they are due.
    pub(super) fn resume(&mut self, now: Timestamp) -> Vec<Timestamp> {
        let undelivered = std::mem::take(&mut self.undelivered);
        undelivered.into_iter().flat_map(|event| self.outbox.put(&event, &[], now)).collect()
    }
}
