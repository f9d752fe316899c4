//! `POST /v1/orders`.

use futures::future::join_all;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::product::{Product, ProductEvent};
use shared::domain::values::actor::Actor;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::product::ProductReader;
use shared::repository::user::UserReader;
use test_support::fixture::{MARKET, ORDER, PRODUCT, buyer, cents, id, new_id, seller, stranger};
use test_support::lambda_event::masked;

use super::{Orders, two_mugs};

#[tokio::test]
async fn order_is_placed_at_the_current_prices() {
    let orders = Orders::new().await;
    let before = SystemClock.now();
    let response = orders.place(buyer(), "k1", &two_mugs()).await;
    assert_eq!(response.status, 201, "{}", response.json());
    let body = response.json();
    let order = &body["data"];
    let order_id = order["id"].as_str().unwrap();
    assert!(order_id.starts_with("ord_"));
    assert_eq!(response.header("location").unwrap(), format!("/v1/orders/{order_id}"));
    assert_eq!(response.header("etag").unwrap(), "\"1\"");
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    assert_eq!(response.header("idempotent-replay"), None);
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    let created = order["createdAt"].as_str().unwrap();
    assert!(created >= before.to_string().as_str(), "{created} is before {before}");
    assert_json_snapshot!("placed-order", masked(&body, Some(order_id)));
    assert_eq!(orders.api.get(&format!("/v1/orders/{order_id}")).by(buyer()).await.json(), body);
}

#[tokio::test]
async fn repeated_request_is_replayed_byte_for_byte() {
    let orders = Orders::new().await;
    let first = orders.place(buyer(), "k1", &two_mugs()).await;
    let second = orders.place(buyer(), "k1", &two_mugs()).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    for header in ["location", "etag", "content-type"] {
        assert_eq!(first.header(header), second.header(header), "{header}");
    }
    assert_eq!(orders.api.get("/v1/orders").by(buyer()).await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn concurrent_repeated_requests_place_one_order() {
    let orders = Orders::new().await;
    let order = two_mugs();
    let responses = join_all((0..20).map(|_| orders.place(buyer(), "k1", &order))).await;
    for response in &responses {
        assert_eq!(response.status, 201, "{}", response.json());
        assert_eq!(response.bytes, responses[0].bytes);
    }
    let executed = responses.iter().filter(|response| response.header("idempotent-replay").is_none()).count();
    assert_eq!(executed, 1);
    assert_eq!(orders.api.get("/v1/orders").by(buyer()).await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn idempotency_key_is_bound_to_its_request_and_caller() {
    let orders = Orders::new().await;
    assert_eq!(orders.place(buyer(), "k1", &two_mugs()).await.status, 201);
    let mut three = two_mugs();
    three["items"][0]["quantity"] = json!(3);
    let other = orders.place(buyer(), "k1", &three).await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let of_stranger = orders.place(stranger(), "k1", &three).await;
    assert_eq!(of_stranger.status, 201);
    assert_eq!(of_stranger.header("idempotent-replay"), None);
}

#[tokio::test]
async fn missing_or_malformed_idempotency_key_is_refused() {
    let orders = Orders::new().await;
    let missing = orders.api.post("/v1/orders").by(buyer()).json(&two_mugs()).await;
    assert_eq!(missing.error(), (400, "IDEMPOTENCY_KEY_REQUIRED"));
    for key in ["k".repeat(300), "k".repeat(256), String::new(), "two words".to_owned(), "clé".to_owned()] {
        let response = orders.place(buyer(), &key, &two_mugs()).await;
        assert_eq!(response.error(), (400, "IDEMPOTENCY_KEY_INVALID"), "{key}");
    }
    assert_eq!(orders.place(buyer(), &"k".repeat(255), &two_mugs()).await.status, 201);
}

#[tokio::test]
async fn refused_request_does_not_consume_its_idempotency_key() {
    let orders = Orders::new().await;
    let unknown_product = json!({ "items": [{ "productId": new_id::<Product>(), "quantity": 1 }] });
    let refused = orders.place(buyer(), "k1", &unknown_product).await;
    assert_eq!((refused.status.as_u16(), refused.fields()), (400, vec!["items[0].productId".to_owned()]));
    assert_eq!(orders.place(buyer(), "k1", &two_mugs()).await.status, 201);
}

#[tokio::test]
async fn all_invalid_fields_are_reported_together() {
    let orders = Orders::new().await;
    let body = json!({
        "items": [
            { "productId": "prd_1", "quantity": 0 },
            { "quantity": "two", "expectedPrice": { "amount": -1, "currency": "euro", "tax": 1 } },
            { "productId": PRODUCT, "quantity": 1_001, "discount": 50 },
        ],
        "paymentMethod": "4242 4242 4242 4242",
        "coupon": "WELCOME",
    });
    let response = orders.place(buyer(), "k1", &body).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(response.header("content-type").unwrap(), "application/problem+json");
    let expected = [
        "coupon",
        "items[0].productId",
        "items[0].quantity",
        "items[1].expectedPrice.amount",
        "items[1].expectedPrice.currency",
        "items[1].expectedPrice.tax",
        "items[1].productId",
        "items[1].quantity",
        "items[2].discount",
        "items[2].quantity",
        "paymentMethod",
    ];
    assert_eq!(response.fields(), expected);
    assert_eq!(response.json()["error"]["fields"]["coupon"], "is not a known field");
    assert_eq!(response.json()["error"]["fields"]["items[1].productId"], "is required");
}

#[tokio::test]
async fn order_without_items_or_with_more_than_50_is_refused() {
    let orders = Orders::new().await;
    let many: Vec<Value> =
        (0..51).map(|_| json!({ "productId": new_id::<Product>(), "quantity": 1 })).collect();
    for items in [vec![], many] {
        let response = orders.place(buyer(), "k1", &json!({ "items": items })).await;
        assert_eq!((response.status.as_u16(), response.fields()), (400, vec!["items".to_owned()]));
        assert_eq!(response.json()["error"]["fields"]["items"], "must have 1 to 50 elements");
    }
}

#[tokio::test]
async fn repeated_product_or_product_of_another_market_is_refused() {
    let orders = Orders::new().await;
    let (market, product) = (new_id::<Market>().to_string(), new_id::<Product>().to_string());
    orders.marketplace.market(&market, stranger(), InitialStatus::Active).await;
    orders.marketplace.product(&product, &market, stranger(), "MUG-1", 100, 1).await;
    let items = |second: &str| {
        let item = |product: &str| json!({ "productId": product, "quantity": 1 });
        json!({ "items": [item(PRODUCT), item(second)] })
    };
    for (second, rule) in [
        (PRODUCT, "must not be listed more than once"),
        (&product, "must be a product of the same market as the first"),
    ] {
        let response = orders.place(buyer(), "k1", &items(second)).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
        assert_eq!(response.json()["error"]["fields"], json!({ "items[1].productId": rule }));
    }
}

#[tokio::test]
async fn changed_price_is_refused_with_the_current_price() {
    let orders = Orders::new().await;
    let mut order = two_mugs();
    order["items"][0]["expectedPrice"] = json!({ "amount": 1_999, "currency": "EUR" });
    let product = orders.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
    let event = ProductEvent::Changed { product_id: product.id, market_id: product.market_id };
    let version = product.version.next();
    orders.marketplace.put_entity(Product { price: cents(2_100), version, ..product }, event).await;

    let response = orders.place(buyer(), "k1", &order).await;
    assert_eq!(response.error(), (409, "PRICE_CHANGED"));
    assert_eq!(response.json()["error"]["fields"], json!({ "items[0].expectedPrice": "costs 2100 EUR now" }));
    order["items"][0]["expectedPrice"]["amount"] = json!(2_100);
    let accepted = orders.place(buyer(), "k1", &order).await;
    assert_eq!(accepted.status, 201);
    assert_eq!(accepted.json()["data"]["total"]["amount"], 4_200);
}

#[tokio::test]
async fn order_in_a_market_that_is_not_active_is_refused() {
    for status in [MarketStatus::Draft, MarketStatus::Suspended, MarketStatus::Closed] {
        let orders = Orders::new().await;
        orders.marketplace.set_market_status(MARKET, status).await;
        let response = orders.place(buyer(), "k1", &two_mugs()).await;
        assert_eq!(response.error(), (409, "INVALID_STATE"), "{status:?}");
        assert!(orders.api.get("/v1/orders").by(buyer()).await.json()["data"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn total_above_the_maximum_amount_is_refused() {
    let orders = Orders::new().await;
    let expensive = new_id::<Product>().to_string();
    orders.marketplace.product(&expensive, MARKET, seller(), "GOLD", 99_999_999, 5).await;
    let response =
        orders.place(buyer(), "k1", &json!({ "items": [{ "productId": expensive, "quantity": 2 }] })).await;
    assert_eq!((response.status.as_u16(), response.fields()), (400, vec!["items".to_owned()]));
}

#[tokio::test]
async fn request_without_token_is_refused_before_validation() {
    let orders = Orders::new().await;
    let response = orders.api.post("/v1/orders").key("k1").json(&json!({ "items": 1 })).await;
    assert_eq!(response.error(), (401, "UNAUTHENTICATED"));
    assert_eq!(response.header("www-authenticate").unwrap(), "Bearer");
}

#[tokio::test]
async fn total_below_the_minimum_charge_is_refused() {
    let orders = Orders::new().await;
    let cheap = new_id::<Product>().to_string();
    orders.marketplace.product(&cheap, MARKET, seller(), "CENT", 1, 100).await;
    let place = |quantity| json!({ "items": [{ "productId": cheap, "quantity": quantity }] });
    let response = orders.place(buyer(), "k1", &place(49)).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    let rule = "the total of the order must be 0 or at least 50 minor units of EUR, the minimum charge";
    assert_eq!(response.json()["error"]["fields"], json!({ "items": rule }));
    assert_eq!(orders.place(buyer(), "k2", &place(50)).await.status, 201);
}

#[tokio::test]
async fn suspended_or_deleted_account_cannot_change_orders() {
    let orders = Orders::confirmed().await;
    let refused = (401, "TOKEN_REVOKED");
    for account in [buyer(), seller()] {
        let user = orders.marketplace.reader.user(account.user).await.unwrap().unwrap();
        orders.marketplace.suspend(user).await;
    }
    assert_eq!(orders.place(buyer(), "k1", &two_mugs()).await.error(), refused);
    assert_eq!(orders.act(buyer(), "cancel", &json!({})).await.error(), refused);
    assert_eq!(orders.act(seller(), "refund", &json!({ "reason": "cracked" })).await.error(), refused);
    let shipment = json!({ "carrier": "DHL", "trackingNumber": "JD014600003828" });
    assert_eq!(orders.act(seller(), "ship", &shipment).await.error(), refused);
    let deleted = Actor { user: new_id(), ..buyer() };
    assert_eq!(orders.place(deleted, "k1", &two_mugs()).await.error(), refused);
    let path = format!("/v1/orders/{ORDER}");
    assert_eq!(orders.api.get(&path).by(buyer()).await.json()["data"]["status"], "confirmed");
}
