//! Orders whose product, market, seller or buyer is deleted or suspended: each step is recorded all the same.

use std::time::Duration;

use serde_json::json;
use shared::domain::market::MarketStatus;
use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::domain::order::shipment::deliver::DeliverOrder;
use shared::domain::order::shipment::ship::ShipOrder;
use shared::domain::order::{Order, Shipment};
use shared::domain::product::delete::DeleteProduct;
use shared::domain::product::{Product, Stock};
use shared::domain::user::User;
use shared::domain::values::actor::Actor;
use shared::kit::command::{Change, ReadSet, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{MARKET, ORDER, PRODUCT, buyer, cents, id, seller, stock};

use super::{Fixture, created};
use crate::scripted_gateway::{ScriptedAnswer, ScriptedGateway};

/// Entity of an order that is deleted or suspended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Loss {
    Nothing,
    /// Product and stock are missing, even if units are reserved.
    Product,
    MarketDeleted,
    MarketSuspended,
    SellerDeleted,
    SellerSuspended,
    BuyerDeleted,
    BuyerSuspended,
}

const LOSSES: [Loss; 8] = [
    Loss::Nothing,
    Loss::Product,
    Loss::MarketDeleted,
    Loss::MarketSuspended,
    Loss::SellerDeleted,
    Loss::SellerSuspended,
    Loss::BuyerDeleted,
    Loss::BuyerSuspended,
];

/// Operation on the order after the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Operation {
    Charge,
    Decline,
    CaptureByWebhook,
    Expire,
    CancelUnpaid,
    CancelPaid,
    RefundInPart,
    RefundInFull,
    ShipAndDeliver,
}

/// Each operation with the resulting status, and the money that remains captured.
const PAYMENTS: [(Operation, &str, i64); 3] = [
    (Operation::Charge, "confirmed", 3_998),
    (Operation::Decline, "rejected", 0),
    (Operation::CaptureByWebhook, "confirmed", 3_998),
];
const ENDS: [(Operation, &str, i64); 3] = [
    (Operation::Expire, "expired", 0),
    (Operation::CancelUnpaid, "cancelled", 0),
    (Operation::CancelPaid, "cancelled", 0),
];
const AFTER_PAYMENT: [(Operation, &str, i64); 3] = [
    (Operation::RefundInPart, "confirmed", 2_998),
    (Operation::RefundInFull, "refunded", 0),
    (Operation::ShipAndDeliver, "delivered", 3_998),
];

impl Fixture {
    async fn lose(&self, loss: Loss) {
        match loss {
            Loss::Nothing => {}
            Loss::Product => {
                let (product, stock) = (id(PRODUCT), id(PRODUCT));
                let change = |_| Change::of(()).remove::<Product>(&product).remove::<Stock>(&stock);
                self.marketplace.write(change).await;
            }
            Loss::MarketDeleted => self.marketplace.delete_market().await,
            Loss::MarketSuspended => {
                self.marketplace.set_market_status(MARKET, MarketStatus::Suspended).await;
            }
            Loss::SellerDeleted => self.marketplace.delete_account(seller()).await,
            Loss::BuyerDeleted => self.marketplace.delete_account(buyer()).await,
            Loss::SellerSuspended => self.suspend(seller()).await,
            Loss::BuyerSuspended => self.suspend(buyer()).await,
        }
    }

    async fn suspend(&self, actor: Actor) {
        let user: Option<User> = self.marketplace.store.load(ReadSet::get(&actor.user)).await.unwrap();
        self.marketplace.suspend(user.unwrap()).await;
    }

    /// Brings the order to the state in which the operation starts.
    async fn prepare(&self, operation: Operation) {
        let unavailable = shared::payment_gateway::GatewayError::Unavailable;
        match operation {
            Operation::Charge => {
                self.marketplace.order(Some("pm_card_visa")).await;
                self.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Fail(unavailable)])).await;
            }
            Operation::Decline => {
                self.marketplace.order(Some("pm_card_chargeDeclined")).await;
                self.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Fail(unavailable)])).await;
            }
            Operation::CaptureByWebhook | Operation::Expire | Operation::CancelUnpaid => {
                self.marketplace.order(None).await;
                assert!(self.handle(&created()).await.is_success());
            }
            Operation::CancelPaid
            | Operation::RefundInPart
            | Operation::RefundInFull
            | Operation::ShipAndDeliver => {
                self.marketplace.order(Some("pm_card_visa")).await;
                assert!(self.handle(&created()).await.is_success());
            }
        }
    }

    async fn operate(&self, operation: Operation) {
        match operation {
            Operation::Charge | Operation::Decline => {}
            Operation::CaptureByWebhook => {
                let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(3_998) };
                self.marketplace.run(RecordCapture { order_id: id(ORDER), capture }).await;
            }
            Operation::Expire => {
                let tomorrow = SystemClock.now().saturating_add(Duration::from_hours(25));
                self.marketplace.run_at(tomorrow, ExpireOrder { id: id(ORDER) }).await;
            }
            Operation::CancelUnpaid | Operation::CancelPaid => self.cancel().await,
            Operation::RefundInPart => self.marketplace.refund_by_seller(Some(1_000)).await,
            Operation::RefundInFull => self.marketplace.refund_by_seller(None).await,
            Operation::ShipAndDeliver => {
                let (carrier, tracking_number) = ("DHL".parse().unwrap(), "1".parse().unwrap());
                let shipment = Shipment { carrier, tracking_number };
                self.marketplace.run(ShipOrder { id: id(ORDER), by: seller(), shipment }).await;
                self.marketplace.run(DeliverOrder { id: id(ORDER), by: seller() }).await;
            }
        }
        assert!(self.handle(&created()).await.is_success(), "{operation:?}");
    }

    fn net(&self, operation: Operation, order: &Order) -> i64 {
        if operation == Operation::CaptureByWebhook {
            // The gateway of the test does not know the reported payment.
            return if order.payment_id.is_some() { order.total().amount() } else { 0 };
        }
        self.money().1
    }
}

/// Takes an order through each operation after each loss.
async fn check(operations: &[(Operation, &str, i64)]) {
    for (operation, status, money) in operations {
        for loss in LOSSES {
            let fixture = Fixture::open().await;
            fixture.prepare(*operation).await;
            fixture.lose(loss).await;
            fixture.operate(*operation).await;
            let order = fixture.marketplace.stored_order(id(ORDER)).await;
            let found = (json!(order.status), fixture.net(*operation, &order));
            assert_eq!(found, (json!(status), *money), "{operation:?} after {loss:?}");
            assert_eq!(order.fulfilment, Fulfilment::Finished, "{operation:?} after {loss:?}");
            assert!(order.due_refund().is_none(), "{operation:?} after {loss:?}");
        }
    }
}

#[tokio::test]
async fn payment_is_recorded_without_the_entities_of_an_order() {
    check(&PAYMENTS).await;
}

#[tokio::test]
async fn end_is_recorded_without_the_entities_of_an_order() {
    check(&ENDS).await;
}

#[tokio::test]
async fn paid_order_goes_on_without_its_entities() {
    check(&AFTER_PAYMENT).await;
}

#[tokio::test]
async fn order_of_a_product_deleted_before_reservation_is_rejected() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let delete = DeleteProduct { id: id(PRODUCT), by: seller(), expected: None };
    fixture.marketplace.run(delete).await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!((fixture.status().await.as_str(), fixture.money()), ("rejected", (0, 0)));
}

#[tokio::test]
async fn cancelled_order_of_a_deleted_product_is_refunded() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.marketplace.stock().await, stock(8, 0, 2));
    let delete = DeleteProduct { id: id(PRODUCT), by: seller(), expected: None };
    fixture.marketplace.run(delete).await;
    fixture.cancel().await;
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!((fixture.status().await.as_str(), fixture.money()), ("cancelled", (1, 0)));
    let stock: Option<Stock> = fixture.marketplace.store.load(ReadSet::get(&id(PRODUCT))).await.unwrap();
    assert_eq!(stock, None, "the stock is not created again");
}
