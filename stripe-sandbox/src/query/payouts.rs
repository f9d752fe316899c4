//! `GET /v1/payouts` (<https://docs.stripe.com/api/payouts/list>).

use serde_json::Value;

use super::page::{Created, Page};
use crate::error::StripeError;
use crate::form::Form;
use crate::store::PaymentStore;
use crate::stripe_json;

/// List of the payouts of the platform. Those of connected accounts need their own key.
pub(crate) struct ListPayouts {
    page: Page,
    created: Created,
    status: Option<String>,
}

impl ListPayouts {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let page = Page::parse(&mut form)?;
        let created = Created::parse(&mut form)?;
        let status = form.choice("status", &["pending", "paid", "failed", "canceled"])?;
        form.finish()?;
        Ok(Self { page, created, status })
    }

    pub(super) fn read(&self, store: &PaymentStore) -> Result<Value, StripeError> {
        let newest = store.payouts.iter().rev().filter(|payout| {
            payout.account.is_none()
                && self.created.covers(payout.created.as_second())
                && self.status.as_ref().is_none_or(|status| payout.status.as_str() == status)
        });
        let (page, has_more) = self.page.cut(newest, |payout| &payout.id, "payout")?;
        let data: Vec<_> = page.into_iter().map(stripe_json::payout::payout).collect();
        Ok(stripe_json::list("/v1/payouts", &data, has_more))
    }
}

/// `GET /v1/payouts/{id}`: a payout of the platform.
pub(super) fn retrieve(store: &PaymentStore, id: &str) -> Result<Value, StripeError> {
    let found = store.payouts.get(id).filter(|payout| payout.account.is_none());
    found.map(stripe_json::payout::payout).ok_or_else(|| StripeError::missing("payout", id, "id"))
}
