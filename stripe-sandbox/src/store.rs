//! Store of the sandbox: all versions of all intents, and all other objects. Only commits change it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::{Account, AccountLink};
use super::balance::{Balance, BalanceTransaction};
use super::clock;
use super::collection::{Collection, Identified};
use super::dispute::{Dispute, DisputeStatus};
use super::idempotency::StoredResponse;
use super::intent::PaymentIntent;
use super::payout::Payout;
use super::refund::Refund;
use super::transfer::Transfer;
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) transactions: Vec<BalanceTransaction>,
    /// Other objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) objects: Vec<StoredObject>,
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

/// Object of a commit.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredObject {
    Account(Account),
    AccountLink(AccountLink),
    Transfer(Transfer),
    Dispute(Dispute),
    Payout(Payout),
}

impl Commit {
    /// Adds the objects, transactions and events of `next`, which are later.
    pub(super) fn followed_by(mut self, next: Self) -> Self {
        self.transactions.extend(next.transactions);
        self.objects.extend(next.objects);
        self.more_events.extend(next.event.into_iter().chain(next.more_events));
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.intent.is_none()
            && self.refund.is_none()
            && self.transactions.is_empty()
            && self.objects.is_empty()
            && self.event.is_none()
            && self.answer.is_none()
            && self.completed_delivery.is_none()
    }
}

/// Objects of the sandbox, oldest first.
#[derive(Default)]
pub(super) struct PaymentStore {
    versions: Vec<Vec<PaymentIntent>>,
    indices: HashMap<String, usize>,
    pub(super) refunds: Collection<Refund>,
    pub(super) transactions: Collection<BalanceTransaction>,
    pub(super) accounts: Collection<Account>,
    pub(super) links: Collection<AccountLink>,
    pub(super) transfers: Collection<Transfer>,
    pub(super) disputes: Collection<Dispute>,
    pub(super) payouts: Collection<Payout>,
}

impl Identified for Refund {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for BalanceTransaction {
    fn id(&self) -> &str {
        &self.id
    }
}

impl PaymentStore {
    fn put_intent(&mut self, intent: PaymentIntent) {
        if let Some(versions) = self.indices.get(&intent.id).and_then(|index| self.versions.get_mut(*index)) {
            versions.push(intent);
            return;
        }
        self.indices.insert(intent.id.clone(), self.versions.len());
        self.versions.push(vec![intent]);
    }

    /// Applies the changes of a commit to the objects.
    pub(super) fn apply(&mut self, commit: Commit) {
        commit.intent.into_iter().for_each(|intent| self.put_intent(intent));
        commit.refund.into_iter().for_each(|refund| self.refunds.put(refund));
        commit.transactions.into_iter().for_each(|transaction| self.transactions.put(transaction));
        for object in commit.objects {
            match object {
                StoredObject::Account(account) => self.accounts.put(account),
                StoredObject::AccountLink(link) => self.links.put(link),
                StoredObject::Transfer(transfer) => self.transfers.put(transfer),
                StoredObject::Dispute(dispute) => self.disputes.put(dispute),
                StoredObject::Payout(payout) => self.payouts.put(payout),
            }
        }
    }

    /// Balance of the platform.
    pub(super) fn balance(&self, now: Timestamp) -> Balance {
        Balance::of(self.transactions.iter(), now)
    }

    /// Balance of a connected account, whose funds are available immediately.
    pub(super) fn balance_of_account(&self, account: &str, currency: &str) -> i64 {
        let received = self.transfers.iter();
        let received =
            received.filter(|transfer| transfer.destination == account && transfer.currency == currency);
        let received: i64 = received.map(Transfer::net).sum();
        let paid = self.payouts.iter().filter(|payout| {
            payout.account.as_deref() == Some(account) && payout.currency == currency && payout.is_effective()
        });
        received.saturating_sub(paid.map(|payout| payout.amount).sum())
    }

    /// Disputes of a charge, oldest first.
    pub(super) fn disputes_of(&self, charge: &str) -> impl Iterator<Item = &Dispute> {
        self.disputes.iter().filter(move |dispute| dispute.charge == charge)
    }

    /// Sum of the lost disputes of a charge.
    pub(super) fn lost_amount(&self, charge: &str) -> i64 {
        let lost = self.disputes_of(charge).filter(|dispute| dispute.status == DisputeStatus::Lost);
        lost.map(|dispute| dispute.amount).sum()
    }

    /// Currencies in which a connected account has a balance.
    pub(super) fn currencies_of_account(&self, account: &str) -> BTreeSet<&str> {
        let received = self.transfers.iter().filter(|transfer| transfer.destination == account);
        let currencies = received.map(|transfer| transfer.currency.as_str());
        currencies.filter(|currency| self.balance_of_account(account, currency) != 0).collect()
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
}
