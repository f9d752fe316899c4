//! Connected accounts and their onboarding.

use std::time::Duration;

use axum::body::Body;
use hyper::{Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Fixture, KEY, ReceivedWebhook, TestResponse, read_response, receiver};
use crate::{Effect, Operation, Rule, signature};

pub(super) const EXPRESS: &str = "type=express&country=DE&email=a%40shop.test&capabilities[transfers][requested]=true&metadata[market]=mkt_1";
const CONNECT_SECRET: &str = "whsec_connect";

impl Fixture {
    /// Creates an account that can receive transfers.
    pub(super) async fn create_enabled_account(&self) -> String {
        let account = self.post("/v1/accounts", EXPRESS).await;
        let id = account.json["id"].as_str().unwrap().to_owned();
        assert_eq!(self.post(&format!("/sandbox/accounts/{id}/complete"), "").await.status, 200);
        id
    }

    pub(super) async fn delete(&self, path: &str) -> TestResponse {
        let request = Request::delete(path).header("authorization", format!("Bearer {KEY}"));
        let request = request.header("idempotency-key", "ignored");
        read_response(self.call(request.body(Body::empty()).unwrap()).await).await
    }

    /// Opens a page or submits a form as a browser does, and returns the status and the redirect or the page.
    async fn browse(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.call(request).await;
        let (status, location) = (response.status(), response.headers().get("location").cloned());
        if let Some(location) = location {
            return (status, location.to_str().unwrap().to_owned());
        }
        let page = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(page.to_vec()).unwrap())
    }

    async fn browse_to(&self, url: &str) -> (StatusCode, String) {
        self.browse(Request::get(url).body(Body::empty()).unwrap()).await
    }

    async fn submit(&self, url: &str, decision: &str) -> (StatusCode, String) {
        let request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        self.browse(request.body(Body::from(format!("decision={decision}"))).unwrap()).await
    }

    async fn link(&self, account: &str) -> Value {
        let form = format!(
            "account={account}&type=account_onboarding&refresh_url=https://shop.test/again\
             &return_url=https://shop.test/done"
        );
        let link = self.post("/v1/account_links", &form).await;
        assert_eq!(link.status, 200);
        link.json
    }
}

/// Types, accounts and objects of the webhooks received so far.
pub(super) fn events(webhooks: &mut UnboundedReceiver<ReceivedWebhook>) -> Vec<Value> {
    std::iter::from_fn(|| webhooks.try_recv().ok()).map(|webhook| webhook.event()).collect()
}

#[tokio::test]
async fn new_account_has_requirements_and_no_capability() {
    let fixture = Fixture::new();
    let created = fixture.post_with_key("/v1/accounts", EXPRESS, "k1").await;
    assert!(fixture.post_with_key("/v1/accounts", EXPRESS, "k1").await.is_replayed());
    let account = &created.json;
    for (member, value) in [
        ("object", json!("account")),
        ("type", json!("express")),
        ("country", json!("DE")),
        ("charges_enabled", json!(false)),
        ("payouts_enabled", json!(false)),
        ("details_submitted", json!(false)),
        ("capabilities", json!({ "transfers": "inactive" })),
        ("metadata", json!({ "market": "mkt_1" })),
    ] {
        assert_eq!(account[member], value, "{member}");
    }
    assert_eq!(account["requirements"]["disabled_reason"], "requirements.past_due");
    assert!(!account["requirements"]["currently_due"].as_array().unwrap().is_empty());
    let path = format!("/v1/accounts/{}", account["id"].as_str().unwrap());
    assert_eq!(fixture.get(&path).await.json, *account);
    let controller = "controller[stripe_dashboard][type]=express&country=FR";
    assert_eq!(fixture.post("/v1/accounts", controller).await.json["type"], "none");
    for form in
        ["type=gold", "type=express&controller[fees][payer]=account", "country=Germany", "email=x", "a=b"]
    {
        assert_eq!(fixture.post("/v1/accounts", form).await.status, 400, "{form}");
    }
}

#[tokio::test]
async fn unknown_account_is_a_403_as_at_stripe() {
    let fixture = Fixture::new();
    let unknown = fixture.get("/v1/accounts/acct_x").await;
    assert_eq!((unknown.status, unknown.code()), (403, "account_invalid"));
    let link = "account=acct_x&type=account_onboarding&refresh_url=https://a.test&return_url=https://a.test";
    let link = fixture.post("/v1/account_links", link).await;
    assert_eq!((link.status, link.code()), (400, "resource_missing"));
}

#[tokio::test]
async fn onboarding_page_completes_the_requirements() {
    let fixture = Fixture::new();
    let account = fixture.post("/v1/accounts", EXPRESS).await.json["id"].as_str().unwrap().to_owned();
    let link = fixture.link(&account).await;
    assert_eq!((&link["object"], &link["expires_at"]), (&json!("account_link"), &json!(1_700_000_300)));
    let url = link["url"].as_str().unwrap();
    let (status, page) = fixture.browse_to(url).await;
    assert!(status == StatusCode::OK && page.contains("<li>external_account"), "{page}");
    let (status, location) = fixture.submit(url, "complete").await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "https://shop.test/done"));
    let account = fixture.get(&format!("/v1/accounts/{account}")).await.json;
    assert_eq!((&account["payouts_enabled"], &account["details_submitted"]), (&json!(true), &json!(true)));
    assert_eq!(account["capabilities"]["transfers"], "active");
    assert_eq!(account["requirements"]["currently_due"], json!([]));
    assert_eq!(account["requirements"]["disabled_reason"], Value::Null);
    let again = fixture.submit(url, "complete").await;
    assert_eq!(again.1, "https://shop.test/again", "the form can be submitted once");
}

#[tokio::test]
async fn owner_who_refuses_returns_with_requirements_due() {
    let fixture = Fixture::new();
    let account = fixture.post("/v1/accounts", EXPRESS).await.json["id"].as_str().unwrap().to_owned();
    let url = fixture.link(&account).await["url"].as_str().unwrap().to_owned();
    fixture.browse_to(&url).await;
    assert_eq!(fixture.submit(&url, "refuse").await.1, "https://shop.test/done");
    let account = fixture.get(&format!("/v1/accounts/{account}")).await.json;
    assert_eq!((&account["payouts_enabled"], &account["details_submitted"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn used_or_expired_link_leads_to_its_refresh_url() {
    let fixture = Fixture::new();
    let account = fixture.post("/v1/accounts", EXPRESS).await.json["id"].as_str().unwrap().to_owned();
    let used = fixture.link(&account).await["url"].as_str().unwrap().to_owned();
    assert_eq!(fixture.submit(&used, "complete").await.1, "https://shop.test/again", "not opened");
    assert_eq!(fixture.browse_to(&used).await.0, StatusCode::OK);
    assert_eq!(fixture.browse_to(&used).await, (StatusCode::SEE_OTHER, "https://shop.test/again".to_owned()));
    let expired = fixture.link(&account).await["url"].as_str().unwrap().to_owned();
    fixture.clock.advance(Duration::from_mins(5));
    assert_eq!(fixture.browse_to(&expired).await.1, "https://shop.test/again");
    assert_eq!(fixture.browse_to("/sandbox/onboarding/al_x").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn link_parameters_are_checked() {
    let fixture = Fixture::new();
    let account = fixture.post("/v1/accounts", EXPRESS).await.json["id"].as_str().unwrap().to_owned();
    let urls = "refresh_url=https://a.test&return_url=https://a.test";
    for (form, code) in [
        (format!("account={account}&{urls}"), "parameter_missing"),
        (format!("account={account}&type=account_onboarding&return_url=https://a.test"), "parameter_missing"),
        (
            format!("account={account}&type=account_onboarding&return_url=shop&refresh_url=https://a.test"),
            "url_invalid",
        ),
        (format!("account={account}&type=account_update&{urls}"), ""),
    ] {
        let refused = fixture.post("/v1/account_links", &form).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{form}");
    }
    fixture.post(&format!("/sandbox/accounts/{account}/reject"), "").await;
    let form = format!("account={account}&type=account_onboarding&{urls}");
    assert_eq!(fixture.post("/v1/account_links", &form).await.status, 400);
}

#[tokio::test]
async fn changes_reach_the_endpoint_of_connected_accounts() {
    let fixture = Fixture::new();
    let (url, mut webhooks) = receiver(0).await;
    let (platform_url, mut platform_webhooks) = receiver(0).await;
    fixture.sandbox.set_webhook_url(Some(platform_url));
    fixture.sandbox.set_connect_webhook(Some(url), CONNECT_SECRET);
    let account = fixture.create_enabled_account().await;
    let webhook = webhooks.recv().await.unwrap();
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    assert_eq!(webhook.headers["stripe-signature"], signature(CONNECT_SECRET, at, &webhook.body));
    let event = webhook.event();
    assert_eq!((&event["type"], &event["account"]), (&json!("account.updated"), &json!(account)));
    assert_eq!(event["data"]["object"]["payouts_enabled"], true);

    let path = |action: &str| format!("/sandbox/accounts/{account}/{action}");
    for (action, form, reason) in [
        ("disable", "", "requirements.past_due"),
        ("complete", "verification=pending", "requirements.pending_verification"),
        ("reject", "reason=terms_of_service", "rejected.terms_of_service"),
    ] {
        let changed = fixture.post(&path(action), form).await.json;
        assert_eq!(changed["requirements"]["disabled_reason"], reason);
        assert_eq!(
            (&changed["payouts_enabled"], &changed["details_submitted"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(webhooks.recv().await.unwrap().event()["data"]["object"], changed);
    }
    assert_eq!(fixture.post(&path("complete"), "").await.status, 400, "it stays rejected");
    assert_eq!(fixture.post(&path("explode"), "").await.status, 400);
    assert_eq!(fixture.post(&path("close"), "").await.json["deleted"], true);
    assert_eq!(webhooks.recv().await.unwrap().kind(), "account.application.deauthorized");
    assert_eq!(fixture.get(&format!("/v1/accounts/{account}")).await.code(), "account_invalid");
    assert!(events(&mut platform_webhooks).is_empty());
}

#[tokio::test]
async fn deleted_account_does_not_exist_any_more() {
    let fixture = Fixture::new();
    let path = format!("/v1/accounts/{}", fixture.create_enabled_account().await);
    assert_eq!(fixture.delete(&path).await.json["deleted"], true);
    let again = fixture.delete(&path).await;
    assert_eq!((again.status, again.is_replayed()), (403, false), "a DELETE has no idempotency key");
    assert!(fixture.sandbox.ledger().accounts[0].closed);
}

#[tokio::test]
async fn fault_rules_apply_to_accounts() {
    let fixture = Fixture::new();
    let fail = Effect::Fail { status: 503 };
    fixture.sandbox.add_fault_rule(Rule::on(Operation::CreateAccount, fail).times(1));
    assert_eq!(fixture.post_with_key("/v1/accounts", EXPRESS, "k1").await.status, 503);
    assert!(fixture.sandbox.ledger().accounts.is_empty());
    let dropped = Effect::ChargeAndDropResponse { answer: crate::DroppedResponse::InternalError };
    fixture.sandbox.add_fault_rule(Rule::on(Operation::CreateAccount, dropped).times(1));
    assert_eq!(fixture.post_with_key("/v1/accounts", EXPRESS, "k1").await.status, 500);
    assert_eq!(fixture.sandbox.ledger().accounts.len(), 1);
    let again = fixture.post_with_key("/v1/accounts", EXPRESS, "k1").await;
    assert_eq!((again.status, again.is_replayed()), (500, true));
}
