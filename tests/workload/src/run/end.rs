//! End of a run: when the system is idle, everything that is stored must be right, and nothing may wait.

use std::collections::BTreeSet;

use shared::domain::job::Job;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::order::Order;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::payment::refund::{Refund, RefundStatus};
use shared::domain::user::{User, UserStatus};
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use stripe_sandbox::RefundStatus as GatewayStatus;
use test_support::audit::{AuditSnapshot, Items, MoneyAndStock};

use super::Run;
use crate::model::Kind;
use crate::system::{OutsideAction, System};

impl<S: System> Run<S> {
    /// Ends the faults, waits until the system is idle, and checks everything.
    pub async fn end(&mut self) -> Vec<String> {
        self.system.stop_faults();
        let mut is_idle = self.system.settle().await;
        if self.system.act(&OutsideAction::SettleRefunds).await {
            is_idle &= self.system.settle().await;
        }
        let mut found = Vec::new();
        if !is_idle {
            found.push("the system does not become idle".to_owned());
        }
        self.forget_deleted_products();
        let snapshot = self.system.snapshot().await;
        let violations = snapshot.violations(&self.expectations, &self.http_log);
        found.extend(violations.iter().map(ToString::to_string));
        found.extend(open_work(&snapshot.items));
        found.extend(refused_refunds(&snapshot));
        found.extend(markets_of_inactive_accounts(&snapshot.items));
        found.extend(unexpected_dead_letters(&snapshot.items));
        found
    }

    /// The stock of a deleted product is deleted with it.
    fn forget_deleted_products(&mut self) {
        let deleted = self.model.of(Kind::Product).filter(|product| product.is_deleted);
        let deleted: Vec<String> = deleted.map(|product| product.id.clone()).collect();
        self.expectations.stocked.retain(|product, _| !deleted.contains(product));
    }
}

/// Orders and jobs that have not ended.
fn open_work(items: &Items) -> Vec<String> {
    let orders = items.of::<Order>().filter(|order| order.fulfilment != Fulfilment::Finished);
    let orders = orders.map(|order| format!("{} is still {}", order.id, order.fulfilment.public_name()));
    let jobs = items.of::<Job>().filter(|job| job.status.is_open());
    orders.chain(jobs.map(|job| format!("{} is still {}", job.id, job.status))).collect()
}

/// Failed refunds that have not failed at the gateway. Nothing in a run lets the gateway refuse a refund, except
/// that less than its amount is left: then the rest is refunded. If another refund of the payment fails in
/// between, its amount is left again, and the refusal is final.
fn refused_refunds(snapshot: &AuditSnapshot) -> Vec<String> {
    let failed = snapshot.ledger.refunds.iter().filter(|refund| refund.status == GatewayStatus::Failed);
    let failed: BTreeSet<&str> = failed.map(|refund| refund.id.as_str()).collect();
    let has_failed = |refund: &Refund| {
        refund.refund_id.as_ref().is_some_and(|id| failed.contains(id.to_string().as_str()))
    };
    let mut found = Vec::new();
    for order in snapshot.items.of::<Order>() {
        if order.refunds.iter().any(has_failed) {
            continue;
        }
        let refused = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Failed);
        found.extend(refused.map(|refund| format!("{}: refund {} was refused", order.id, refund.number)));
    }
    found
}

/// Active markets whose creator's account is suspended or deleted.
fn markets_of_inactive_accounts(items: &Items) -> Vec<String> {
    let accounts = items.of::<User>().filter(|user| user.status == UserStatus::Active);
    let active: BTreeSet<String> = accounts.map(|user| user.id.to_string()).collect();
    let markets = items.of::<Market>().filter(|market| market.status == MarketStatus::Active);
    let orphaned = markets.filter(|market| !active.contains(&market.creator_id.to_string()));
    orphaned.map(|market| format!("{} is active, but its creator is not", market.id)).collect()
}

/// Dead letters without a cause that only a person can remove.
fn unexpected_dead_letters(items: &Items) -> Vec<String> {
    let state = MoneyAndStock::of(items);
    let dead = items.of::<DeadLetter>().filter(|letter| letter.status == DeadLetterStatus::Dead);
    let unexpected = dead.filter(|letter| letter.body != "not JSON" && !state.needs_operator(letter));
    unexpected
        .map(|letter| format!("dead letter of {}: {}: {}", letter.queue, letter.reason, letter.body))
        .collect()
}
