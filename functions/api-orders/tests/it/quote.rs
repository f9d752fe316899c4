//! `POST /v1/quotes`, and orders that are shipped and taxed.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::market::MarketStatus;
use shared::domain::market::settings::set::{SetMarketSettings, SettingsRight};
use shared::domain::market::settings::shipping::ShippingSettings;
use shared::domain::market::settings::tax::TaxSettings;
use shared::domain::order::shipment::address::DeliveryAddress;
use shared::domain::order::{Order, OrderEvent};
use shared::domain::product::delete::DeleteProduct;
use shared::domain::product::{Product, ProductEvent};
use shared::kit::command::{ReadSet, Store};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::product::ProductReader;
use test_support::fixture::{MARKET, PRODUCT, buyer, id, moderator, new_id, seller, stranger};
use test_support::lambda_event::RouterResponse;

use super::{Orders, RETENTION_DAYS, two_mugs};

impl Orders {
    /// Marketplace whose market ships to Germany for 4.90 EUR, or free from 50 EUR, and to other countries but
    /// Austria for 19.90 EUR, and whose prices include 19 % tax in Germany.
    async fn with_settings() -> Self {
        let orders = Self::new().await;
        let option = |id: &str, amount: i64| json!({ "id": id, "name": id, "amount": euros(amount) });
        let mut standard = option("standard", 490);
        standard["freeFrom"] = euros(5_000);
        let zones = json!([
            { "countries": ["DE"], "options": [standard] },
            { "countries": ["AT"], "options": [] },
            { "countries": "*", "options": [option("world", 1_990)] },
        ]);
        let settings: ShippingSettings = serde_json::from_value(json!({ "zones": zones })).unwrap();
        let (market_id, by, expected) = (id(MARKET), seller(), None);
        orders
            .marketplace
            .run(SetMarketSettings {
                market_id,
                by,
                right: SettingsRight::OfCreator,
                expected: None,
                settings,
            })
            .await;
        let rate = json!({
            "country": "DE", "class": "standard", "basisPoints": 1_900, "name": "VAT",
            "appliesToShipping": true,
        });
        let settings = json!({ "pricesIncludeTax": true, "rates": [rate] });
        let settings: TaxSettings = serde_json::from_value(settings).unwrap();
        orders
            .marketplace
            .run(SetMarketSettings { market_id, by, right: SettingsRight::OfCreator, expected, settings })
            .await;
        orders
    }

    async fn quote(&self, body: &Value) -> RouterResponse {
        self.api.post("/v1/quotes").json(body).await
    }

    /// Makes the product one that is not shipped.
    async fn make_digital(&self) {
        let product = self.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
        let event = ProductEvent::Changed { product_id: product.id, market_id: product.market_id };
        let version = product.version.next();
        self.marketplace.put_entity(Product { requires_shipping: false, version, ..product }, event).await;
    }
}

fn euros(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// Two mugs with these other fields.
fn with(fields: &Value) -> Value {
    let mut body = json!({ "items": [{ "productId": PRODUCT, "quantity": 2 }] });
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn address(country: &str) -> Value {
    json!({
        "name": "Ada Lovelace", "line1": "Torstrasse 1", "city": "Berlin", "postalCode": "10119",
        "country": country, "phone": "+4930123456",
    })
}

/// Two mugs, shipped to a country.
fn shipped_to(country: &str, option: &str) -> Value {
    with(&json!({ "shippingAddress": address(country), "shippingOptionId": option }))
}

fn without_payment(mut order: Value) -> Value {
    order["paymentMethod"].take();
    order
}

#[tokio::test]
async fn quote_has_the_lines_and_the_total_of_the_order() {
    let orders = Orders::with_settings().await;
    let options = orders.quote(&with(&json!({ "country": "DE" }))).await;
    let data = &options.json()["data"];
    assert_eq!((options.status.as_u16(), &data["total"], &data["tax"]), (200, &euros(3_998), &euros(638)));
    assert_eq!(data["requiresShipping"], true);
    let standard = json!({ "id": "standard", "name": "standard", "amount": euros(490) });
    assert_eq!(data["shippingOptions"], json!([standard]));

    for market_id in [None, Some(MARKET)] {
        let mut body = shipped_to("DE", "standard");
        body["marketId"] = json!(market_id);
        let quote = orders.quote(&body).await.json()["data"].take();
        assert_eq!((&quote["total"], &quote["tax"]), (&euros(4_488), &euros(638 + 78)));
        assert_eq!(quote["marketId"], MARKET);
        body["expectedTotal"] = quote["total"].clone();
        let order = orders.place(buyer(), &format!("{market_id:?}").replace(' ', ""), &body).await;
        assert_eq!(order.status, 201, "{}", order.json());
        let order = &order.json()["data"];
        assert_eq!((&order["lines"], &order["total"]), (&quote["lines"], &quote["total"]));
        assert_eq!(order["tax"], quote["tax"]);
    }
    let stored = orders.api.get("/v1/orders").by(buyer()).await.json();
    assert_eq!(stored["data"].as_array().unwrap().len(), 2, "a quote writes nothing");
}

#[tokio::test]
async fn shipping_is_priced_by_country_and_sum() {
    let orders = Orders::with_settings().await;
    let option = async |country: &str, quantity: i64| {
        let mut body = with(&json!({ "country": country }));
        body["items"][0]["quantity"] = quantity.into();
        let quote = orders.quote(&body).await;
        quote.json()["data"]["shippingOptions"][0]["amount"]["amount"].as_i64()
    };
    assert_eq!(option("DE", 2).await, Some(490));
    assert_eq!(option("DE", 3).await, Some(0), "59.97 EUR");
    assert_eq!(option("FR", 3).await, Some(1_990));
    let refused = orders.quote(&with(&json!({ "country": "AT" }))).await;
    assert_eq!(refused.error(), (422, "NOT_DELIVERABLE"));
    let order = orders.place(buyer(), "k1", &shipped_to("AT", "standard")).await;
    assert_eq!(order.error(), (422, "NOT_DELIVERABLE"));
}

#[tokio::test]
async fn missing_and_needless_fields_are_reported() {
    let orders = Orders::with_settings().await;
    let region = json!({ "shippingAddress": address("DE"), "region": "BE" });
    let both = json!({ "shippingAddress": address("DE"), "country": "DE" });
    for (fields, of_quote, of_order) in [
        (json!({}), Some("country"), Some("shippingAddress")),
        (json!({ "country": "DE" }), None, Some("shippingAddress")),
        (json!({ "region": "BE" }), Some("country"), Some("country")),
        (both, Some("country"), Some("country")),
        (region, Some("region"), Some("region")),
        (json!({ "shippingAddress": address("DE") }), None, Some("shippingOptionId")),
        (
            json!({ "shippingAddress": address("DE"), "shippingOptionId": "world" }),
            Some("shippingOptionId"),
            Some("shippingOptionId"),
        ),
        (
            json!({ "country": "DE", "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQR0" }),
            Some("marketId"),
            Some("marketId"),
        ),
    ] {
        let body = with(&fields);
        let quote = orders.quote(&body).await;
        assert_eq!(quote.fields(), of_quote.into_iter().collect::<Vec<_>>(), "quote {fields}");
        let order = orders.place(buyer(), "k1", &body).await;
        assert_eq!(order.fields(), of_order.into_iter().collect::<Vec<_>>(), "order {fields}");
    }
    let mut unknown = with(&json!({ "country": "DE" }));
    unknown["items"][0]["productId"] = new_id::<Product>().to_string().into();
    assert_eq!(orders.quote(&unknown).await.fields(), ["items[0].productId"]);
}

#[tokio::test]
async fn digital_product_needs_a_country_only_for_the_tax() {
    let orders = Orders::with_settings().await;
    orders.make_digital().await;
    let quote = orders.quote(&with(&json!({ "country": "DE" }))).await.json()["data"].take();
    assert_eq!((&quote["requiresShipping"], &quote["shippingOptions"]), (&json!(false), &json!([])));
    assert_eq!((&quote["total"], &quote["tax"]), (&euros(3_998), &euros(638)));
    assert_eq!(orders.quote(&with(&json!({ "country": "AT" }))).await.json()["data"]["tax"], euros(0));
    let place = async |body: &Value| orders.place(buyer(), "k1", body).await;
    assert_eq!(place(&with(&json!({}))).await.fields(), ["country"]);
    let address = with(&json!({ "shippingAddress": address("DE") }));
    assert_eq!(place(&address).await.fields(), ["shippingAddress"]);
    assert_eq!(place(&shipped_to("DE", "standard")).await.fields(), ["shippingOptionId"]);
    let placed = place(&with(&json!({ "country": "DE" }))).await;
    assert_eq!((placed.status.as_u16(), placed.json()["data"]["tax"].clone()), (201, euros(638)));
}

#[tokio::test]
async fn changed_total_is_refused_with_the_current_amounts() {
    let orders = Orders::with_settings().await;
    let mut body = shipped_to("DE", "standard");
    body["expectedTotal"] = euros(3_998);
    let refused = orders.place(buyer(), "k1", &body).await;
    assert_eq!(refused.error(), (409, "PRICE_CHANGED"));
    let now = "is 4488 EUR now: 3772 and 716 of tax";
    assert_eq!(refused.json()["error"]["fields"], json!({ "expectedTotal": now }));
    body["expectedTotal"] = euros(4_488);
    assert_eq!(orders.place(buyer(), "k1", &body).await.status, 201);
}

#[tokio::test]
async fn quote_in_a_market_that_is_not_active_is_refused() {
    let orders = Orders::with_settings().await;
    orders.marketplace.set_market_status(MARKET, MarketStatus::Suspended).await;
    let refused = orders.quote(&with(&json!({ "country": "DE" }))).await;
    assert_eq!(refused.error(), (409, "INVALID_STATE"));
}

#[tokio::test]
async fn order_of_a_deleted_product_is_still_replayed() {
    let orders = Orders::new().await;
    let order = without_payment(two_mugs());
    let first = orders.place(buyer(), "k1", &order).await;
    orders.marketplace.run(DeleteProduct { id: id(PRODUCT), by: seller(), expected: None }).await;
    let second = orders.place(buyer(), "k1", &order).await;
    assert_eq!((second.status.as_u16(), second.bytes), (201, first.bytes));
    assert_eq!(orders.place(buyer(), "k2", &order).await.fields(), ["items[0].productId"]);
}

#[tokio::test]
async fn only_the_order_itself_shows_its_address_for_400_days() {
    let orders = Orders::with_settings().await;
    let placed = orders.place(buyer(), "k1", &shipped_to("DE", "standard")).await;
    let replayed = orders.place(buyer(), "k1", &shipped_to("DE", "standard")).await;
    let order = placed.json()["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/orders/{order}");
    for reader in [buyer(), seller(), moderator()] {
        let shown = orders.api.get(&path).by(reader).await.json();
        assert_eq!(shown["data"]["shippingAddress"], address("DE"), "{reader:?}");
    }
    assert_eq!(orders.api.get(&path).by(stranger()).await.error(), (404, "NOT_FOUND"));
    let list = orders.api.get("/v1/orders").by(buyer()).await;
    let timeline = orders.api.get(&format!("{path}/timeline")).by(buyer()).await;
    for other in [placed, replayed, list, timeline] {
        assert!(!other.json().to_string().contains("Torstrasse"), "{}", other.json());
    }
    let stored: Option<DeliveryAddress> =
        orders.marketplace.store.load(ReadSet::get(&id(&order))).await.unwrap();
    let stored = stored.unwrap();
    assert_eq!(stored.retention_days, RETENTION_DAYS);

    let now = SystemClock.now();
    let changed_at = now.saturating_sub(Duration::from_hours(24 * u64::from(RETENTION_DAYS)));
    let order = orders.marketplace.stored_order(id(&order)).await;
    let (version, event) = (order.version.next(), OrderEvent::Progressed((&order).into()));
    orders.marketplace.put_entity(Order { version, updated_at: changed_at, ..order }, event).await;
    let expired = orders.api.get(&path).by(buyer()).await.json();
    assert_eq!(expired["data"]["shippingAddress"], Value::Null, "400 days after the last change");
}
