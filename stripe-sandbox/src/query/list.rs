//! `GET /v1/payment_intents`, `GET /v1/charges` and `GET /v1/refunds`: newest first, with pagination by
//! `starting_after`.

use serde_json::Value;

use super::{expand, expands, limit};
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

struct Page {
    limit: usize,
    starting_after: Option<String>,
}

/// Inclusive bounds of `created`, in seconds.
struct Created {
    from: i64,
    to: i64,
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
        let newest = store.refunds().iter().rev().filter(|refund| {
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

impl Page {
    fn parse(form: &mut Form) -> Result<Self, StripeError> {
        Ok(Self { limit: limit(form)?, starting_after: form.text("starting_after")? })
    }

    fn cut<'a, T>(
        &self,
        all: impl Iterator<Item = &'a T>,
        id: impl Fn(&T) -> &String,
        kind: &str,
    ) -> Result<(Vec<&'a T>, bool), StripeError> {
        let mut all = all;
        if let Some(last) = &self.starting_after
            && !all.any(|object| id(object) == last)
        {
            let missing = format!("No such {kind}: '{last}'");
            return Err(StripeError::invalid(missing).code("resource_missing").param("starting_after"));
        }
        let page = all.by_ref().take(self.limit).collect();
        Ok((page, all.next().is_some()))
    }
}

impl Created {
    fn parse(form: &mut Form) -> Result<Self, StripeError> {
        let exact = form.integer("created")?;
        let mut bounds = Self { from: exact.unwrap_or(i64::MIN), to: exact.unwrap_or(i64::MAX) };
        if let Some(after) = form.integer("created[gt]")? {
            bounds.from = after.saturating_add(1);
        }
        if let Some(from) = form.integer("created[gte]")? {
            bounds.from = from;
        }
        if let Some(before) = form.integer("created[lt]")? {
            bounds.to = before.saturating_sub(1);
        }
        if let Some(to) = form.integer("created[lte]")? {
            bounds.to = to;
        }
        Ok(bounds)
    }

    fn covers(&self, second: i64) -> bool {
        (self.from..=self.to).contains(&second)
    }
}
