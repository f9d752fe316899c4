//! Every event in `events/queue-emails/`.

use std::fmt::Write as _;

use insta::assert_snapshot;
use local::services::ses::Email;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::lines::LineAmounts;
use shared::domain::order::payment::refund::lines::RefundLine;
use shared::domain::order::payment::refund::{Refund, RefundStatus};
use shared::domain::order::payment::{DeclineCode, GatewayId};
use shared::domain::order::{Order, OrderEvent, OrderEventData, OrderStatus, Party, Shipment, Transition};
use shared::domain::product::Product;
use shared::domain::user::verify::VerifyEmail;
use shared::kit::system::clock::Timestamp;
use shared::repository::user::UserReader;
use test_support::fixture::{BUYER, MARKET, ORDER, PRODUCT, SELLER, buyer, cents, id, seller};
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::{ADDRESS, Fixture, SELLER_ADDRESS};

/// Kinds of the e-mails that are sent for each event to the buyer and to the seller; empty for none. The first
/// three go to addresses that are not verified.
const SENT: [(&str, &str, &str); 17] = [
    ("user-email-changed", "verify", ""),
    ("user-registered", "welcome", ""),
    ("user-invited", "invitation", ""),
    ("job-died", "job-dead", ""),
    ("job-failed", "job-failed", ""),
    ("job-succeeded", "job-succeeded", ""),
    ("order-created", "order-received", ""),
    ("order-confirmed", "order-confirmed", "new-order"),
    ("order-rejected", "order-rejected", ""),
    ("order-cancelled", "order-cancelled", "sale-cancelled"),
    ("order-expired", "order-expired", ""),
    ("order-refunded", "order-refunded", ""),
    ("order-partially-refunded", "order-refunded", ""),
    ("order-refund-failed", "", "refund-failed"),
    ("order-shipped", "order-shipped", ""),
    ("order-delivered", "order-delivered", ""),
    ("password-reset-requested", "reset", ""),
];

fn untaxed(amount: i64) -> LineAmounts {
    LineAmounts { net: cents(amount), tax: cents(0), gross: cents(amount) }
}

/// Refunds in every status.
fn refunds(at: Timestamp) -> Vec<Refund> {
    let refund = |number, amount, status| Refund {
        number,
        gateway_id: GatewayId("pi_1".to_owned()),
        amount: cents(amount),
        lines: vec![RefundLine {
            line: 0,
            units: u32::from(number == 2),
            restocked: 0,
            amounts: untaxed(amount),
        }],
        by: Party::Seller,
        reason: "chipped".to_owned(),
        status,
        failure: (status == RefundStatus::Failed).then(|| DeclineCode::new("card_closed")),
        failed_after: None,
        commission: None,
        refund_id: None,
        attempt: 1,
        decided_at: at,
        at,
    };
    vec![
        refund(1, 400, RefundStatus::Succeeded),
        refund(2, 600, RefundStatus::Succeeded),
        refund(3, 500, RefundStatus::Pending),
        refund(4, 500, RefundStatus::Failed),
    ]
}

/// Creates an order that has been in every status, with refunds and a shipment.
async fn order_with_history(fixture: &Fixture) {
    let placed = fixture.marketplace.order(Some("pm_card_visa")).await;
    let refunds = refunds(placed.created_at);
    let shipment =
        Shipment { carrier: "Snail & Sons".parse().unwrap(), tracking_number: "<42>".parse().unwrap() };
    let change = |status, by, reason: Option<&str>| Transition {
        status,
        at: "2027-01-15T08:00:00.000Z".parse().unwrap(),
        by,
        reason: reason.map(str::to_owned),
    };
    let out_of_stock = format!("out of stock: {PRODUCT}");
    let mut timeline = placed.timeline.clone();
    timeline.extend([
        change(OrderStatus::Confirmed, Party::System, None),
        change(OrderStatus::Shipped, Party::Seller, None),
        change(OrderStatus::Delivered, Party::Seller, None),
        change(OrderStatus::Rejected, Party::System, Some(&out_of_stock)),
        change(OrderStatus::Cancelled, Party::Buyer, Some("<b>too</b> late & \"broken\"")),
    ]);
    let created_at = "2027-01-15T07:59:00.000Z".parse().unwrap();
    let shipment = Some(shipment);
    let (version, status) = (placed.version.next(), OrderStatus::Confirmed);
    let order = Order { version, status, refunds, shipment, timeline, created_at, ..placed };
    let facts = OrderEventData::from(&order);
    fixture.marketplace.put_entity(order, OrderEvent::Shipped(facts)).await;
}

/// Headers, text and HTML of an e-mail, without the tokens of its links, which differ in every run.
pub(super) fn masked(email: &Email) -> String {
    let mut all = format!("Subject: {}\n", email.subject);
    for (name, value) in &email.headers {
        writeln!(all, "{name}: {value}").unwrap();
    }
    write!(all, "\n{}\n\n{}", email.text, email.html).unwrap();
    let api = email.headers.get("List-Unsubscribe").map(|link| link.split("/v1").next().unwrap_or_default());
    if let Some(api) = api {
        all = all.replace(api.trim_start_matches('<'), "[api]");
    }
    let mut parts = all.split("token=");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(part.len());
        masked.push_str("token=[token]");
        masked.push_str(&part[end..]);
    }
    masked
}

/// Handles an event, and checks the e-mails that it sends.
async fn assert_sent(fixture: &Fixture, (case, to_buyer, to_seller): (&str, &str, &str)) {
    let before = fixture.mail_catcher().sent().len();
    let result = fixture.handle_case(case).await;
    assert!(result.is_success(), "{case}: {result:?}");
    let expected: Vec<_> = [(ADDRESS, to_buyer), (SELLER_ADDRESS, to_seller)]
        .into_iter()
        .filter(|(_, kind)| !kind.is_empty())
        .collect();
    assert_eq!(fixture.mail_catcher().sent().len() - before, expected.len(), "{case}");
    for (address, kind) in expected {
        let email = fixture.mail_catcher().sent_to(address).pop().unwrap();
        assert_eq!(email.tags["kind"], kind, "{case}");
        assert_snapshot!(if address == ADDRESS { case } else { kind }, masked(&email));
        assert_eq!((email.from.as_str(), email.to.len()), ("no-reply@agora.example", 1));
        assert_eq!(email.headers["X-Correlation-Id"], "checkout-7f3a");
        for markup in ["<42>", "Snail & Sons", "<b>"] {
            assert!(!email.html.contains(markup), "{}", email.html);
        }
    }
}

#[tokio::test]
async fn every_event_sends_its_emails() {
    let fixture = Fixture::open().await;
    order_with_history(&fixture).await;
    let (unverified, verified) = SENT.split_at(3);
    for sent in unverified {
        assert_sent(&fixture, *sent).await;
    }
    for user in [BUYER, SELLER] {
        let email = fixture.marketplace.reader.user(id(user)).await.unwrap().unwrap().email;
        fixture.marketplace.run(VerifyEmail { id: id(user), email }).await;
    }
    for sent in verified {
        assert_sent(&fixture, *sent).await;
    }
    assert!(fixture.handle_case("password-reset-unknown-email").await.is_success());
    let unreadable = fixture.handle_case("unreadable").await;
    assert!(unreadable.dead_letter_reason().starts_with("the message cannot be parsed"), "{unreadable:?}");
    // The changes of addresses have tests of their own.
    let without_email = ["password-reset-unknown-email", "unreadable", "user-email-change-requested"];
    assert_all_cases("queue-emails", SENT.iter().map(|(case, ..)| *case).chain(without_email));
}

#[tokio::test]
async fn only_notifications_can_be_unsubscribed_with_one_click() {
    let fixture = Fixture::open().await;
    order_with_history(&fixture).await;
    for (case, ..) in SENT {
        assert!(fixture.handle_case(case).await.is_success(), "{case}");
    }
    for email in fixture.mail_catcher().sent() {
        let kind = email.tags["kind"].as_str();
        let link = email.headers.get("List-Unsubscribe");
        assert_eq!(link.is_some(), ["new-order", "sale-cancelled"].contains(&kind), "{kind}");
        let Some(link) = link else { continue };
        assert_eq!(email.headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
        let url = link.trim_matches(['<', '>']);
        assert!(url.contains("/v1/auth/unsubscribe?token=usr_"), "{url}");
        assert!(email.text.contains(url) && email.html.contains(url), "{}", email.html);
    }
}

#[tokio::test]
async fn emails_have_no_link_to_unsubscribe_without_a_url_of_the_api() {
    let fixture = Fixture::open().await;
    fixture.confirmed_order().await;
    let env = fixture.marketplace.env("queue-emails").with("AGORA_API_URL", "");
    let result = fixture.handle_in(&env, &event_from_file("queue-emails", "order-confirmed")).await;
    assert!(result.is_success(), "{result:?}");
    let email = fixture.mail_catcher().sent_to(SELLER_ADDRESS).pop().unwrap();
    assert_eq!(email.tags["kind"], "new-order");
    assert!(!email.headers.contains_key("List-Unsubscribe"), "{:?}", email.headers);
    assert!(!email.text.contains("unsubscribe") && !email.html.contains("unsubscribe"), "{}", email.text);
}

#[tokio::test]
async fn emails_to_unverified_addresses_contain_no_user_input() {
    let fixture = Fixture::open().await;
    order_with_history(&fixture).await;
    let shipped = "order-shipped";
    for (case, ..) in SENT.iter().filter(|(case, ..)| *case != shipped) {
        assert!(fixture.handle_case(case).await.is_success(), "{case}");
    }
    let greeting = "Hello buyer";
    // The title of the product, and the texts of the order and its shipment.
    let input = [greeting, "Hello seller", "Mug", "late", "Snail", "42>"];
    for email in fixture.mail_catcher().sent() {
        for text in input {
            assert!(!email.text.contains(text) && !email.html.contains(text), "{text}: {}", email.text);
        }
    }
    let verify = VerifyEmail { id: id(BUYER), email: ADDRESS.parse().unwrap() };
    fixture.marketplace.run(verify).await;
    assert!(fixture.handle_case(shipped).await.is_success());
    assert!(fixture.sent().pop().unwrap().text.contains(greeting));
}

#[tokio::test]
async fn late_email_does_not_ask_for_what_is_over() {
    let fixture = Fixture::open().await;
    order_with_history(&fixture).await;
    let order = fixture.marketplace.reader.order(id(ORDER)).await.unwrap().unwrap();
    let facts = OrderEventData::from(&order);
    let (version, status) = (order.version.next(), OrderStatus::Cancelled);
    let cancelled = Order { version, status, ..order };
    fixture.marketplace.put_entity(cancelled, OrderEvent::Cancelled(facts)).await;
    assert!(fixture.handle_case("order-confirmed").await.is_success());
    assert!(fixture.mail_catcher().sent().is_empty(), "neither a confirmation nor a request to ship");
    assert!(fixture.handle_case("order-created").await.is_success());
    assert!(!fixture.sent().pop().unwrap().text.contains("charging your payment method"));
}

#[tokio::test]
async fn seller_gets_no_email_about_unconfirmed_or_own_cancellation() {
    let fixture = Fixture::open().await;
    let placed = fixture.marketplace.order(None).await;
    let cancelled = |order: Order, by: Party, confirmed: bool| {
        let at = order.created_at;
        let entry = |status, by| Transition { status, at, by, reason: None };
        let confirmation = confirmed.then(|| entry(OrderStatus::Confirmed, Party::System));
        let timeline = confirmation.into_iter().chain([entry(OrderStatus::Cancelled, by)]).collect();
        Order { version: order.version.next(), timeline, ..order }
    };
    let by_buyer = cancelled(placed, Party::Buyer, false);
    let by_seller = cancelled(by_buyer.clone(), Party::Seller, true);
    for order in [by_buyer, by_seller] {
        let data = OrderEventData::from(&order);
        fixture.marketplace.put_entity(order, OrderEvent::Cancelled(data)).await;
        assert!(fixture.handle_case("order-cancelled").await.is_success());
        assert!(fixture.mail_catcher().sent_to(SELLER_ADDRESS).is_empty());
    }
    assert_eq!(fixture.sent().len(), 1, "the buyer gets one e-mail");
}

#[tokio::test]
async fn emails_about_a_free_order_mention_no_payment() {
    let fixture = Fixture::open().await;
    let free = test_support::fixture::new_id::<Product>();
    fixture.marketplace.product(&free.to_string(), MARKET, seller(), "FREE", 0, 5).await;
    fixture.marketplace.order_of(id(ORDER), free, 2, Some("pm_card_visa")).await;
    let texts = async |case: &str| {
        assert!(fixture.handle_case(case).await.is_success(), "{case}");
        let text = |address| fixture.mail_catcher().sent_to(address).pop().map(|email| email.text);
        (text(ADDRESS).unwrap(), text(SELLER_ADDRESS).unwrap_or_default())
    };
    let (to_buyer, _) = texts("order-created").await;
    assert!(to_buyer.contains("no payment is needed"), "{to_buyer}");
    fixture.marketplace.advance(FulfilmentTransition::Reserve).await;
    let (to_buyer, to_seller) = texts("order-confirmed").await;
    assert!(to_buyer.contains("No payment is needed") && to_seller.contains("No payment is needed"));
    fixture.marketplace.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    let (to_buyer, to_seller) = texts("order-cancelled").await;
    assert!(to_buyer.contains("there is nothing to refund"), "{to_buyer}");
    assert!(!to_seller.contains("refunded") && to_seller.contains("do not ship"), "{to_seller}");
}
