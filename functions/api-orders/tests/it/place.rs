//! `POST /v1/orders`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::product::{Product, ProductEvent};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;
use test_support::fixture::{MARKET, PRODUCT, buyer, cents, id, new_id, seller, stranger};
use test_support::lambda_event::of_request;

use super::{Orders, fields, two_mugs};

#[tokio::test]
async fn an_order_is_placed_at_the_prices_of_the_moment() {
    let orders = Orders::open().await;
    let before = SystemClock.now();
    let answer = orders.place(buyer(), "k1", &two_mugs()).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let body = answer.json();
    let order = &body["data"];
    let order_id = order["id"].as_str().unwrap();
    assert!(order_id.starts_with("ord_"));
    assert_eq!(answer.header("location").unwrap(), format!("/v1/orders/{order_id}"));
    assert_eq!(answer.header("etag").unwrap(), "\"1\"");
    assert_eq!(answer.header("content-type").unwrap(), "application/json");
    assert_eq!(answer.header("idempotent-replay"), None);
    assert_eq!(answer.header("cache-control").unwrap(), "no-store");
    let (created, updated) = (order["createdAt"].clone(), order["updatedAt"].clone());
    assert!(created.as_str().unwrap() >= before.to_string().as_str(), "{created} is before {before}");
    let expected = json!({ "data": {
        "id": order_id,
        "status": "pending",
        "buyerId": buyer().user,
        "sellerId": seller().user,
        "marketId": MARKET,
        "items": [{
            "productId": PRODUCT,
            "sku": "MUG-1",
            "title": "Mug",
            "quantity": 2,
            "unitPrice": { "amount": 1_999, "currency": "EUR" },
        }],
        "total": { "amount": 3_998, "currency": "EUR" },
        "createdAt": created,
        "updatedAt": updated,
        "version": 1,
    }});
    assert_eq!(body, expected);
    assert_eq!(orders.get(buyer(), &format!("/v1/orders/{order_id}")).await.json(), expected);
}

#[tokio::test]
async fn the_same_request_is_answered_with_the_same_bytes_and_placed_once() {
    let orders = Orders::open().await;
    let first = orders.place(buyer(), "k1", &two_mugs()).await;
    let second = orders.place(buyer(), "k1", &two_mugs()).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    for header in ["location", "etag", "content-type"] {
        assert_eq!(first.header(header), second.header(header), "{header}");
    }
    assert_eq!(orders.get(buyer(), "/v1/orders").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn twenty_same_requests_at_once_place_one_order_and_are_answered_alike() {
    let orders = Orders::open().await;
    let order = two_mugs();
    let answers = join_all((0..20).map(|_| orders.place(buyer(), "k1", &order))).await;
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.json());
        assert_eq!(answer.bytes, answers[0].bytes);
    }
    let first_times = answers.iter().filter(|answer| answer.header("idempotent-replay").is_none()).count();
    assert_eq!(first_times, 1);
    assert_eq!(orders.get(buyer(), "/v1/orders").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller() {
    let orders = Orders::open().await;
    assert_eq!(orders.place(buyer(), "k1", &two_mugs()).await.status, 201);
    let mut three = two_mugs();
    three["items"][0]["quantity"] = json!(3);
    let other = orders.place(buyer(), "k1", &three).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "IDEMPOTENCY_KEY_REUSED"));
    let strangers = orders.place(stranger(), "k1", &three).await;
    assert_eq!(strangers.status, 201);
    assert_eq!(strangers.header("idempotent-replay"), None);
}

#[tokio::test]
async fn an_order_needs_an_idempotency_key_of_1_to_255_visible_characters() {
    let orders = Orders::open().await;
    let missing = orders.post(buyer(), "/v1/orders", &[], &two_mugs()).await;
    assert_eq!((missing.status.as_u16(), missing.code().as_str()), (400, "IDEMPOTENCY_KEY_REQUIRED"));
    for key in ["k".repeat(300), "k".repeat(256), String::new(), "two words".to_owned(), "clé".to_owned()] {
        let answer = orders.place(buyer(), &key, &two_mugs()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "IDEMPOTENCY_KEY_INVALID"),
            "{key}"
        );
    }
    assert_eq!(orders.place(buyer(), &"k".repeat(255), &two_mugs()).await.status, 201);
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_key() {
    let orders = Orders::open().await;
    let none = json!({ "items": [{ "productId": new_id::<Product>(), "quantity": 1 }] });
    let refused = orders.place(buyer(), "k1", &none).await;
    assert_eq!((refused.status.as_u16(), fields(&refused)), (400, vec!["items[0].productId".to_owned()]));
    assert_eq!(orders.place(buyer(), "k1", &two_mugs()).await.status, 201);
}

#[tokio::test]
async fn all_failing_fields_are_reported_at_once() {
    let orders = Orders::open().await;
    let body = json!({
        "items": [
            { "productId": "prd_1", "quantity": 0 },
            { "quantity": "two", "expectedPrice": { "amount": -1, "currency": "euro", "tax": 1 } },
            { "productId": PRODUCT, "quantity": 1_001, "discount": 50 },
        ],
        "paymentMethod": "4242 4242 4242 4242",
        "coupon": "WELCOME",
    });
    let answer = orders.place(buyer(), "k1", &body).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"));
    assert_eq!(answer.header("content-type").unwrap(), "application/problem+json");
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
    assert_eq!(fields(&answer), expected);
    assert_eq!(answer.json()["error"]["fields"]["coupon"], "is not a known field");
    assert_eq!(answer.json()["error"]["fields"]["items[1].productId"], "is required");
}

#[tokio::test]
async fn an_order_has_1_to_50_items() {
    let orders = Orders::open().await;
    let many: Vec<Value> =
        (0..51).map(|_| json!({ "productId": new_id::<Product>(), "quantity": 1 })).collect();
    for items in [vec![], many] {
        let answer = orders.place(buyer(), "k1", &json!({ "items": items })).await;
        assert_eq!((answer.status.as_u16(), fields(&answer)), (400, vec!["items".to_owned()]));
        assert_eq!(answer.json()["error"]["fields"]["items"], "must have 1 to 50 elements");
    }
}

#[tokio::test]
async fn items_are_different_products_of_one_market() {
    let orders = Orders::open().await;
    let (market, product) = (new_id::<Market>().to_string(), new_id::<Product>().to_string());
    orders.scene.market(&market, stranger(), InitialStatus::Active).await;
    orders.scene.product(&product, &market, stranger(), ("MUG-1", 100, 1)).await;
    let items = |second: &str| {
        let item = |product: &str| json!({ "productId": product, "quantity": 1 });
        json!({ "items": [item(PRODUCT), item(second)] })
    };
    for (second, rule) in [
        (PRODUCT, "must not repeat a product"),
        (&product, "must be a product of the same market as the first"),
    ] {
        let answer = orders.place(buyer(), "k1", &items(second)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"));
        assert_eq!(answer.json()["error"]["fields"], json!({ "items[1].productId": rule }));
    }
}

#[tokio::test]
async fn a_price_that_no_longer_holds_is_a_conflict_that_names_the_new_one() {
    let orders = Orders::open().await;
    let mut order = two_mugs();
    order["items"][0]["expectedPrice"] = json!({ "amount": 1_999, "currency": "EUR" });
    let shown = orders.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
    let event = ProductEvent::Changed { product_id: shown.id, market_id: shown.market_id };
    let version = shown.version.next();
    orders.scene.put_entity(Product { price: cents(2_100), version, ..shown }, event).await;

    let answer = orders.place(buyer(), "k1", &order).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "PRICE_CHANGED"));
    assert_eq!(answer.json()["error"]["fields"], json!({ "items[0].expectedPrice": "costs 2100 EUR now" }));
    order["items"][0]["expectedPrice"]["amount"] = json!(2_100);
    let accepted = orders.place(buyer(), "k1", &order).await;
    assert_eq!(accepted.status, 201);
    assert_eq!(accepted.json()["data"]["total"]["amount"], 4_200);
}

#[tokio::test]
async fn nothing_is_sold_in_a_market_that_is_not_open() {
    for status in [MarketStatus::Draft, MarketStatus::Suspended, MarketStatus::Closed] {
        let orders = Orders::open().await;
        let market = orders.scene.reader.market(id(MARKET)).await.unwrap().unwrap();
        orders.scene.move_market(market, status).await;
        let answer = orders.place(buyer(), "k1", &two_mugs()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "INVALID_STATE"), "{status:?}");
        assert!(orders.get(buyer(), "/v1/orders").await.json()["data"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_total_beyond_what_can_be_charged_is_refused() {
    let orders = Orders::open().await;
    let dear = new_id::<Product>().to_string();
    orders.scene.product(&dear, MARKET, seller(), ("GOLD", 99_999_999, 5)).await;
    let answer =
        orders.place(buyer(), "k1", &json!({ "items": [{ "productId": dear, "quantity": 2 }] })).await;
    assert_eq!((answer.status.as_u16(), fields(&answer)), (400, vec!["items".to_owned()]));
}

#[tokio::test]
async fn an_order_needs_a_token_before_anything_else_is_looked_at() {
    let orders = Orders::open().await;
    let event = of_request("POST", "/v1/orders", &[("idempotency-key", "k1")], Some(&json!({ "items": 1 })));
    let answer = orders.send(&event).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "UNAUTHENTICATED"));
    assert_eq!(answer.header("www-authenticate").unwrap(), "Bearer");
}
