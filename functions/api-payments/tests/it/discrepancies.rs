//! `GET /v1/payments/discrepancies`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::domain::ledger::reconciliation::compare::MismatchKind;
use shared::domain::ledger::reconciliation::discrepancy::{CloseDiscrepancy, Discrepancy, RecordDiscrepancy};
use shared::domain::ledger::reconciliation::{GatewayRecord, LedgerStatus};
use shared::domain::order::payment::GatewayId;
use shared::kit::command::Version;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{ORDER, buyer, cents, id, moderator};
use test_support::lambda_event::masked;

use super::Payments;

impl Payments {
    /// Records a capture for [`ORDER`], which does not exist.
    async fn record_missing_order(&self, gateway_id: &str) {
        let standing = LedgerStatus::Captured { amount: cents(3_998), refunded: 0 };
        let (gateway_id, order_id, read_at) =
            (GatewayId(gateway_id.to_owned()), Some(id(ORDER)), SystemClock.now());
        let record = GatewayRecord { gateway_id, order_id, status: standing, read_at };
        let discrepancy = Discrepancy::new(&record, None, None, MismatchKind::NoOrder, read_at);
        self.marketplace.run(RecordDiscrepancy(discrepancy)).await;
    }

    async fn list(&self, query: &str) -> Value {
        let response = self.api.get(&format!("/v1/payments/discrepancies{query}")).by(moderator()).await;
        assert_eq!(response.status, 200);
        response.json()
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|row| row["gatewayId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn list_filters_by_status_and_has_totals_and_pages() {
    let payments = Payments::open().await;
    assert_eq!(payments.list("").await["pagination"]["total"], 0);
    for gateway_id in ["pi_1", "pi_2", "pi_3"] {
        payments.record_missing_order(gateway_id).await;
    }
    let close = CloseDiscrepancy { id: GatewayId("pi_2".to_owned()), expected: Version::FIRST };
    payments.marketplace.run(close).await;

    let open = payments.list("?status=open").await;
    assert_eq!((ids(&open), &open["pagination"]["total"]), (vec!["pi_3", "pi_1"], &json!(2)));
    assert_json_snapshot!("open-discrepancy", masked(&open["data"][0], None));
    let closed = payments.list("?status=closed&fields=gatewayId,closedAt").await;
    assert_eq!(ids(&closed), ["pi_2"]);
    assert!(closed["data"][0]["closedAt"].is_string());
    let first = payments.list("?limit=2").await;
    let cursor = first["pagination"]["nextCursor"].as_str().unwrap().to_owned();
    let second = payments.list(&format!("?limit=2&cursor={cursor}")).await;
    assert_eq!([ids(&first), ids(&second)].concat(), ["pi_3", "pi_2", "pi_1"]);
}

#[tokio::test]
async fn list_requires_the_permission_and_a_valid_status() {
    let payments = Payments::open().await;
    let refused = payments.api.get("/v1/payments/discrepancies").by(buyer()).await;
    assert_eq!(refused.error(), (403, "FORBIDDEN"));
    let unknown = payments.api.get("/v1/payments/discrepancies?status=odd").by(moderator()).await;
    assert_eq!(unknown.error(), (400, "VALIDATION_ERROR"));
    assert!(unknown.json()["error"]["fields"]["status"].as_str().unwrap().contains("open"));
}
