//! Representation of an order in responses.

pub(crate) mod lines;
pub(crate) mod list_item;
mod refund;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::MarketId;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::payment::{Checkout, PaymentId};
use shared::domain::order::shipment::address::{DeliveryAddress, PostalAddress};
use shared::domain::order::{Order, OrderId, OrderStatus, Party, Shipment};
use shared::domain::user::UserId;
use shared::domain::values::actor::Actor;
use shared::domain::values::money::Money;
use shared::domain::values::money::tax::BasisPoints;
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::system::clock::Timestamp;

use lines::LineBody;
use refund::RefundBody;

/// Order of one or more products of one market.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Order",
    extend("examples" = [{
        "id": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "status": "shipped",
        "buyerId": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "sellerId": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRT",
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "lines": [{
            "type": "item",
            "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "sku": "MUG-1",
            "title": "Mug, hand-thrown",
            "quantity": 2,
            "unitPrice": { "amount": 1999, "currency": "EUR" },
            "net": { "amount": 3360, "currency": "EUR" },
            "tax": {
                "rateBasisPoints": 1900,
                "amount": { "amount": 638, "currency": "EUR" },
                "name": "VAT",
                "included": true,
            },
            "gross": { "amount": 3998, "currency": "EUR" },
        }, {
            "type": "shipping",
            "optionId": "standard",
            "name": "Standard",
            "amount": { "amount": 490, "currency": "EUR" },
            "net": { "amount": 412, "currency": "EUR" },
            "tax": {
                "rateBasisPoints": 1900,
                "amount": { "amount": 78, "currency": "EUR" },
                "name": "VAT",
                "included": true,
            },
            "gross": { "amount": 490, "currency": "EUR" },
        }],
        "tax": { "amount": 716, "currency": "EUR" },
        "total": { "amount": 4488, "currency": "EUR" },
        "paymentId": "pay_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "refunds": [{
            "amount": { "amount": 500, "currency": "EUR" },
            "status": "succeeded",
            "reason": "One mug has a scratch.",
            "lines": [{
                "type": "item",
                "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS",
                "net": { "amount": 374, "currency": "EUR" },
                "tax": { "amount": 71, "currency": "EUR" },
                "gross": { "amount": 445, "currency": "EUR" },
            }, {
                "type": "shipping",
                "optionId": "standard",
                "net": { "amount": 46, "currency": "EUR" },
                "tax": { "amount": 9, "currency": "EUR" },
                "gross": { "amount": 55, "currency": "EUR" },
            }],
            "at": "2027-01-16T09:30:00.000Z",
        }],
        "shipment": { "carrier": "DHL", "trackingNumber": "JD014600003828" },
        "shippingAddress": {
            "name": "Ada Lovelace",
            "line1": "Torstrasse 1",
            "city": "Berlin",
            "postalCode": "10119",
            "country": "DE",
        },
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-16T09:30:02.000Z",
        "version": 6,
    }]),
)]
pub(crate) struct OrderBody {
    /// Id of the order.
    id: OrderId,
    /// Status of the order. `pending` and `awaiting_payment` change without further requests.
    status: OrderStatus,
    /// Id of the buyer.
    buyer_id: UserId,
    /// Id of the seller.
    seller_id: UserId,
    /// Id of the market of all products in the order.
    market_id: MarketId,
    /// Ordered products, in the order of the request, and the shipping. They do not change.
    lines: Vec<LineBody>,
    /// Sum of the taxes of the lines. `total` contains it.
    tax: Money,
    /// Total to pay: the sum of `gross` of the lines.
    total: Money,
    /// Commission of the marketplace on the order, before refunds; absent for the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    commission: Option<CommissionBody>,
    /// Id of the payment; absent until a payment is captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<PaymentId>,
    /// Checkout at which the buyer pays or authenticates a payment; returned only to the buyer, while the order
    /// awaits this payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Checkout>,
    /// Refunds of the order, including those made at the payment gateway itself, oldest first; empty if there
    /// are none.
    refunds: Vec<RefundBody>,
    /// Shipment; absent until the order is marked as shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment: Option<Shipment>,
    /// Delivery address; returned only by `GET /v1/orders/{id}`, and absent if nothing is shipped or the address
    /// is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<PostalAddress>,
    /// Time of placement.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
    /// Version of the order, from 1; each change increments it.
    version: Version,
}

/// Commission of the marketplace on an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Commission")]
struct CommissionBody {
    /// Rate of the commission on `net` of each item, as it was when the order was placed. Shipping and taxes are free
    /// of it.
    basis_points: BasisPoints,
    /// Sum of the commission on the items, each rounded to the minor unit.
    amount: Money,
    /// True if the marketplace keeps the commission on items that are refunded.
    kept_on_refund: bool,
}

impl Resource for OrderBody {
    fn location(&self) -> String {
        format!("/v1/orders/{}", self.id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl OrderBody {
    /// Representation for `party`. Only the buyer gets the checkout, and not the commission.
    pub(crate) fn for_party(party: Option<Party>, order: Order) -> Self {
        let (lines, total) = (LineBody::of_all(&order.lines), order.lines.sum());
        let refunds = order.refunds.into_iter().map(|refund| RefundBody::new(refund, &order.lines)).collect();
        let terms = order.commission.filter(|_| party != Some(Party::Buyer));
        let commission = terms.map(|terms| CommissionBody {
            basis_points: terms.rate_basis_points,
            amount: terms.of(&order.lines),
            kept_on_refund: terms.kept_on_refund,
        });
        let payment = match order.fulfilment {
            Fulfilment::AwaitingPayment { checkout, .. } => checkout.filter(|_| party == Some(Party::Buyer)),
            _ => None,
        };
        Self {
            id: order.id,
            status: order.status,
            buyer_id: order.buyer_id,
            seller_id: order.seller_id,
            market_id: order.market_id,
            lines,
            tax: total.tax,
            total: total.gross,
            commission,
            payment_id: order.payment_id,
            payment,
            refunds,
            shipment: order.shipment,
            shipping_address: None,
            created_at: order.created_at,
            updated_at: order.updated_at,
            version: order.version,
        }
    }

    /// Adds the delivery address.
    pub(crate) fn with_address(self, address: Option<DeliveryAddress>) -> Self {
        Self { shipping_address: address.map(|address| address.address), ..self }
    }

    /// Representation for the seller.
    pub(crate) fn of_seller(order: Order) -> Self {
        Self::for_party(Some(Party::Seller), order)
    }

    /// Representation for `actor`.
    pub(crate) fn for_actor(actor: &Actor, order: Order) -> Self {
        Self::for_party(order.party(actor), order)
    }
}
