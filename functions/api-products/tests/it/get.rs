//! `GET /v1/products/{id}`.

use serde_json::json;
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::product::Product;
use test_support::fixture::{PRODUCT, new_id, seller, stranger};

use super::Products;

#[tokio::test]
async fn product_is_public_and_cacheable_without_a_token() {
    let products = Products::new().await;
    let path = format!("/v1/products/{PRODUCT}");
    let public = products.api.get(&path).await;
    assert_eq!(public.status, 200);
    assert_eq!(public.json()["data"]["stock"], json!({ "available": 10, "reserved": 0 }));
    assert_eq!(public.header("cache-control").unwrap(), "public, max-age=5");
    assert_eq!(public.header("etag").unwrap(), "\"1.10.0\"");
    let own = products.api.get(&path).by(seller()).await;
    assert_eq!(own.json(), public.json());
    assert_eq!(own.header("cache-control").unwrap(), "private, no-cache");
    let absent = products.api.get(&format!("/v1/products/{}", new_id::<Product>())).await;
    assert_eq!(absent.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn product_of_a_draft_is_visible_only_to_its_seller() {
    let products = Products::new().await;
    let (draft, product) = (new_id::<Market>().to_string(), new_id::<Product>().to_string());
    products.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    products.marketplace.product(&product, &draft, seller(), "CUP-1", 500, 1).await;
    let path = format!("/v1/products/{product}");
    assert_eq!(products.api.get(&path).by(seller()).await.status, 200);
    assert_eq!(products.api.get(&path).by(stranger()).await.error(), (404, "NOT_FOUND"));
    assert_eq!(products.api.get(&path).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn changed_stock_changes_the_entity_tag() {
    let products = Products::new().await;
    let path = format!("/v1/products/{PRODUCT}");
    let get_again = async || products.api.get(&path).if_none_match("\"1.10.0\"").await;
    let not_modified = get_again().await;
    assert_eq!((not_modified.status.as_u16(), not_modified.bytes.len()), (304, 0));
    assert_eq!(not_modified.header("etag").unwrap(), "\"1.10.0\"");
    products.api.post(&format!("{path}/stock")).by(seller()).json(&json!({ "delta": -1 })).await;
    let changed = get_again().await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.header("etag").unwrap(), "\"1.9.0\"");
}
