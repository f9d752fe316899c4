//! `GET /v1/disputes` (<https://docs.stripe.com/api/disputes/list>).

use jiff::Timestamp;
use serde_json::Value;

use super::page::{Created, Page};
use crate::command::expands;
use crate::dispute::Dispute;
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
    expand_intent: bool,
}

impl ListDisputes {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let page = Page::parse(&mut form)?;
        let created = Created::parse(&mut form)?;
        let (charge, payment_intent) = (form.text("charge")?, form.text("payment_intent")?);
        let expand_intent = expands(&mut form, "data.payment_intent")?;
        form.finish()?;
        Ok(Self { page, created, charge, payment_intent, expand_intent })
    }

    pub(super) fn read(&self, store: &PaymentStore, now: Timestamp) -> Result<Value, StripeError> {
        let newest = store.disputes.iter().rev().filter(|dispute| {
            self.created.covers(dispute.created.as_second())
                && self.charge.as_ref().is_none_or(|charge| dispute.charge == *charge)
                && self.payment_intent.as_ref().is_none_or(|intent| dispute.payment_intent == *intent)
        });
        let (page, has_more) = self.page.cut(newest, |dispute| &dispute.id, "dispute")?;
        let json = |dispute| json(dispute, store, self.expand_intent, now);
        let data: Vec<_> = page.into_iter().map(json).collect();
        Ok(stripe_json::list("/v1/disputes", &data, has_more))
    }
}

/// JSON of a dispute.
pub(super) fn json(dispute: &Dispute, store: &PaymentStore, expand_intent: bool, now: Timestamp) -> Value {
    let intent = store.intent(&dispute.payment_intent).filter(|_| expand_intent);
    stripe_json::dispute::dispute(dispute, intent, now)
}
