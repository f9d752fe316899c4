//! `GET /v1/transfers` (<https://docs.stripe.com/api/transfers/list>).

use serde_json::Value;

use super::page::{Created, Page};
use crate::error::StripeError;
use crate::form::Form;
use crate::store::PaymentStore;
use crate::stripe_json;

/// List of transfers. It contains every transfer that was made before the call.
pub(crate) struct ListTransfers {
    page: Page,
    created: Created,
    destination: Option<String>,
    transfer_group: Option<String>,
}

impl ListTransfers {
    pub(crate) fn parse(mut form: Form) -> Result<Self, StripeError> {
        let page = Page::parse(&mut form)?;
        let created = Created::parse(&mut form)?;
        let (destination, transfer_group) = (form.text("destination")?, form.text("transfer_group")?);
        form.finish()?;
        Ok(Self { page, created, destination, transfer_group })
    }

    pub(super) fn read(&self, store: &PaymentStore) -> Result<Value, StripeError> {
        let newest = store.transfers.iter().rev().filter(|transfer| {
            self.created.covers(transfer.created.as_second())
                && self.destination.as_ref().is_none_or(|account| transfer.destination == *account)
                && self
                    .transfer_group
                    .as_ref()
                    .is_none_or(|group| transfer.transfer_group.as_ref() == Some(group))
        });
        let (page, has_more) = self.page.cut(newest, |transfer| &transfer.id, "transfer")?;
        let data: Vec<_> = page.into_iter().map(stripe_json::transfer::transfer).collect();
        Ok(stripe_json::list("/v1/transfers", &data, has_more))
    }
}
