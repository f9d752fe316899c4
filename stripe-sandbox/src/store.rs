//! What the sandbox knows: every version of every intent, and every refund. It changes by commits alone.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock;
use super::idempotency::StoredAnswer;
use super::intent::PaymentIntent;
use super::refund::Refund;
use super::webhook::Event;

/// Everything that one call changes. It is written as one line, so that a kill leaves all of it or nothing:
/// a charge is never kept without the answer under its idempotency key.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) intent: Option<PaymentIntent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refund: Option<Refund>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<Event>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<StoredAnswer>,
    /// The event that was delivered, dropped or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settled: Option<String>,
}

impl Commit {
    pub(super) fn is_empty(&self) -> bool {
        self.intent.is_none()
            && self.refund.is_none()
            && self.event.is_none()
            && self.answer.is_none()
            && self.settled.is_none()
    }
}

/// The intents and refunds, oldest first.
#[derive(Default)]
pub(super) struct PaymentStore {
    versions: Vec<Vec<PaymentIntent>>,
    places: HashMap<String, usize>,
    refunds: Vec<Refund>,
}

impl PaymentStore {
    pub(super) fn put_intent(&mut self, intent: PaymentIntent) {
        if let Some(versions) = self.places.get(&intent.id).and_then(|place| self.versions.get_mut(*place)) {
            versions.push(intent);
            return;
        }
        self.places.insert(intent.id.clone(), self.versions.len());
        self.versions.push(vec![intent]);
    }

    pub(super) fn put_refund(&mut self, refund: Refund) {
        self.refunds.push(refund);
    }

    pub(super) fn intent(&self, id: &str) -> Option<&PaymentIntent> {
        self.versions.get(*self.places.get(id)?)?.last()
    }

    pub(super) fn intent_of_charge(&self, charge: &str) -> Option<&PaymentIntent> {
        self.intents().find(|intent| intent.charges.iter().any(|known| known.id == charge))
    }

    /// The intents, oldest first.
    pub(super) fn intents(&self) -> impl DoubleEndedIterator<Item = &PaymentIntent> {
        self.versions.iter().filter_map(|versions| versions.last())
    }

    /// The intents as they were `lag` ago, oldest first: what an index sees that is behind by so much.
    pub(super) fn intents_before(
        &self,
        now: Timestamp,
        lag: Duration,
    ) -> impl DoubleEndedIterator<Item = &PaymentIntent> {
        let seen = move |version: &&PaymentIntent| clock::after(version.updated, lag) <= now;
        self.versions.iter().filter_map(move |versions| versions.iter().rfind(seen))
    }

    /// The refunds, oldest first.
    pub(super) fn refunds(&self) -> &[Refund] {
        &self.refunds
    }
}
