//! `PUT`, `PATCH` and `DELETE /v1/products/{id}`.

use serde_json::{Value, json};
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::values::actor::Actor;
use test_support::api_function::ApiRequest;
use test_support::fixture::{MARKET, PRODUCT, buyer, seller};

use super::{Products, product};

fn path() -> String {
    format!("/v1/products/{PRODUCT}")
}

impl Products {
    fn patch(&self, by: Actor, if_match: &str, body: &Value) -> ApiRequest<'_> {
        self.api.patch(&path()).by(by).if_match(if_match).json(body)
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
    let replaced = products.api.put(&path()).by(seller()).if_match("\"1.10.0\"").json(&whole).await;
    assert_eq!(replaced.status, 200, "{}", replaced.json());
    assert_eq!(replaced.json()["data"]["price"], price);
    assert_eq!(replaced.json()["data"]["stock"], json!({ "available": 10, "reserved": 0 }));
    let archived =
        products.patch(seller(), "\"2.10.0\"", &json!({ "status": "archived", "description": null })).await;
    assert_eq!(archived.json()["data"]["status"], "archived");
    assert_eq!(archived.json()["data"]["title"], "Large mug");
    assert!(archived.json()["data"].get("description").is_none());
    assert_eq!(products.api.get(&path()).await.json()["data"], archived.json()["data"]);
}

#[tokio::test]
async fn entity_tag_stays_valid_for_updates_if_the_stock_changes() {
    let products = Products::new().await;
    let tag = products.api.get(&path()).await.header("etag").unwrap();
    assert_eq!(
        products
            .api
            .post(&format!("{}/stock", path()))
            .by(seller())
            .json(&json!({ "delta": 5 }))
            .await
            .status,
        200
    );
    let renamed = products.patch(seller(), &tag, &json!({ "title": "Cup" })).await;
    assert_eq!(renamed.status, 200, "{}", renamed.json());
    let again = products.patch(seller(), &tag, &json!({ "title": "Pot" })).await;
    assert_eq!(again.error(), (412, "VERSION_MISMATCH"));
    assert_eq!(products.api.patch(&path()).by(seller()).json(&json!({})).await.error().0, 428);
}

/// RFC 9110, section 13.1.1: strong comparison of opaque tags, of which the counters may be outdated.
#[tokio::test]
async fn if_match_takes_only_the_form_of_the_entity_tag() {
    let products = Products::new().await;
    let title = json!({ "title": "Cup" });
    for other in [
        "\"1\"",
        "\"01.10.0\"",
        "\"1.10\"",
        "\"1.x\"",
        "\"1.9999\"",
        "\"1.010.0\"",
        "\"1.10.0.0\"",
        "\"+1.10.0\"",
        "1.10.0",
        "W/\"1.10.0\"",
        "\"2.10.0\", \"3.10.0\"",
    ] {
        assert_eq!(
            products.patch(seller(), other, &title).await.error(),
            (412, "VERSION_MISMATCH"),
            "{other}"
        );
    }
    for (version, tag) in
        [(1, "\"1.10.0\""), (2, "\"2.3.7\""), (3, "\"3.10.0-gzip\""), (4, "\"9.10.0\", \"4.10.0\""), (5, "*")]
    {
        let title = json!({ "title": format!("Cup {version}") });
        let response = products.patch(seller(), tag, &title).await;
        assert_eq!(response.header("etag").unwrap(), format!("\"{}.10.0\"", version + 1), "{tag}");
    }
}

#[tokio::test]
async fn changed_or_deleted_sku_can_be_used_again() {
    let products = Products::new().await;
    let list = format!("/v1/markets/{MARKET}/products");
    assert_eq!(products.api.post(&list).by(seller()).json(&product("CUP-1")).await.status, 201);
    let taken = products.patch(seller(), "*", &json!({ "sku": "CUP-1" })).await;
    assert_eq!(taken.error(), (409, "CONFLICT"));
    assert_eq!(taken.fields(), ["sku"]);
    assert_eq!(products.patch(seller(), "*", &json!({ "sku": "MUG-9" })).await.status, 200);
    assert_eq!(products.api.post(&list).by(seller()).json(&product("MUG-9")).await.status, 409);
    assert_eq!(products.api.delete(&path()).by(seller()).if_match("*").await.status, 204);
    assert_eq!(products.api.post(&list).by(seller()).json(&product("MUG-9")).await.status, 201);
    assert_eq!(products.api.get(&path()).await.status, 404);
}

#[tokio::test]
async fn only_the_seller_can_change_a_product() {
    let products = Products::new().await;
    let patched = products.patch(buyer(), "*", &json!({ "title": "Cup" })).await;
    assert_eq!(patched.error(), (403, "FORBIDDEN"));
    let deleted = products.api.delete(&path()).by(buyer()).if_match("*").await;
    assert_eq!(deleted.error(), (403, "FORBIDDEN"));
    let dollars = json!({ "price": { "amount": 1, "currency": "USD" } });
    let response = products.patch(seller(), "*", &dollars).await;
    assert_eq!(response.fields(), ["price.currency"]);
    let stock = json!({ "stock": 7, "marketId": MARKET });
    assert_eq!(products.patch(seller(), "*", &stock).await.fields(), ["marketId", "stock"]);
}

#[tokio::test]
async fn product_with_reserved_units_cannot_be_deleted() {
    let products = Products::new().await;
    products.marketplace.order(None).await;
    products.marketplace.advance(FulfilmentTransition::Reserve).await;
    let response = products.api.delete(&path()).by(seller()).if_match("*").await;
    assert_eq!(response.error(), (409, "INVALID_STATE"));
    assert_eq!(products.api.get(&path()).await.status, 200);
}

#[tokio::test]
async fn repeated_deletion_with_the_same_key_is_replayed() {
    let products = Products::new().await;
    let delete = || products.api.delete(&path()).by(seller()).if_match("*").key("k1");
    let (first, second) = (delete().await, delete().await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (204, 204));
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
}
