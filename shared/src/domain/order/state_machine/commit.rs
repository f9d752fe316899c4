//! The commit of a new version of an order: what is saved with it, in one transaction.

use crate::domain::order::Order;
use crate::domain::order::event::EventConstructor;
use crate::domain::order::lines::ItemLine;
use crate::domain::order::payment::{Payment, PaymentEvent};
use crate::kit::command::{Change, NoEvents};

/// An order and its payment in one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaidOrder<'a> {
    /// The order.
    pub(crate) order: &'a Order,
    /// Its payment, if money was captured.
    pub(crate) payment: Option<&'a Payment>,
}

impl PaidOrder<'_> {
    /// Saves this version, which follows `before`: the order with its event, the payment if it has an event, the moves
    /// of the stock, and the journal entry. If a stock counter is too low, the change is refused with the error that
    /// `otherwise` returns.
    pub(crate) fn commit<E>(
        self,
        before: PaidOrder<'_>,
        event: EventConstructor,
        payment_event: Option<PaymentEvent>,
        otherwise: impl Fn(&ItemLine) -> E,
    ) -> Change<(), E> {
        let Self { order, payment } = self;
        let mut change = Change::of(()).save(order, event(order.into()));
        if let Some((payment, event)) = payment.zip(payment_event) {
            change = change.save(payment, event);
        }
        let balances = before.order.balances(before.payment);
        if let Some(entry) = order.journal_entry(payment, &balances, order.updated_at) {
            change = change.save(&entry, NoEvents);
        }
        let change = order.move_stock(before.order.stock_position(), change, &otherwise);
        order.return_units(before.order, change, otherwise)
    }
}
