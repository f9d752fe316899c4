//! Model of the gateway's refunds: what it makes and refuses, and how its refunds change later.

use crate::domain::order::payment::refund::RefundStatus;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::{DeclineCode, GatewayId};
use crate::domain::values::money::{Amount, Money};

/// Refunds at the gateway, each with all of its states, oldest first.
#[derive(Debug, Default)]
pub(super) struct ModelGateway(Vec<Vec<GatewayRefund>>);

impl ModelGateway {
    fn present(&self) -> impl Iterator<Item = &GatewayRefund> {
        self.0.iter().filter_map(|states| states.last())
    }

    /// Present state of the refunds of a payment.
    pub(super) fn refunds(&self, payment: &GatewayId) -> Vec<GatewayRefund> {
        self.present().filter(|refund| refund.payment == *payment).cloned().collect()
    }

    /// Refunded amount of a payment, of refunds with these statuses.
    pub(super) fn refunded(&self, payment: &GatewayId, statuses: &[RefundStatus]) -> i64 {
        let refunds = self.present().filter(|refund| refund.payment == *payment);
        let counted = refunds.filter(|refund| statuses.contains(&refund.status));
        counted.map(|refund| refund.amount.amount()).sum()
    }

    /// Refund with this name.
    pub(super) fn find(&self, name: &str) -> Option<GatewayRefund> {
        self.present().find(|refund| refund.name.as_deref() == Some(name)).cloned()
    }

    /// Makes a refund, unless less than its amount is left of the captured amount.
    pub(super) fn refund(
        &mut self,
        payment: &GatewayId,
        (amount, captured): (i64, Money),
        name: Option<String>,
        status: RefundStatus,
    ) -> Option<GatewayRefund> {
        let counted = [RefundStatus::Pending, RefundStatus::Succeeded];
        if amount > captured.amount() - self.refunded(payment, &counted) {
            return None;
        }
        let refund = GatewayRefund {
            id: GatewayId(format!("re_{}", self.0.len())),
            payment: payment.clone(),
            order_id: None,
            name,
            amount: Money::new(Amount::try_from(amount).unwrap(), captured.currency()),
            status,
            failure: None,
        };
        self.0.push(vec![refund.clone()]);
        Some(refund)
    }

    /// Changes a refund as a bank does: a pending one is made or fails, and one that was made fails.
    pub(super) fn settle(&mut self, index: usize, fails: bool) {
        let count = self.0.len().max(1);
        let Some(history) = self.0.get_mut(index % count) else { return };
        let Some(last) = history.last().cloned() else { return };
        let status = match last.status {
            RefundStatus::Pending | RefundStatus::Succeeded if fails => RefundStatus::Failed,
            RefundStatus::Pending => RefundStatus::Succeeded,
            _ => return,
        };
        let failure = fails.then(|| DeclineCode::new("expired_or_canceled_card"));
        history.push(GatewayRefund { status, failure, ..last });
    }

    /// State of a refund, some changes ago.
    pub(super) fn report(&self, index: usize, age: usize) -> Option<GatewayRefund> {
        let states = self.0.get(index % self.0.len().max(1))?;
        states.iter().rev().nth(age % states.len()).cloned()
    }

    /// Present state of all refunds.
    pub(super) fn all(&self) -> Vec<GatewayRefund> {
        self.present().cloned().collect()
    }
}
