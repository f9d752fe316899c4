//! Store of the sandbox: all versions of all intents, and all refunds. Only commits change it.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock;
use super::idempotency::StoredResponse;
use super::intent::PaymentIntent;
use super::refund::Refund;
use super::webhook::Event;

/// All changes of one call. A commit is written as one line, so that it is stored either completely or not at
/// all: a charge is never stored without the response under its idempotency key.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) intent: Option<PaymentIntent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refund: Option<Refund>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<Event>,
    /// Further events of the same change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) more_events: Vec<Event>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<StoredResponse>,
    /// Id of an event that needs no further delivery, because it was delivered, dropped or discarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) completed_delivery: Option<String>,
}

impl Commit {
    pub(super) fn is_empty(&self) -> bool {
        self.intent.is_none()
            && self.refund.is_none()
            && self.event.is_none()
            && self.answer.is_none()
            && self.completed_delivery.is_none()
    }
}

/// Intents and refunds, oldest first.
#[derive(Default)]
pub(super) struct PaymentStore {
    versions: Vec<Vec<PaymentIntent>>,
    indices: HashMap<String, usize>,
    refunds: Vec<Refund>,
}

impl PaymentStore {
    pub(super) fn put_intent(&mut self, intent: PaymentIntent) {
        if let Some(versions) = self.indices.get(&intent.id).and_then(|index| self.versions.get_mut(*index)) {
            versions.push(intent);
            return;
        }
        self.indices.insert(intent.id.clone(), self.versions.len());
        self.versions.push(vec![intent]);
    }

    pub(super) fn put_refund(&mut self, refund: Refund) {
        match self.refunds.iter_mut().find(|known| known.id == refund.id) {
            Some(known) => *known = refund,
            None => self.refunds.push(refund),
        }
    }

    pub(super) fn refund(&self, id: &str) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    pub(super) fn intent(&self, id: &str) -> Option<&PaymentIntent> {
        self.versions.get(*self.indices.get(id)?)?.last()
    }

    pub(super) fn intent_of_charge(&self, charge: &str) -> Option<&PaymentIntent> {
        self.intents().find(|intent| intent.charges.iter().any(|attempt| attempt.id == charge))
    }

    /// Current versions of the intents, oldest first.
    pub(super) fn intents(&self) -> impl DoubleEndedIterator<Item = &PaymentIntent> {
        self.versions.iter().filter_map(|versions| versions.last())
    }

    /// Versions of the intents as of `lag` ago, oldest first, as a lagging search index contains them.
    pub(super) fn intents_before(
        &self,
        now: Timestamp,
        lag: Duration,
    ) -> impl DoubleEndedIterator<Item = &PaymentIntent> {
        let is_indexed = move |version: &&PaymentIntent| clock::after(version.updated, lag) <= now;
        self.versions.iter().filter_map(move |versions| versions.iter().rfind(is_indexed))
    }

    /// Refunds, oldest first.
    pub(super) fn refunds(&self) -> &[Refund] {
        &self.refunds
    }
}
