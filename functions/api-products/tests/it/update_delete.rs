//! `PUT`, `PATCH` and `DELETE /v1/products/{id}`.

use serde_json::{Value, json};
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::values::actor::Actor;
use test_support::fixture::{MARKET, PRODUCT, buyer, seller};
use test_support::lambda_event::{Answer, of_request};

use super::{Products, error, fields, product};

impl Products {
    async fn change(&self, method: &str, by: Actor, seen: Option<&str>, body: Option<&Value>) -> Answer {
        let token = self.scene.token(by);
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(seen.map(|seen| ("if-match", seen)));
        self.send(&of_request(method, &format!("/v1/products/{PRODUCT}"), &headers, body)).await
    }
}

#[tokio::test]
async fn put_replaces_and_patch_merges_and_the_stock_stays() {
    let products = Products::open().await;
    let price = json!({ "amount": 2499, "currency": "EUR" });
    let whole = json!({ "sku": "MUG-2", "title": "Large mug", "description": "Holds a litre.", "price": price, "status": "active" });
    let replaced = products.change("PUT", seller(), Some("\"1\""), Some(&whole)).await;
    assert_eq!(replaced.status, 200, "{}", replaced.json());
    assert_eq!(replaced.json()["data"]["price"], price);
    assert_eq!(replaced.json()["data"]["stock"], json!({ "available": 10, "reserved": 0 }));
    let archived = products
        .change("PATCH", seller(), Some("\"2\""), Some(&json!({ "status": "archived", "description": null })))
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
async fn the_tag_that_was_read_is_good_for_a_change_even_if_the_stock_has_moved() {
    let products = Products::open().await;
    let tag = products.get(&format!("/v1/products/{PRODUCT}")).await.header("etag").unwrap();
    let path = format!("/v1/products/{PRODUCT}/stock");
    assert_eq!(products.post(seller(), &path, &[], &json!({ "delta": 5 })).await.status, 200);
    let renamed = products.change("PATCH", seller(), Some(&tag), Some(&json!({ "title": "Cup" }))).await;
    assert_eq!(renamed.status, 200, "{}", renamed.json());
    let again = products.change("PATCH", seller(), Some(&tag), Some(&json!({ "title": "Pot" }))).await;
    assert_eq!(error(&again), (412, "VERSION_MISMATCH".to_owned()));
    assert_eq!(error(&products.change("PATCH", seller(), None, Some(&json!({}))).await).0, 428);
}

#[tokio::test]
async fn a_sku_moves_with_its_product_and_is_free_again() {
    let products = Products::open().await;
    let path = format!("/v1/markets/{MARKET}/products");
    assert_eq!(products.post(seller(), &path, &[], &product("CUP-1")).await.status, 201);
    let taken = products.change("PATCH", seller(), Some("*"), Some(&json!({ "sku": "CUP-1" }))).await;
    assert_eq!(error(&taken), (409, "CONFLICT".to_owned()));
    assert_eq!(fields(&taken), ["sku"]);
    assert_eq!(
        products.change("PATCH", seller(), Some("*"), Some(&json!({ "sku": "MUG-9" }))).await.status,
        200
    );
    assert_eq!(products.post(seller(), &path, &[], &product("MUG-9")).await.status, 409);
    assert_eq!(products.change("DELETE", seller(), Some("*"), None).await.status, 204);
    assert_eq!(products.post(seller(), &path, &[], &product("MUG-9")).await.status, 201);
    assert_eq!(products.get(&format!("/v1/products/{PRODUCT}")).await.status, 404);
}

#[tokio::test]
async fn only_the_seller_changes_a_product_and_in_the_markets_currency() {
    let products = Products::open().await;
    let title = json!({ "title": "Cup" });
    for method in ["PATCH", "DELETE"] {
        let answer =
            products.change(method, buyer(), Some("*"), Some(&title).filter(|_| method == "PATCH")).await;
        assert_eq!(error(&answer), (403, "FORBIDDEN".to_owned()), "{method}");
    }
    let dollars = json!({ "price": { "amount": 1, "currency": "USD" } });
    let answer = products.change("PATCH", seller(), Some("*"), Some(&dollars)).await;
    assert_eq!(fields(&answer), ["price.currency"]);
    let stock = json!({ "stock": 7, "marketId": MARKET });
    assert_eq!(
        fields(&products.change("PATCH", seller(), Some("*"), Some(&stock)).await),
        ["marketId", "stock"]
    );
}

#[tokio::test]
async fn a_product_that_orders_hold_pieces_of_is_not_removed() {
    let products = Products::open().await;
    let order = products.scene.order(None).await;
    let window = std::time::Duration::from_mins(1);
    products
        .scene
        .run(AdvanceOrder { id: order.id, by: FulfilmentTransition::Reserve, payment_window: window })
        .await;
    let answer = products.change("DELETE", seller(), Some("*"), None).await;
    assert_eq!(error(&answer), (409, "INVALID_STATE".to_owned()));
    assert_eq!(products.get(&format!("/v1/products/{PRODUCT}")).await.status, 200);
}
