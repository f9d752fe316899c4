//! `GET /v1/payment_intents`, `GET /v1/charges` and `GET /v1/refunds`.

use serde_json::Value;

use super::page::{Created, Page};
use super::{expand, expands};
use crate::error::StripeError;
use crate::form::Form;
use crate::intent::{Charge, PaymentIntent};
use crate::refund::Refund;
use crate::store::PaymentStore;
use crate::stripe_json;
use crate::stripe_json::Expand;

/// `GET /v1/payment_intents` (<https://docs.stripe.com/api/payment_intents/list>).
pub(crate) struct ListIntents {
    page: Page,
    created: Created,
    expand: Expand,
}

/// `GET /v1/charges` (<https://docs.stripe.com/api/charges/list>).
pub(crate) struct ListCharges {
    page: Page,
    created: Created,
    payment_intent: Option<String>,
    transfer_group: Option<String>,
}

/// `GET /v1/refunds` (<https://docs.stripe.com/api/refunds/list>).
pub(crate) struct ListRefunds {
    page: Page,
    created: Created,
    payment_intent: Option<String>,
    charge: Option<String>,
    expand_intent: bool,
}

impl ListIntents {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let page = Page::parse(&mut form)?;
        let created = Created::parse(&mut form)?;
        let expand = expand(&mut form, "data.latest_charge")?;
        form.finish()?;
        Ok(Self { page, created, expand })
    }

    pub(super) fn read(&self, store: &PaymentStore) -> Result<Value, StripeError> {
        let newest = store.intents().rev().filter(|intent| self.created.covers(intent.created.as_second()));
        let (page, has_more) = self.page.cut(newest, |intent| &intent.id, "payment_intent")?;
        let data = page
            .into_iter()
            .map(|intent| stripe_json::payment_intent(intent, self.expand))
            .collect::<Vec<_>>();
        Ok(stripe_json::list("/v1/payment_intents", &data, has_more))
    }
}

impl ListCharges {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let page = Page::parse(&mut form)?;
        let created = Created::parse(&mut form)?;
        let (payment_intent, transfer_group) = (form.text("payment_intent")?, form.text("transfer_group")?);
        form.finish()?;
        Ok(Self { page, created, payment_intent, transfer_group })
    }

    pub(super) fn read(&self, store: &PaymentStore) -> Result<Value, StripeError> {
        let selected = store.intents().filter(|intent| {
            self.payment_intent.as_ref().is_none_or(|id| intent.id == *id)
                && self
                    .transfer_group
                    .as_ref()
                    .is_none_or(|group| intent.transfer_group.as_ref() == Some(group))
        });
        let mut charges: Vec<(&PaymentIntent, &Charge)> =
            selected.flat_map(|intent| intent.charges.iter().map(move |charge| (intent, charge))).collect();
        charges.retain(|(_, charge)| self.created.covers(charge.created.as_second()));
        charges.sort_by_key(|(_, charge)| charge.created);
        let (page, has_more) = self.page.cut(charges.iter().rev(), |(_, charge)| &charge.id, "charge")?;
        let data: Vec<_> =
            page.into_iter().map(|(intent, charge)| stripe_json::charge(charge, intent)).collect();
        Ok(stripe_json::list("/v1/charges", &data, has_more))
    }
}

impl ListRefunds {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let page = Page::parse(&mut form)?;
        let created = Created::parse(&mut form)?;
        let (payment_intent, charge) = (form.text("payment_intent")?, form.text("charge")?);
        let expand_intent = expands(&mut form, "data.payment_intent")?;
        form.finish()?;
        Ok(Self { page, created, payment_intent, charge, expand_intent })
    }

    pub(super) fn read(&self, store: &PaymentStore) -> Result<Value, StripeError> {
        if let Some(id) = self.payment_intent.as_ref().filter(|id| store.intent(id).is_none()) {
            return Err(StripeError::missing("payment_intent", id, "payment_intent"));
        }
        let newest = store.refunds.iter().rev().filter(|refund| {
            self.payment_intent.as_ref().is_none_or(|intent| refund.payment_intent == *intent)
                && self.created.covers(refund.created.as_second())
                && self.charge.as_ref().is_none_or(|charge| refund.charge == *charge)
        });
        let (page, has_more) = self.page.cut(newest, |refund| &refund.id, "refund")?;
        let intent_of = |refund: &Refund| store.intent(&refund.payment_intent).filter(|_| self.expand_intent);
        let json = |refund| stripe_json::refund(refund, intent_of(refund));
        let data: Vec<_> = page.into_iter().map(json).collect();
        Ok(stripe_json::list("/v1/refunds", &data, has_more))
    }
}
