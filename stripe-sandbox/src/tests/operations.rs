//! Fault rules on each operation of the balance, of Connect and of disputes.

use super::Fixture;
use crate::{DroppedResponse, Effect, Operation, Rates, Rule};

/// Operation with a call of it. `{acct}`, `{tr}`, `{du}`, `{po}`, `{pi}` and `{al}` are ids of objects.
const CALLS: [(Operation, &str, &str); 24] = [
    (Operation::RetrieveTransaction, "GET /v1/balance_transactions", ""),
    (Operation::RetrieveBalance, "GET /v1/balance", ""),
    (Operation::CreateAccount, "POST /v1/accounts", "type=express"),
    (Operation::RetrieveAccount, "GET /v1/accounts/{acct}", ""),
    (
        Operation::CreateAccountLink,
        "POST /v1/account_links",
        "account={acct}&type=account_onboarding&refresh_url=http://a&return_url=http://b",
    ),
    (Operation::Onboard, "POST /sandbox/account_links/{al}/open", ""),
    (Operation::Onboard, "POST /sandbox/account_links/{al}/submit", ""),
    (Operation::CreateTransfer, "POST /v1/transfers", "amount=5&currency=eur&destination={acct}"),
    (Operation::RetrieveTransfer, "GET /v1/transfers", ""),
    (Operation::RetrieveTransfer, "GET /v1/transfers/{tr}", ""),
    (Operation::ReverseTransfer, "POST /v1/transfers/{tr}/reversals", "amount=1"),
    (Operation::ReverseInDashboard, "POST /sandbox/transfers/{tr}/reverse", "amount=1"),
    (Operation::RetrieveDispute, "GET /v1/disputes", ""),
    (Operation::RetrieveDispute, "GET /v1/disputes/{du}", ""),
    (Operation::UpdateDispute, "POST /v1/disputes/{du}", "evidence[receipt]=x&submit=false"),
    (Operation::CloseDispute, "POST /v1/disputes/{du}/close", ""),
    (Operation::OpenDispute, "POST /sandbox/disputes", "payment_intent={pi}"),
    (Operation::SettleDispute, "POST /sandbox/disputes/{du}/lose", ""),
    (Operation::RetrievePayout, "GET /v1/payouts", ""),
    (Operation::RetrievePayout, "GET /v1/payouts/{po}", ""),
    (Operation::CreatePayout, "POST /sandbox/payouts", "currency=eur&amount=5"),
    (Operation::SettlePayout, "POST /sandbox/payouts/{po}/pay", ""),
    (Operation::RecordTransaction, "POST /sandbox/balance_transactions", "type=topup&amount=5&currency=eur"),
    (Operation::ChangeAccount, "POST /sandbox/accounts/{acct}/disable", ""),
];

/// Sandbox with an object of each kind, and their ids.
async fn with_objects() -> (Fixture, [(&'static str, String); 6]) {
    let fixture = Fixture::new();
    fixture.sandbox.set_rates(Rates { account: 1_000, endpoint: 1_000 });
    fixture.add_funds().await;
    let acct = fixture.create_enabled_account().await;
    let transfer = format!("amount=50&currency=eur&destination={acct}");
    let transfer = fixture.post("/v1/transfers", &transfer).await.json;
    let pi = fixture.sandbox.ledger().intents[0].id.clone();
    let form = format!("payment_intent={pi}&amount=5");
    let dispute = fixture.post("/sandbox/disputes", &form).await.json;
    fixture.add_funds().await;
    fixture.add_funds().await;
    let payout = fixture.post("/sandbox/payouts", "currency=eur&amount=1").await.json;
    let link = format!("account={acct}&type=account_onboarding&refresh_url=http://a&return_url=http://b");
    let link = fixture.post("/v1/account_links", &link).await.json;
    let al = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let id = |object: &serde_json::Value| object["id"].as_str().unwrap().to_owned();
    let ids = [
        ("{acct}", acct),
        ("{tr}", id(&transfer)),
        ("{du}", id(&dispute)),
        ("{po}", id(&payout)),
        ("{pi}", pi),
        ("{al}", al),
    ];
    (fixture, ids)
}

impl Fixture {
    async fn call_with_ids(&self, call: &str, form: &str, ids: &[(&str, String)]) -> u16 {
        let fill = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        let (call, form) = (fill(call), fill(form));
        let (method, path) = call.split_once(' ').unwrap();
        match method {
            "GET" => self.get(path).await.status,
            _ => self.post(path, &form).await.status,
        }
    }
}

#[tokio::test]
async fn every_operation_can_be_throttled_before_it_is_executed() {
    let (fixture, ids) = with_objects().await;
    for (operation, call, form) in CALLS {
        fixture.sandbox.add_fault_rule(Rule::on(operation, Effect::Fail { status: 429 }).times(1));
        let before = serde_json::to_string(&fixture.sandbox.ledger()).unwrap();
        assert_eq!(fixture.call_with_ids(call, form, &ids).await, 429, "{call}");
        assert_eq!(serde_json::to_string(&fixture.sandbox.ledger()).unwrap(), before, "{call}");
    }
}

#[tokio::test]
async fn every_operation_can_lose_its_response_after_its_work() {
    for (operation, call, form) in CALLS {
        let (fixture, ids) = with_objects().await;
        let dropped = Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError };
        fixture.sandbox.add_fault_rule(Rule::on(operation, dropped).times(1));
        let before = serde_json::to_string(&fixture.sandbox.ledger()).unwrap();
        assert_eq!(fixture.call_with_ids(call, form, &ids).await, 500, "{call}");
        let is_changed = serde_json::to_string(&fixture.sandbox.ledger()).unwrap() != before;
        // Account links are not in the ledger.
        let changes = call.starts_with("POST") && !call.contains("account_links");
        assert_eq!(is_changed, changes, "{call}");
    }
}
