//! Requests about orders and payments.

use serde_json::{Value, json};

use super::{Draft, Entry, joined, with_body, with_query};
use crate::model::{Kind, Resource};
use crate::step::{Call, Caller, Target};

pub(super) const ENTRIES: &[Entry] = &[
    ("quoteOrder", 12, quote),
    ("placeOrder", 90, place),
    ("listOrders", 5, list),
    ("getOrder", 8, get),
    ("getOrderTimeline", 4, timeline),
    ("cancelOrder", 26, cancel),
    ("shipOrder", 34, ship),
    ("deliverOrder", 34, deliver),
    ("refundOrder", 30, refund),
    ("getPayment", 5, payment),
    ("listDiscrepancies", 4, discrepancies),
    ("receiveWebhook", 3, webhook),
];

/// Recipient of shipped orders: personal data, which is stored with the address only.
pub(crate) const ADDRESSEE: &str = "Ada Canary";

/// Cards with their behaviour; more of those that can be charged.
const METHODS: [Option<&str>; 13] = [
    Some("pm_card_visa"),
    Some("pm_card_visa"),
    Some("pm_card_visa"),
    Some("pm_card_visa"),
    Some("pm_card_visa"),
    Some("pm_card_visa"),
    Some("pm_card_refundFail"),
    Some("pm_card_refundFail"),
    Some("pm_card_pendingRefund"),
    Some("pm_card_chargeDeclined"),
    Some("pm_card_authenticationRequired"),
    None,
    None,
];

/// Items of one or two products, mostly of one market, and their supply.
fn cart(draft: &mut Draft<'_>) -> Option<Value> {
    let product = draft.any(Kind::Product)?;
    let mut items =
        vec![json!({ "productId": format!("$id:{}", product.step), "quantity": draft.rng.u8(1..4) })];
    let sibling = draft.any(Kind::Product)?;
    if sibling.parent == product.parent && sibling.step != product.step {
        items.push(json!({ "productId": format!("$id:{}", sibling.step), "quantity": 1 }));
    }
    let mut body = json!({ "items": items });
    if draft.percent(20) {
        body["items"][0]["expectedPrice"] = json!({ "amount": product.amount, "currency": "EUR" });
    }
    let market = product.parent.and_then(|market| draft.model.get(market)).cloned()?;
    if draft.percent(50) {
        body["marketId"] = json!(format!("$id:{}", market.step));
    }
    add_supply(draft, &mut body, &market);
    Some(body)
}

/// Adds what the market needs; seldom something else.
fn add_supply(draft: &mut Draft<'_>, body: &mut Value, market: &Resource) {
    let country = draft.one_of(&["DE", "DE", "AT", "FR"]);
    let ships = market.ships != draft.percent(15);
    if ships {
        let option = draft.one_of(&["standard", "standard", "express", "absent"]);
        body["shippingAddress"] = json!({
            "name": ADDRESSEE, "line1": "Torstrasse 1", "city": "Berlin", "postalCode": "10119", "country": country,
        });
        body["shippingOptionId"] = json!(option);
    } else if market.taxes != draft.percent(15) {
        body["country"] = json!(country);
    }
}

fn place(draft: &mut Draft<'_>) -> Option<Call> {
    let buyer = draft.account()?;
    let mut body = cart(draft)?;
    if draft.percent(5) {
        body["expectedTotal"] = json!({ "amount": draft.one_of(&[500, 1_999]), "currency": "EUR" });
    }
    if let Some(method) = draft.one_of(&METHODS) {
        body["paymentMethod"] = json!(method);
    }
    with_body(draft.request(buyer), body)
}

fn quote(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = if draft.percent(50) { Caller::Anonymous } else { draft.account()? };
    let body = cart(draft)?;
    with_body(draft.request(caller), body)
}

fn list(draft: &mut Draft<'_>) -> Option<Call> {
    let page = draft.page();
    let filter = draft.one_of(&["", "", "status=confirmed", "status=cancelled", "fields=id,lines"]);
    let sort = draft.one_of(&["", "sort=createdAt", "sort=total", "sort=-total"]);
    if draft.percent(40) {
        let market = draft.any(Kind::Market)?;
        let caller = draft.mostly(market.owner);
        let list = format!("marketId=$id:{}", market.step);
        return with_query(draft.request(caller), joined(&[&list, filter, sort, &page]));
    }
    let caller = draft.account()?;
    with_query(draft.request(caller), joined(&[filter, sort, &page]))
}

/// Order, mostly in one of these states, with its buyer or its seller, or another caller.
fn order(draft: &mut Draft<'_>, percent_seller: u8, statuses: &[&str]) -> Option<(Resource, Caller)> {
    let order = draft.model.choose_order(draft.rng, statuses).cloned()?;
    let seller = draft.model.seller_of(order.step).filter(|_| draft.percent(percent_seller));
    let caller = draft.mostly(seller.unwrap_or(order.owner));
    Some((order, caller))
}

fn get(draft: &mut Draft<'_>) -> Option<Call> {
    let (order, caller) = order(draft, 30, &[])?;
    Some(draft.about(caller, &order))
}

fn timeline(draft: &mut Draft<'_>) -> Option<Call> {
    get(draft)
}

fn cancel(draft: &mut Draft<'_>) -> Option<Call> {
    let (order, caller) = order(draft, 30, &["confirmed", "awaiting_payment"])?;
    let body = if draft.percent(50) { json!({ "reason": draft.reason() }) } else { json!({}) };
    with_body(draft.about(caller, &order), body)
}

fn ship(draft: &mut Draft<'_>) -> Option<Call> {
    let (order, caller) = order(draft, 95, &["confirmed"])?;
    let body = json!({ "carrier": "DHL", "trackingNumber": format!("JD{}", draft.step) });
    with_body(draft.about(caller, &order), body)
}

fn deliver(draft: &mut Draft<'_>) -> Option<Call> {
    let (order, caller) = order(draft, 95, &["shipped"])?;
    with_body(draft.about(caller, &order), json!({}))
}

fn refund(draft: &mut Draft<'_>) -> Option<Call> {
    let (order, caller) = order(draft, 95, &["confirmed", "shipped", "delivered", "cancelled"])?;
    let mut body = json!({ "reason": draft.reason() });
    if draft.percent(40) {
        refund_lines(draft, &mut body, &order)?;
    } else if draft.percent(60) {
        let amount = (order.amount * draft.one_of(&[10, 25, 50, 100, 150]) / 100).max(1);
        body["amount"] = json!({ "amount": amount, "currency": "EUR" });
    }
    with_body(draft.about(caller, &order), body)
}

/// Refunds units of the first product of an order, or its shipping; seldom another product, or an amount as well.
fn refund_lines(draft: &mut Draft<'_>, body: &mut Value, order: &Resource) -> Option<()> {
    if draft.percent(80) {
        let product = if draft.percent(10) { draft.any(Kind::Product)?.step } else { order.parent? };
        body["lines"] = json!([{ "productId": format!("$id:{product}"), "quantity": draft.rng.u8(1..3) }]);
        body["restock"] = json!(draft.percent(30));
    }
    if draft.percent(30) || body["lines"].is_null() {
        body["shipping"] = json!(true);
    }
    if draft.percent(3) {
        body["amount"] = json!({ "amount": 1, "currency": "EUR" });
    }
    Some(())
}

fn payment(draft: &mut Draft<'_>) -> Option<Call> {
    let (order, caller) = order(draft, 30, &["confirmed", "shipped", "delivered", "refunded"])?;
    Some(Call { target: Target::PaymentOf(order.step), ..draft.request(caller) })
}

fn discrepancies(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.mostly(Caller::Admin);
    let page = draft.page();
    with_query(draft.request(caller), page)
}

fn webhook(draft: &mut Draft<'_>) -> Option<Call> {
    let body = json!({ "id": "evt_1", "type": "payment_intent.succeeded" });
    with_body(draft.request(Caller::Anonymous), body)
}
