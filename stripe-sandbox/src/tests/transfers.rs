//! Transfers and their reversals.

use std::time::Duration;

use serde_json::{Value, json};

use super::accounts::events;
use super::balance::balance;
use super::{CHARGE, Fixture, receiver};
use crate::{DroppedResponse, Effect, Operation, Rule};

const TRANSFERS: &str = "/v1/transfers";

impl Fixture {
    /// Charges 19.99 EUR, of which 19.44 EUR are available.
    pub(super) async fn add_funds(&self) {
        let charge = CHARGE.replace("visa", "bypassPending");
        assert_eq!(self.post("/v1/payment_intents", &charge).await.status, 200);
    }

    async fn transfer(&self, account: &str, amount: i64) -> Value {
        let form = transfer_to(account, amount);
        let transfer = self.post(TRANSFERS, &form).await;
        assert_eq!(transfer.status, 200, "{}", transfer.json);
        transfer.json
    }
}

fn transfer_to(account: &str, amount: i64) -> String {
    format!(
        "amount={amount}&currency=eur&destination={account}&transfer_group=pay_1&metadata[payout]=pay_1&description=x"
    )
}

#[tokio::test]
async fn transfer_takes_available_funds_once_per_key() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    let account = fixture.create_enabled_account().await;
    let form = transfer_to(&account, 1_000);
    let transfer = fixture.post_with_key(TRANSFERS, &form, "pay_1-transfer-1").await;
    assert!(fixture.post_with_key(TRANSFERS, &form, "pay_1-transfer-1").await.is_replayed());
    let transfer = transfer.json;
    for (member, value) in [
        ("object", json!("transfer")),
        ("amount", json!(1_000)),
        ("amount_reversed", json!(0)),
        ("currency", json!("eur")),
        ("destination", json!(account)),
        ("transfer_group", json!("pay_1")),
        ("metadata", json!({ "payout": "pay_1" })),
        ("reversed", json!(false)),
    ] {
        assert_eq!(transfer[member], value, "{member}");
    }
    assert_eq!(balance(&fixture).await, (944, 0));
    let transactions = fixture.get("/v1/balance_transactions?type=transfer&expand[]=data.source").await.json;
    let transaction = &transactions["data"][0];
    assert_eq!((&transaction["amount"], &transaction["source"]), (&json!(-1_000), &transfer));
    assert_eq!(transaction["id"], transfer["balance_transaction"]);
    let path = format!("{TRANSFERS}/{}", transfer["id"].as_str().unwrap());
    assert_eq!(fixture.get(&path).await.json, transfer);
    assert_eq!(fixture.get(&format!("{TRANSFERS}/tr_x")).await.status, 404);
}

#[tokio::test]
async fn pending_funds_do_not_count_and_the_key_remembers_it() {
    let fixture = Fixture::new();
    fixture.create_captured_payment().await;
    let account = fixture.create_enabled_account().await;
    let form = transfer_to(&account, 1_944);
    let refused = fixture.post_with_key(TRANSFERS, &form, "k1").await;
    assert_eq!((refused.status, refused.code()), (400, "balance_insufficient"));
    fixture.clock.advance(Duration::from_hours(48) - Duration::from_secs(1));
    assert_eq!(fixture.post_with_key(TRANSFERS, &form, "k2").await.code(), "balance_insufficient");
    fixture.clock.advance(Duration::from_secs(1));
    let replayed = fixture.post_with_key(TRANSFERS, &form, "k2").await;
    assert_eq!((replayed.code(), replayed.is_replayed()), ("balance_insufficient", true));
    let too_much = fixture.post(TRANSFERS, &transfer_to(&account, 1_945)).await;
    assert_eq!(too_much.code(), "balance_insufficient");
    assert_eq!(fixture.post_with_key(TRANSFERS, &form, "k3").await.status, 200);
    assert_eq!(balance(&fixture).await, (0, 0));
}

#[tokio::test]
async fn invalid_parameters_are_refused_and_not_stored() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    let account = fixture.create_enabled_account().await;
    for (form, code, param) in [
        (transfer_to(&account, 0), "parameter_invalid_integer", "amount"),
        (transfer_to(&account, -5), "parameter_invalid_integer", "amount"),
        (format!("currency=eur&destination={account}"), "parameter_missing", "amount"),
        (format!("amount=5&destination={account}"), "parameter_missing", "currency"),
        ("amount=5&currency=eur".to_owned(), "parameter_missing", "destination"),
        (transfer_to(&account, 5) + "&colour=red", "parameter_unknown", "colour"),
    ] {
        let refused = fixture.post_with_key(TRANSFERS, &form, "k1").await;
        let error = &refused.json["error"];
        assert_eq!((refused.status, &error["code"], &error["param"]), (400, &json!(code), &json!(param)));
    }
    let other_currency = transfer_to(&account, 5).replace("eur", "usd");
    assert_eq!(fixture.post(TRANSFERS, &other_currency).await.code(), "balance_insufficient");
    let no_currency = transfer_to(&account, 5).replace("eur", "euro");
    assert_eq!(fixture.post(TRANSFERS, &no_currency).await.json["error"]["param"], "currency");
    assert_eq!(fixture.post_with_key(TRANSFERS, &transfer_to(&account, 5), "k1").await.status, 200);
}

#[tokio::test]
async fn account_without_the_capability_receives_nothing() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    let unknown = fixture.post(TRANSFERS, &transfer_to("acct_x", 5)).await;
    assert_eq!((unknown.status, unknown.code()), (400, "resource_missing"));
    assert_eq!(unknown.json["error"]["param"], "destination");
    let new = fixture.post("/v1/accounts", super::accounts::EXPRESS).await.json;
    let new = new["id"].as_str().unwrap();
    let code = "insufficient_capabilities_for_transfer";
    assert_eq!(fixture.post(TRANSFERS, &transfer_to(new, 5)).await.code(), code);
    let account = fixture.create_enabled_account().await;
    for (action, form, expected) in [
        ("disable", "", code),
        ("complete", "verification=pending", code),
        ("complete", "", ""),
        ("reject", "", code),
        ("close", "", "resource_missing"),
    ] {
        fixture.post(&format!("/sandbox/accounts/{account}/{action}"), form).await;
        assert_eq!(fixture.post(TRANSFERS, &transfer_to(&account, 5)).await.code(), expected, "{action}");
    }
    assert_eq!(fixture.sandbox.ledger().transfers.len(), 1);
}

#[tokio::test]
async fn transfers_are_listed_by_group_and_destination() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    let (one, other) = (fixture.create_enabled_account().await, fixture.create_enabled_account().await);
    let first = fixture.transfer(&one, 1).await;
    let second = fixture.post(TRANSFERS, &transfer_to(&other, 2).replace("pay_1", "pay_2")).await.json;
    let of_group = fixture.get(&format!("{TRANSFERS}?transfer_group=pay_1")).await.json;
    assert_eq!(of_group["data"], json!([first]));
    let of_account = fixture.get(&format!("{TRANSFERS}?destination={other}&limit=1")).await.json;
    assert_eq!((&of_account["data"], &of_account["has_more"]), (&json!([second]), &json!(false)));
    let page = fixture.get(&format!("{TRANSFERS}?limit=1")).await.json;
    assert_eq!((&page["data"], &page["has_more"]), (&json!([second]), &json!(true)));
}

#[tokio::test]
async fn transfer_with_a_lost_response_is_found_by_its_group() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    let account = fixture.create_enabled_account().await;
    let dropped = Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError };
    fixture.sandbox.add_fault_rule(Rule::on(Operation::CreateTransfer, dropped).times(1));
    let form = transfer_to(&account, 10);
    assert_eq!(fixture.post_with_key(TRANSFERS, &form, "k1").await.status, 500);
    assert_eq!(fixture.post_with_key(TRANSFERS, &form, "k1").await.status, 500);
    let found = fixture.get(&format!("{TRANSFERS}?transfer_group=pay_1")).await.json;
    assert_eq!((found["data"].as_array().unwrap().len(), &found["data"][0]["amount"]), (1, &json!(10)));
    let fail = Effect::Fail { status: 500 };
    fixture.sandbox.add_fault_rule(Rule::on(Operation::CreateTransfer, fail).times(1));
    assert_eq!(fixture.post_with_key(TRANSFERS, &form, "k2").await.status, 500);
    assert_eq!(fixture.sandbox.ledger().transfers.len(), 1);
}

#[tokio::test]
async fn reversals_return_funds_up_to_the_transfer() {
    let fixture = Fixture::new();
    let (url, mut webhooks) = receiver(0).await;
    fixture.add_funds().await;
    let account = fixture.create_enabled_account().await;
    fixture.sandbox.set_webhook_url(Some(url));
    let transfer = fixture.transfer(&account, 1_000).await;
    let id = transfer["id"].as_str().unwrap();
    let reversals = format!("{TRANSFERS}/{id}/reversals");
    let part = fixture.post_with_key(&reversals, "amount=300&metadata[why]=refund", "k1").await.json;
    assert_eq!((&part["object"], &part["transfer"]), (&json!("transfer_reversal"), &json!(id)));
    assert!(fixture.post_with_key(&reversals, "amount=300&metadata[why]=refund", "k1").await.is_replayed());
    assert_eq!(balance(&fixture).await, (1_244, 0));
    assert_eq!(fixture.post(&reversals, "amount=701").await.status, 400);
    let rest = fixture.post(&format!("/sandbox/transfers/{id}/reverse"), "").await.json;
    assert_eq!(rest["amount"], 700);
    assert_eq!(fixture.post(&reversals, "").await.status, 400, "it is already reversed");
    assert_eq!(balance(&fixture).await, (1_944, 0));
    let reversed = fixture.get(&format!("{TRANSFERS}/{id}")).await.json;
    assert_eq!((&reversed["reversed"], &reversed["amount_reversed"]), (&json!(true), &json!(1_000)));
    assert_eq!(reversed["reversals"]["data"], json!([rest, part]));
    let refunds = fixture.get("/v1/balance_transactions?type=transfer_refund").await.json;
    assert_eq!(refunds["data"][0]["source"], rest["id"]);
    assert_eq!(refunds["data"][0]["reporting_category"], "transfer_reversal");
    fixture.sandbox.deliver_pending_webhooks().await;
    let events = events(&mut webhooks);
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["transfer.created", "transfer.reversed", "transfer.reversed"]);
    assert_eq!(events[2]["data"]["object"], reversed);
}

#[tokio::test]
async fn account_with_a_balance_cannot_be_deleted() {
    let fixture = Fixture::new();
    fixture.add_funds().await;
    let account = fixture.create_enabled_account().await;
    let transfer = fixture.transfer(&account, 1_000).await;
    let path = format!("/v1/accounts/{account}");
    let refused = fixture.delete(&path).await;
    assert!(refused.json["error"]["message"].as_str().unwrap().contains("eur"), "{}", refused.json);
    let reverse = format!("/sandbox/transfers/{}/reverse", transfer["id"].as_str().unwrap());
    fixture.post(&reverse, "").await;
    assert_eq!(fixture.delete(&path).await.status, 200);
}
