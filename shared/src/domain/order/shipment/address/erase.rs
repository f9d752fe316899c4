//! Erasure of the delivery addresses of orders.

use std::time::Duration;

use super::DeliveryAddress;
use crate::domain::order::fulfilment::Fulfilment;
use crate::domain::order::{Order, OrderId};
use crate::domain::user::{User, UserId};
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Interval at which an order of a deleted account is examined until it is final.
const INTERVAL: Duration = Duration::from_hours(24);

/// Nothing is to be erased or recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no address of the order is to be erased")]
pub struct NothingToErase;

/// Records that the account of the buyer was deleted, so that the address is erased as soon as the order is
/// final.
#[derive(Debug, Clone, Copy)]
pub struct RequestErasure {
    /// Id of the order.
    pub order_id: OrderId,
    /// Buyer of the order.
    pub buyer: UserId,
}

impl Command for RequestErasure {
    type State = (Option<DeliveryAddress>, Option<User>);
    type Output = ();
    type Error = NothingToErase;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.order_id).and(ReadSet::get(&self.buyer))
    }

    /// # Errors
    /// [`NothingToErase`] if the address does not exist, the account exists, or its deletion is recorded.
    fn decide(
        &self,
        (address, buyer): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), NothingToErase>, NothingToErase> {
        let address = address.filter(|address| buyer.is_none() && !address.is_account_deleted);
        let address = address.ok_or(NothingToErase)?;
        let version = address.version.next();
        let requested = DeliveryAddress { version, is_account_deleted: true, examined_at: now, ..address };
        Ok(Change::of(()).save(&requested, NoEvents))
    }
}

/// Erases the address of an order whose retention has ended, or whose buyer's account was deleted. Otherwise, the
/// address is examined again later.
#[derive(Debug, Clone, Copy)]
pub struct EraseAddress {
    /// Id of the order.
    pub order_id: OrderId,
}

impl Command for EraseAddress {
    type State = (Option<DeliveryAddress>, Option<Order>);
    type Output = ();
    type Error = NothingToErase;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.order_id).and(ReadSet::get(&self.order_id))
    }

    /// # Errors
    /// [`NothingToErase`] if the address does not exist or is not due.
    fn decide(
        &self,
        (address, order): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), NothingToErase>, NothingToErase> {
        let address = address.filter(|address| address.examined_at <= now).ok_or(NothingToErase)?;
        let next = order.and_then(|order| address.next_examination(&order, now));
        let examined =
            DeliveryAddress { version: address.version.next(), examined_at: next.unwrap_or(now), ..address };
        Ok(match next {
            Some(_) => Change::of(()).save(&examined, NoEvents),
            None => Change::of(()).delete_entity(&examined, NoEvents),
        })
    }
}

impl DeliveryAddress {
    /// Time at which the address of `order` is examined again; `None` if it is to be erased.
    fn next_examination(&self, order: &Order, now: Timestamp) -> Option<Timestamp> {
        let is_final = order.status.is_final() && order.fulfilment == Fulfilment::Finished;
        let kept_until = self.kept_until(order);
        match self.is_account_deleted {
            _ if kept_until <= now => None,
            true if is_final => None,
            true => Some(kept_until.min(now.saturating_add(INTERVAL))),
            false => Some(kept_until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::OrderStatus;
    use crate::domain::order::shipment::address::days;
    use crate::domain::order::shipment::address::tests::address;
    use crate::domain::order::tests::{confirmed, placed};
    use crate::domain::tests::{at, decide, refusal, user};
    use crate::kit::command::{Condition, Operation, Version};

    fn stored() -> DeliveryAddress {
        DeliveryAddress::new(placed(None).id, address(), 400, at(0))
    }

    fn of_deleted_account() -> DeliveryAddress {
        let version = stored().version.next();
        DeliveryAddress { version, is_account_deleted: true, examined_at: at(7), ..stored() }
    }

    fn after_days(count: u16) -> Timestamp {
        at(0).saturating_add(days(count))
    }

    /// Version and time of the next examination; `None` if the address is erased.
    fn examined(address: &DeliveryAddress, order: Option<Order>, now: Timestamp) -> Option<DeliveryAddress> {
        let decided =
            decide(&EraseAddress { order_id: address.order_id }, (Some(address.clone()), order), now);
        let [write] = &decided.writes[..] else { panic!("{:?}", decided.writes) };
        assert_eq!(write.condition, Condition::AtVersion(address.version));
        match write.operation {
            Operation::Delete => None,
            _ => Some(decided.stored()),
        }
    }

    #[test]
    fn address_is_erased_400_days_after_the_last_change() {
        let order = placed(None);
        let command = EraseAddress { order_id: order.id };
        let early = after_days(400).saturating_sub(Duration::from_millis(1));
        assert_eq!(refusal(&command, (Some(stored()), Some(order.clone())), early), NothingToErase);
        assert_eq!(refusal(&command, (None, Some(order.clone())), early), NothingToErase);
        assert_eq!(examined(&stored(), Some(order.clone()), after_days(400)), None);
        assert_eq!(examined(&stored(), None, after_days(400)), None);

        let changed = Order { updated_at: after_days(10), ..order };
        let kept = examined(&stored(), Some(changed.clone()), after_days(400)).unwrap();
        let expected =
            DeliveryAddress { version: stored().version.next(), examined_at: after_days(410), ..stored() };
        assert_eq!(kept, expected);
        assert_eq!(kept.expires_at(), after_days(440), "the table deletes no address that is not examined");
        assert_eq!(examined(&kept, Some(changed), after_days(410)), None);
    }

    #[test]
    fn address_of_a_deleted_account_is_erased_with_its_order() {
        let request = RequestErasure { order_id: stored().order_id, buyer: user().id };
        assert_eq!(refusal(&request, (Some(stored()), Some(user())), at(7)), NothingToErase);
        assert_eq!(refusal(&request, (None, None), at(7)), NothingToErase);
        let requested: DeliveryAddress = decide(&request, (Some(stored()), None), at(7)).stored();
        assert_eq!(requested, of_deleted_account());
        assert_eq!(refusal(&request, (Some(requested), None), at(8)), NothingToErase);

        let (order, _) = confirmed();
        let waiting = examined(&of_deleted_account(), Some(order.clone()), at(7)).unwrap();
        assert_eq!(waiting.examined_at, at(7).saturating_add(INTERVAL));
        assert!(waiting.is_account_deleted && waiting.version == Version::FIRST.next().next());
        let late = Order { updated_at: at(-1).saturating_sub(days(399)), ..order.clone() };
        let until = examined(&of_deleted_account(), Some(late), at(7)).unwrap().examined_at;
        assert_eq!(until, at(-1).saturating_add(days(1)));
        let delivered = Order { status: OrderStatus::Delivered, ..order };
        assert_eq!(examined(&of_deleted_account(), Some(delivered), at(7)), None);
    }

    #[test]
    fn address_is_kept_while_money_is_refunded() {
        let (order, payment) = confirmed();
        let cancelled =
            order.cancelled(crate::domain::order::Party::Seller, None, Some(&payment), at(5)).unwrap();
        assert!(cancelled.status.is_final() && cancelled.fulfilment != Fulfilment::Finished);
        assert!(examined(&of_deleted_account(), Some(cancelled), at(7)).is_some());
    }
}
