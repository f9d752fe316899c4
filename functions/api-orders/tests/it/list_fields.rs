//! Fields of `GET /v1/orders`.

use serde_json::{Value, json};
use test_support::fixture::buyer;

use super::Orders;

#[tokio::test]
async fn only_requested_fields_are_returned() {
    let orders = Orders::new().await;
    let order = orders.marketplace.order(None).await;
    let expected = json!({ "status": "pending", "total": { "amount": 3_998, "currency": "EUR" } });
    let one = orders.api.get(&format!("/v1/orders/{}?fields=total,status", order.id)).by(buyer()).await;
    assert_eq!(one.json()["data"], expected);
    let list = orders.api.get("/v1/orders?fields=total,status").by(buyer()).await;
    assert_eq!(list.json()["data"], json!([expected]));
    for path in [format!("/v1/orders/{}", order.id), "/v1/orders".to_owned()] {
        let refused = orders.api.get(&format!("{path}?fields=status,items")).by(buyer()).await;
        assert_eq!((refused.status.as_u16(), refused.fields()), (400, vec!["fields".to_owned()]));
    }
}

#[tokio::test]
async fn fields_that_no_summary_has_are_read_from_the_orders() {
    let orders = Orders::new().await;
    orders.marketplace.place_orders(3).await;
    orders.meter.restart();
    let list = orders.api.get("/v1/orders").by(buyer()).await.json();
    assert_eq!(orders.meter.operations(), ["BatchGetItem", "Query"], "the total and the list");
    let id = list["data"][0]["id"].as_str().unwrap();
    let whole = orders.api.get(&format!("/v1/orders/{id}")).by(buyer()).await.json()["data"].clone();
    let summary = ["id", "status", "buyerId", "sellerId", "marketId", "total", "createdAt"];
    let mut expected: Value =
        summary.iter().map(|field| ((*field).to_owned(), whole[*field].clone())).collect();
    expected["units"] = json!(1);
    assert_eq!(list["data"][0], expected);
    for field in ["lines", "tax", "refunds", "updatedAt", "version"] {
        orders.meter.restart();
        let named = orders.api.get(&format!("/v1/orders?fields=id,{field}")).by(buyer()).await.json();
        assert_eq!(orders.meter.operations(), ["BatchGetItem", "BatchGetItem", "Query"], "{field}");
        assert_eq!(named["data"][0], json!({ "id": id, field: whole[field] }));
    }
}
