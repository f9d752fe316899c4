//! E-mails: from the request that causes them to the link in them, and what becomes of them in a crash.

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use local::services::ses::Email;
use serde_json::json;
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::seeded_bugs::mutation;
use test_support::{TestApp, TestUser};

const EMAILS: &str = "queue-emails";

/// The e-mail of this kind that the address got, once it did.
async fn email(shop: &TestApp, address: &str, kind: &str) -> Email {
    let look = || async { of_kind(shop, address, kind).pop() };
    eventually(&format!("an e-mail of kind {kind} is sent"), look).await
}

fn of_kind(shop: &TestApp, address: &str, kind: &str) -> Vec<Email> {
    let mut sent = shop.stack().mail().sent_to(address);
    sent.retain(|email| email.tags["kind"] == kind);
    sent
}

/// The token that a page of the e-mail's link is given.
fn token(email: &Email, page: &str) -> String {
    let start = format!("http://localhost:3000/{page}#token=");
    let link = email.link(&start).unwrap_or_else(|| panic!("no link to {page} in {}", email.text));
    link.strip_prefix(&start).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_in_the_welcome_verifies_the_address_and_carries_the_correlation_id_of_the_request() {
    let shop = TestApp::open().await;
    let account = json!({ "email": "ada@example.com", "password": "correct horse battery", "name": "Ada" });
    let register = shop.ask(Method::POST, "/v1/auth/register").header("x-correlation-id", "signup-7f3a");
    assert_eq!(register.json(&account).send().await.data(StatusCode::CREATED)["emailVerified"], false);

    let welcome = email(&shop, "ada@example.com", "welcome").await;
    assert_eq!(welcome.headers["X-Correlation-Id"], "signup-7f3a");
    let token = token(&welcome, "verify-email");
    assert!(welcome.html.contains(&token), "both forms have the link");
    let verify = || shop.ask(Method::POST, "/v1/auth/verify-email").json(&json!({ "token": token })).send();
    assert_eq!(verify().await.data(StatusCode::OK)["emailVerified"], true);
    assert_eq!(verify().await.status, StatusCode::UNAUTHORIZED, "the link is good once");

    shop.wait_until_idle().await;
    assert_eq!(shop.stack().mail().sent().len(), 1);
    let logs = shop.stack().logs().lines(EMAILS).join("\n");
    assert!(logs.contains("signup-7f3a"), "{logs}");
    for secret in [token.as_str(), "ada@example.com", "Ada"] {
        assert!(!logs.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_to_a_forgotten_password_lets_choose_another_and_nobody_else_hears_of_it() {
    let shop = TestApp::open().await;
    let ada = shop.customer("ada").await;
    for address in [ada.email.as_str(), "nobody@example.com"] {
        let forgot = shop.ask(Method::POST, "/v1/auth/password-reset").json(&json!({ "email": address }));
        assert_eq!(forgot.send().await.status, StatusCode::ACCEPTED);
    }
    let token = token(&email(&shop, &ada.email, "reset").await, "reset-password");
    let choice = json!({ "token": token, "password": "another horse" });
    let confirm = shop.ask(Method::POST, "/v1/auth/password-reset/confirm").json(&choice).send().await;
    assert!(confirm.status.is_success(), "{}", confirm.text);
    let login = json!({ "email": ada.email, "password": "another horse" });
    let logged_in = shop.ask(Method::POST, "/v1/auth/login").json(&login).send().await;
    assert_eq!(logged_in.status, StatusCode::OK, "{}", logged_in.text);
    shop.wait_until_idle().await;
    assert!(shop.stack().mail().sent_to("nobody@example.com").is_empty());
}

/// The seller does something with an order.
async fn seller_does(shop: &TestApp, seller: &TestUser, order: &str, what: &str, body: &serde_json::Value) {
    let path = format!("/v1/orders/{order}/{what}");
    let asked = shop.ask(Method::POST, &path).by(seller).key(what).json(body).send().await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_is_written_about_an_order_from_its_confirmation_to_its_refund() {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let placed = shop.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await.data(StatusCode::CREATED);
    let id = placed["id"].as_str().unwrap();
    let confirmed = email(&shop, &buyer.email, "order-confirmed").await;
    assert!(confirmed.text.contains("2 x Mug: 39.98 EUR"), "{}", confirmed.text);
    assert!(confirmed.link(&format!("http://localhost:3000/orders/{id}")).is_some(), "{}", confirmed.text);

    let shipment = json!({ "carrier": "Snail", "trackingNumber": "S-42" });
    seller_does(&shop, &seller, id, "ship", &shipment).await;
    assert!(email(&shop, &buyer.email, "order-shipped").await.text.contains("S-42"));
    let part = json!({ "reason": "chipped", "amount": { "amount": 500, "currency": "EUR" } });
    seller_does(&shop, &seller, id, "refund", &part).await;
    let part = email(&shop, &buyer.email, "order-refunded").await;
    assert!(part.text.contains("Refunded so far: 5.00 EUR"), "{}", part.text);
    shop.wait_until_idle().await;
    assert_eq!(of_kind(&shop, &buyer.email, "order-refunded").len(), 1);
    assert_eq!(shop.stack().mail().sent_to(&seller.email).len(), 1, "the seller is welcomed, and no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_is_written_about_an_order_that_expired() {
    let shop = TestApp::open_with(|builder| builder.parameter("PaymentWindowSeconds", "1")).await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    let placed = shop.order(&buyer, "k1", &product, 2, None).await.data(StatusCode::CREATED);
    let expired = || async {
        shop.stack().run_schedule("schedule-sweeper").await.unwrap();
        (shop.get_order(&buyer, placed["id"].as_str().unwrap()).await["status"] == "expired").then_some(())
    };
    eventually("the order expires", expired).await;
    email(&shop, &buyer.email, "order-expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_ten_times_at_once_is_one_email() {
    let shop = TestApp::open().await;
    let ada = shop.customer("ada").await;
    email(&shop, &ada.email, "welcome").await;
    let message = changed(&ada);
    futures::future::join_all((0..10).map(|_| shop.send_message("EmailsQueue", &message))).await;
    email(&shop, &ada.email, "verify").await;
    shop.wait_until_idle().await;
    assert_eq!(of_kind(&shop, &ada.email, "verify").len(), 1);
}

/// The message that somebody's address has changed, as the relay would send it.
fn changed(customer: &TestUser) -> String {
    let id = customer.id.as_str();
    json!({
        "id": format!("{id}.2"),
        "schema": 1,
        "subject": id,
        "sequence": 2,
        "occurredAt": local::system::clock::now(),
        "correlationId": "a-duplicate",
        "type": "user.email_changed",
        "data": { "userId": id },
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_killed_loses_no_email_and_repeats_it_at_most_once() {
    let shop = TestApp::open().await;
    let ses = |fault| Rule::new(EMAILS, fault).service(Service::Ses);
    let noting = |fault| Rule::new(EMAILS, fault).operation("TransactWriteItems").nth(2);
    let trials = [
        ("before-it-is-sent", ses(Fault::KillBefore), 1),
        ("after-it-is-sent", ses(Fault::KillAfter), 2),
        ("before-that-is-noted", noting(Fault::KillBefore), 2),
        ("after-that-is-noted", noting(Fault::KillAfter), 1),
    ];
    let mut killed = Vec::new();
    for (name, kill, sends) in trials {
        let struck = shop.stack().faults().inject(kill);
        let customer = shop.customer(name).await;
        assert!(struck.wait_until_triggered(WAIT_TIMEOUT).await, "{name}: the call was never made");
        killed.push((name, customer.email, sends));
    }
    // As if the messages' time were over; they come back once more when their senders are known to be dead.
    assert_eq!(shop.stack().redeliver().await, killed.len());
    shop.wait_until_idle().await;
    for (name, address, sends) in killed {
        assert_eq!(of_kind(&shop, &address, "welcome").len(), sends, "{name}");
    }
    println!("kill -9 of the sender of e-mails: 4 trials, 0 lost, 0 sent more than twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_whose_decision_is_not_kept_is_noticed_to_be_sent_twice() {
    let shop = TestApp::open().await;
    let ada = shop.customer("ada").await;
    email(&shop, &ada.email, "welcome").await;
    // Without the condition that guards a version, each delivery takes the e-mail for its own.
    shop.stack().faults().add_mutation(mutation("email-not-remembered"));
    let message = changed(&ada);
    for _ in 0..2 {
        shop.send_message("EmailsQueue", &message).await;
    }
    let twice = || async { (of_kind(&shop, &ada.email, "verify").len() >= 2).then_some(()) };
    eventually("the e-mail is sent twice", twice).await;
}
