//! `GET /v1/disputes` (<https://docs.stripe.com/api/disputes/list>).

use jiff::Timestamp;
use serde_json::Value;

use super::page::{Created, Page};
use crate::error::StripeError;
use crate::form::Form;
use crate::store::PaymentStore;
use crate::stripe_json;

/// List of disputes.
pub(crate) struct ListDisputes {
    page: Page,
    created: Created,
    charge: Option<String>,
    payment_intent: Option<String>,
}

impl ListDisputes {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let page = Page::parse(&mut form)?;
        let created = Created::parse(&mut form)?;
        let (charge, payment_intent) = (form.text("charge")?, form.text("payment_intent")?);
        form.finish()?;
        Ok(Self { page, created, charge, payment_intent })
    }

    pub(super) fn read(&self, store: &PaymentStore, now: Timestamp) -> Result<Value, StripeError> {
        let newest = store.disputes.iter().rev().filter(|dispute| {
            self.created.covers(dispute.created.as_second())
                && self.charge.as_ref().is_none_or(|charge| dispute.charge == *charge)
                && self.payment_intent.as_ref().is_none_or(|intent| dispute.payment_intent == *intent)
        });
        let (page, has_more) = self.page.cut(newest, |dispute| &dispute.id, "dispute")?;
        let data: Vec<_> = page.into_iter().map(|found| stripe_json::dispute::dispute(found, now)).collect();
        Ok(stripe_json::list("/v1/disputes", &data, has_more))
    }
}
