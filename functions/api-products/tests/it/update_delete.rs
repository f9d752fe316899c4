//! `PUT`, `PATCH` and `DELETE /v1/products/{id}`.

use serde_json::{Value, json};
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::values::actor::Actor;
use test_support::fixture::{MARKET, PRODUCT, buyer, seller};
use test_support::lambda_event::{RouterResponse, request_event};

use super::{Products, fields, product, status_and_code};

impl Products {
    async fn send_change(
        &self,
        method: &str,
        by: Actor,
        if_match: Option<&str>,
        body: Option<&Value>,
    ) -> RouterResponse {
        let token = self.marketplace.token(by);
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(if_match.map(|tag| ("if-match", tag)));
        self.send(&request_event(method, &format!("/v1/products/{PRODUCT}"), &headers, body)).await
    }
}

#[tokio::test]
async fn put_replaces_and_patch_merges_without_changing_the_stock() {
    let products = Products::new().await;
    let price = json!({ "amount": 2499, "currency": "EUR" });
    let whole = json!({
        "sku": "MUG-2",
        "title": "Large mug",
        "description": "Holds a litre.",
        "price": price,
        "status": "active",
    });
    let replaced = products.send_change("PUT", seller(), Some("\"1\""), Some(&whole)).await;
    assert_eq!(replaced.status, 200, "{}", replaced.json());
    assert_eq!(replaced.json()["data"]["price"], price);
    assert_eq!(replaced.json()["data"]["stock"], json!({ "available": 10, "reserved": 0 }));
    let archived = products
        .send_change(
            "PATCH",
            seller(),
            Some("\"2\""),
            Some(&json!({ "status": "archived", "description": null })),
        )
        .await;
    assert_eq!(archived.json()["data"]["status"], "archived");
    assert_eq!(archived.json()["data"]["title"], "Large mug");
    assert!(archived.json()["data"].get("description").is_none());
    assert_eq!(
        products.get(&format!("/v1/products/{PRODUCT}")).await.json()["data"],
        archived.json()["data"]
    );
}

#[tokio::test]
async fn entity_tag_stays_valid_for_updates_if_the_stock_changes() {
    let products = Products::new().await;
    let tag = products.get(&format!("/v1/products/{PRODUCT}")).await.header("etag").unwrap();
    let path = format!("/v1/products/{PRODUCT}/stock");
    assert_eq!(products.post(seller(), &path, &[], &json!({ "delta": 5 })).await.status, 200);
    let renamed = products.send_change("PATCH", seller(), Some(&tag), Some(&json!({ "title": "Cup" }))).await;
    assert_eq!(renamed.status, 200, "{}", renamed.json());
    let again = products.send_change("PATCH", seller(), Some(&tag), Some(&json!({ "title": "Pot" }))).await;
    assert_eq!(status_and_code(&again), (412, "VERSION_MISMATCH".to_owned()));
    assert_eq!(
        status_and_code(&products.send_change("PATCH", seller(), None, Some(&json!({}))).await).0,
        428
    );
}

#[tokio::test]
async fn changed_or_deleted_sku_can_be_used_again() {
    let products = Products::new().await;
    let path = format!("/v1/markets/{MARKET}/products");
    assert_eq!(products.post(seller(), &path, &[], &product("CUP-1")).await.status, 201);
    let taken = products.send_change("PATCH", seller(), Some("*"), Some(&json!({ "sku": "CUP-1" }))).await;
    assert_eq!(status_and_code(&taken), (409, "CONFLICT".to_owned()));
    assert_eq!(fields(&taken), ["sku"]);
    assert_eq!(
        products.send_change("PATCH", seller(), Some("*"), Some(&json!({ "sku": "MUG-9" }))).await.status,
        200
    );
    assert_eq!(products.post(seller(), &path, &[], &product("MUG-9")).await.status, 409);
    assert_eq!(products.send_change("DELETE", seller(), Some("*"), None).await.status, 204);
    assert_eq!(products.post(seller(), &path, &[], &product("MUG-9")).await.status, 201);
    assert_eq!(products.get(&format!("/v1/products/{PRODUCT}")).await.status, 404);
}

#[tokio::test]
async fn only_the_seller_can_change_a_product() {
    let products = Products::new().await;
    let title = json!({ "title": "Cup" });
    for method in ["PATCH", "DELETE"] {
        let response = products
            .send_change(method, buyer(), Some("*"), Some(&title).filter(|_| method == "PATCH"))
            .await;
        assert_eq!(status_and_code(&response), (403, "FORBIDDEN".to_owned()), "{method}");
    }
    let dollars = json!({ "price": { "amount": 1, "currency": "USD" } });
    let response = products.send_change("PATCH", seller(), Some("*"), Some(&dollars)).await;
    assert_eq!(fields(&response), ["price.currency"]);
    let stock = json!({ "stock": 7, "marketId": MARKET });
    assert_eq!(
        fields(&products.send_change("PATCH", seller(), Some("*"), Some(&stock)).await),
        ["marketId", "stock"]
    );
}

#[tokio::test]
async fn product_with_reserved_units_cannot_be_deleted() {
    let products = Products::new().await;
    let order = products.marketplace.order(None).await;
    let window = std::time::Duration::from_mins(1);
    products
        .marketplace
        .run(AdvanceOrder { id: order.id, by: FulfilmentTransition::Reserve, payment_window: window })
        .await;
    let response = products.send_change("DELETE", seller(), Some("*"), None).await;
    assert_eq!(status_and_code(&response), (409, "INVALID_STATE".to_owned()));
    assert_eq!(products.get(&format!("/v1/products/{PRODUCT}")).await.status, 200);
}
