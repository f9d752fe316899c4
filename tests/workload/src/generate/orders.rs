//! Requests about orders and payments.

use serde_json::json;

use super::{Draft, Entry, with_body, with_query};
use crate::model::{Kind, Resource};
use crate::step::{Call, Caller, Target};

pub(super) const ENTRIES: &[Entry] = &[
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

fn place(draft: &mut Draft<'_>) -> Option<Call> {
    let buyer = draft.account()?;
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
    if let Some(method) = draft.one_of(&METHODS) {
        body["paymentMethod"] = json!(method);
    }
    with_body(draft.request(buyer), body)
}

fn list(draft: &mut Draft<'_>) -> Option<Call> {
    let page = draft.page();
    if draft.percent(40) {
        let market = draft.any(Kind::Market)?;
        let caller = draft.mostly(market.owner);
        return with_query(
            draft.request(caller),
            format!("marketId=$id:{}&{page}", market.step).trim_matches('&'),
        );
    }
    let caller = draft.account()?;
    let filter = draft.one_of(&["", "status=confirmed", "status=cancelled", "sort=createdAt"]);
    with_query(draft.request(caller), format!("{filter}&{page}").trim_matches('&'))
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
    if draft.percent(60) {
        let amount = (order.amount * draft.one_of(&[10, 25, 50, 100, 150]) / 100).max(1);
        body["amount"] = json!({ "amount": amount, "currency": "EUR" });
    }
    with_body(draft.about(caller, &order), body)
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
