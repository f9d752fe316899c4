//! E-mails: their contents and links, duplicate events, and crashes of the sender.

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use local::services::ses::Email;
use serde_json::json;
use shared::domain::user::Role;
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::audit::{AuditSnapshot, Expectations, HttpLog};
use test_support::seeded_bugs::mutation;
use test_support::{TestApp, TestUser};

const EMAILS: &str = "queue-emails";

/// Waits for an e-mail of this kind to an address.
async fn email(app: &TestApp, address: &str, kind: &str) -> Email {
    let poll = || async { of_kind(app, address, kind).pop() };
    eventually(&format!("an e-mail of kind {kind} is sent"), poll).await
}

fn of_kind(app: &TestApp, address: &str, kind: &str) -> Vec<Email> {
    let mut sent = app.stack().mail().sent_to(address);
    sent.retain(|email| email.tags["kind"] == kind);
    sent
}

/// Token in the e-mail's link to a page.
fn token(email: &Email, page: &str) -> String {
    let start = format!("http://localhost:3000/{page}#token=");
    let link = email.link(&start).unwrap_or_else(|| panic!("no link to {page} in {}", email.text));
    link.strip_prefix(&start).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn welcome_email_verifies_address_and_has_correlation_id() {
    let app = TestApp::start().await;
    let account = json!({ "email": "ada@example.com", "password": "correct horse battery", "name": "Ada" });
    let register = app.request(Method::POST, "/v1/auth/register").header("x-correlation-id", "signup-7f3a");
    assert_eq!(register.json(&account).send().await.data(StatusCode::CREATED)["emailVerified"], false);

    let welcome = email(&app, "ada@example.com", "welcome").await;
    assert_eq!(welcome.headers["X-Correlation-Id"], "signup-7f3a");
    let token = token(&welcome, "verify-email");
    assert!(welcome.html.contains(&token), "text and HTML have the link");
    let verify =
        || app.request(Method::POST, "/v1/auth/verify-email").json(&json!({ "token": token })).send();
    assert_eq!(verify().await.data(StatusCode::OK)["emailVerified"], true);
    assert_eq!(verify().await.status, StatusCode::UNAUTHORIZED, "the link can be used once");

    app.wait_until_idle().await;
    assert_eq!(app.stack().mail().sent().len(), 1);
    let logs = app.stack().logs().lines(EMAILS).join("\n");
    assert!(logs.contains("signup-7f3a"), "{logs}");
    for secret in [token.as_str(), "ada@example.com", "Ada"] {
        assert!(!logs.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn password_reset_email_is_sent_to_known_addresses_only() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    for address in [ada.email.as_str(), "unknown@example.com"] {
        let forgot = app.request(Method::POST, "/v1/auth/password-reset").json(&json!({ "email": address }));
        assert_eq!(forgot.send().await.status, StatusCode::ACCEPTED);
    }
    let token = token(&email(&app, &ada.email, "reset").await, "reset-password");
    let confirmation = json!({ "token": token, "password": "another horse" });
    let confirm =
        app.request(Method::POST, "/v1/auth/password-reset/confirm").json(&confirmation).send().await;
    assert!(confirm.status.is_success(), "{}", confirm.text);
    let login = json!({ "email": ada.email, "password": "another horse" });
    let logged_in = app.request(Method::POST, "/v1/auth/login").json(&login).send().await;
    assert_eq!(logged_in.status, StatusCode::OK, "{}", logged_in.text);
    app.wait_until_idle().await;
    assert!(app.stack().mail().sent_to("unknown@example.com").is_empty());
}

/// Registers a user and verifies the address, without which an e-mail contains no text that users wrote.
async fn register_verified(app: &TestApp, name: &str) -> TestUser {
    let user = app.register(name).await;
    let token = token(&email(app, &user.email, "welcome").await, "verify-email");
    let verify = app.request(Method::POST, "/v1/auth/verify-email").json(&json!({ "token": token }));
    assert_eq!(verify.send().await.data(StatusCode::OK)["emailVerified"], true);
    user
}

/// Executes an action of the seller on an order.
async fn execute_as_seller(
    app: &TestApp,
    seller: &TestUser,
    order: &str,
    action: &str,
    body: &serde_json::Value,
) {
    let path = format!("/v1/orders/{order}/{action}");
    let response = app.request(Method::POST, &path).by(seller).key(action).json(body).send().await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn buyer_gets_emails_from_confirmation_to_refund() {
    let app = TestApp::start().await;
    let seller = register_verified(&app, "seller").await;
    let buyer = register_verified(&app, "buyer").await;
    let product = app.product(&seller, 1_999, 10).await;
    let placed = app.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await.data(StatusCode::CREATED);
    let id = placed["id"].as_str().unwrap();
    assert!(email(&app, &buyer.email, "order-received").await.text.contains("Total: 39.98 EUR"));
    let confirmed = email(&app, &buyer.email, "order-confirmed").await;
    assert!(confirmed.text.contains("2 x Mug: 39.98 EUR"), "{}", confirmed.text);
    assert!(confirmed.link(&format!("http://localhost:3000/orders/{id}")).is_some(), "{}", confirmed.text);

    let shipment = json!({ "carrier": "Snail", "trackingNumber": "S-42" });
    execute_as_seller(&app, &seller, id, "ship", &shipment).await;
    assert!(email(&app, &buyer.email, "order-shipped").await.text.contains("S-42"));
    execute_as_seller(&app, &seller, id, "deliver", &json!({})).await;
    email(&app, &buyer.email, "order-delivered").await;
    let part = json!({ "reason": "chipped", "amount": { "amount": 500, "currency": "EUR" } });
    execute_as_seller(&app, &seller, id, "refund", &part).await;
    let part = email(&app, &buyer.email, "order-refunded").await;
    assert!(part.text.contains("Refunded so far: 5.00 EUR"), "{}", part.text);
    app.wait_until_idle().await;
    assert_eq!(of_kind(&app, &buyer.email, "order-refunded").len(), 1);
    let to_seller = app.stack().mail().sent_to(&seller.email);
    let kinds: Vec<&str> = to_seller.iter().map(|email| email.tags["kind"].as_str()).collect();
    assert_eq!(kinds, ["welcome", "new-order"]);
    assert_each_email_is_sent_once(&app).await;
}

/// Checks the auditor's invariants of e-mails: each that is due was sent once, and no other.
pub(crate) async fn assert_each_email_is_sent_once(app: &TestApp) {
    let snapshot = AuditSnapshot::read(app).await;
    let found: Vec<String> = snapshot
        .violations(&Expectations::default(), &HttpLog::default())
        .iter()
        .map(ToString::to_string)
        .filter(|violation| violation.contains("e-mail"))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancellation_is_reported_to_buyer_and_seller() {
    let app = TestApp::start().await;
    let seller = register_verified(&app, "seller").await;
    let buyer = register_verified(&app, "buyer").await;
    let product = app.product(&seller, 1_999, 10).await;
    let placed = app.order(&buyer, "k1", &product, 1, Some("pm_card_visa")).await.data(StatusCode::CREATED);
    let id = placed["id"].as_str().unwrap();
    app.wait_for_order(&buyer, id, &["confirmed"]).await;
    let cancel = app.request(Method::POST, &format!("/v1/orders/{id}/cancel")).by(&buyer).key("cancel");
    let cancelled = cancel.json(&json!({ "reason": "<b>changed</b> my mind" })).send().await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.text);
    let to_buyer = email(&app, &buyer.email, "order-cancelled").await;
    assert!(to_buyer.text.contains("You cancelled the order."), "{}", to_buyer.text);
    let to_seller = email(&app, &seller.email, "sale-cancelled").await;
    for email in [to_buyer, to_seller] {
        assert!(email.text.contains("Reason: <b>changed</b> my mind"), "{}", email.text);
        assert!(!email.html.contains("<b>"), "{}", email.html);
    }
    email(&app, &buyer.email, "order-refunded").await;
    app.wait_until_idle().await;
    assert_each_email_is_sent_once(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_order_is_reported_to_the_buyer() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let declined = Some("pm_card_chargeDeclined");
    let placed = app.order(&buyer, "k1", &product, 1, declined).await.data(StatusCode::CREATED);
    app.wait_for_order(&buyer, placed["id"].as_str().unwrap(), &["rejected"]).await;
    let rejected = email(&app, &buyer.email, "order-rejected").await;
    assert!(rejected.text.contains("Reason: payment declined: generic_decline"), "{}", rejected.text);
    app.wait_until_idle().await;
    assert_eq!(app.stack().mail().sent_to(&seller.email).len(), 1, "the seller gets the welcome e-mail only");
    assert_each_email_is_sent_once(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seller_unsubscribes_with_one_click() {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let _ = app.order(&buyer, "k1", &product, 1, Some("pm_card_visa")).await.data(StatusCode::CREATED);
    let notification = email(&app, &seller.email, "new-order").await;
    assert_eq!(notification.headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    let link = notification.headers["List-Unsubscribe"].trim_matches(['<', '>']).to_owned();
    let path = &link[link.find("/v1/").unwrap()..];
    let page = app.request(Method::GET, path).send().await;
    assert!(page.text.contains("<form method=\"post\">"), "{}", page.text);
    let me = || app.request(Method::GET, "/v1/users/me").by(&seller).send();
    assert_eq!(me().await.data(StatusCode::OK)["notifications"]["sales"], true, "the page changes nothing");
    let form = "application/x-www-form-urlencoded";
    let click = app.request(Method::POST, path).body(form, "List-Unsubscribe=One-Click").send().await;
    assert_eq!(click.status, StatusCode::OK, "{}", click.text);
    assert_eq!(me().await.data(StatusCode::OK)["notifications"]["sales"], false);

    let second = app.order(&buyer, "k2", &product, 1, Some("pm_card_visa")).await.data(StatusCode::CREATED);
    app.wait_for_order(&buyer, second["id"].as_str().unwrap(), &["confirmed"]).await;
    app.wait_until_idle().await;
    assert_eq!(of_kind(&app, &seller.email, "new-order").len(), 1);
    assert_eq!(of_kind(&app, &buyer.email, "order-confirmed").len(), 2);
    assert_each_email_is_sent_once(&app).await;
    let token = link.rsplit('=').next().unwrap();
    for function in [EMAILS, "api-users", "api-auth"] {
        let logs = app.stack().logs().lines(function).join("\n");
        assert!(!logs.is_empty() && !logs.contains(&seller.email) && !logs.contains(token), "{logs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invited_person_sets_a_password_and_logs_in() {
    let app = TestApp::start().await;
    let admin = app.user_with_role("admin", Role::Admin).await;
    let account = json!({ "email": "grace@example.com", "name": "Grace", "role": "moderator" });
    let create = || app.request(Method::POST, "/v1/users").by(&admin).key("invite").json(&account).send();
    let created = create().await.data(StatusCode::CREATED);
    assert_eq!(create().await.data(StatusCode::CREATED), created, "a repetition returns the same account");
    let log_in = |password: &str| {
        let login = json!({ "email": "grace@example.com", "password": password });
        app.request(Method::POST, "/v1/auth/login").json(&login).send()
    };
    assert_eq!(log_in("!!!!!!!!").await.status, StatusCode::UNAUTHORIZED);
    let invitation = email(&app, "grace@example.com", "invitation").await;
    let token = token(&invitation, "accept-invitation");
    let confirmation = json!({ "token": token, "password": "another horse" });
    let confirm = || app.request(Method::POST, "/v1/auth/password-reset/confirm").json(&confirmation).send();
    assert!(confirm().await.status.is_success());
    assert_eq!(confirm().await.status, StatusCode::UNAUTHORIZED, "the token can be used once");
    let user = log_in("another horse").await.data(StatusCode::OK)["user"].clone();
    assert_eq!((&user["id"], &user["emailVerified"]), (&created["id"], &json!(true)));
    assert_eq!(user["role"], "moderator");
    app.wait_until_idle().await;
    assert_eq!(app.stack().mail().sent_to("grace@example.com").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn buyer_gets_an_email_about_an_expired_order() {
    let app = TestApp::start_with(|builder| builder.parameter("PaymentWindowSeconds", "1")).await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    let placed = app.order(&buyer, "k1", &product, 2, None).await.data(StatusCode::CREATED);
    let expired = || async {
        app.stack().run_schedule("schedule-sweeper").await.unwrap();
        (app.get_order(&buyer, placed["id"].as_str().unwrap()).await["status"] == "expired").then_some(())
    };
    eventually("the order expires", expired).await;
    email(&app, &buyer.email, "order-expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn event_delivered_ten_times_sends_one_email() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    email(&app, &ada.email, "welcome").await;
    let message = email_changed(&ada);
    futures::future::join_all((0..10).map(|_| app.send_message("EmailsQueue", &message))).await;
    email(&app, &ada.email, "verify").await;
    app.wait_until_idle().await;
    assert_eq!(of_kind(&app, &ada.email, "verify").len(), 1);
}

/// The `user.email_changed` message of a user, as the relay sends it.
fn email_changed(customer: &TestUser) -> String {
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
async fn killed_sender_loses_no_email_and_repeats_at_most_once() {
    let app = TestApp::start().await;
    let ses = |fault| Rule::new(EMAILS, fault).service(Service::Ses);
    let recording = |fault| Rule::new(EMAILS, fault).operation("TransactWriteItems").nth(2);
    let trials = [
        ("before-sending", ses(Fault::KillBefore), 1),
        ("after-sending", ses(Fault::KillAfter), 2),
        ("before-recording", recording(Fault::KillBefore), 2),
        ("after-recording", recording(Fault::KillAfter), 1),
    ];
    let mut killed = Vec::new();
    for (name, kill, sends) in trials {
        let injection = app.stack().faults().inject(kill);
        let customer = app.register(name).await;
        assert!(injection.wait_until_triggered(WAIT_TIMEOUT).await, "{name}: the call was never made");
        killed.push((name, customer.email, sends));
    }
    // Ends the visibility timeouts early. The messages are redelivered when their senders are known to be
    // dead.
    assert_eq!(app.stack().redeliver().await, killed.len());
    app.wait_until_idle().await;
    for (name, address, sends) in killed {
        assert_eq!(of_kind(&app, &address, "welcome").len(), sends, "{name}");
    }
    println!("kill -9 of the e-mail sender: 4 trials, 0 lost, 0 sent more than twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn email_without_stored_decision_is_detected_as_sent_twice() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    email(&app, &ada.email, "welcome").await;
    // Without its dispatch record, each delivery sends the e-mail.
    app.stack().faults().add_mutation(mutation("email-dispatch-ignored"));
    let message = email_changed(&ada);
    for _ in 0..2 {
        app.send_message("EmailsQueue", &message).await;
    }
    let twice = || async { (of_kind(&app, &ada.email, "verify").len() >= 2).then_some(()) };
    eventually("the e-mail is sent twice", twice).await;
}
