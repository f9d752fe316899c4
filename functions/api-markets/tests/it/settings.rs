//! `GET` and `PUT /v1/markets/{id}/shipping`, `/tax` and `/commission`.

use serde_json::{Value, json};
use shared::domain::market::settings::MarketTax;
use shared::kit::command::{ReadSet, Store};
use test_support::fixture::{MARKET, admin, buyer, id, moderator, seller, stranger};

use super::Markets;

fn path(settings: &str) -> String {
    format!("/v1/markets/{MARKET}/{settings}")
}

fn money(amount: i64, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}

fn zone(countries: Value, currency: &str) -> Value {
    json!({
        "countries": countries,
        "options": [{
            "id": "standard",
            "name": "Standard",
            "amount": money(490, currency),
            "freeFrom": money(5_000, currency),
        }],
    })
}

fn shipping() -> Value {
    json!({ "zones": [zone(json!(["DE", "AT"]), "EUR"), zone(json!("*"), "EUR")] })
}

fn tax() -> Value {
    let rate = |region: Option<&str>, class: &str, points: i64, applies: bool| {
        let mut rate = json!({
            "country": "US", "class": class, "basisPoints": points, "name": "Sales tax",
            "appliesToShipping": applies,
        });
        if let Some(region) = region {
            rate["region"] = region.into();
        }
        rate
    };
    json!({
        "pricesIncludeTax": false,
        "rates": [rate(None, "standard", 0, false), rate(Some("CA"), "standard", 725, true)],
    })
}

#[tokio::test]
async fn settings_are_set_at_the_version_that_was_read() {
    let markets = Markets::new().await;
    for (settings, default, body) in [
        ("shipping", json!({ "zones": [] }), shipping()),
        ("tax", json!({ "pricesIncludeTax": false, "rates": [] }), tax()),
    ] {
        let path = path(settings);
        let get = || markets.api.get(&path).by(seller());
        let set = |tag: &str| markets.api.put(&path).by(seller()).if_match(tag).json(&body);
        let mut expected = default;
        expected["marketId"] = MARKET.into();
        expected["version"] = 1.into();
        let unset = get().await;
        assert_eq!(
            (unset.json()["data"].clone(), unset.header("etag").as_deref()),
            (expected, Some("\"1\""))
        );
        let stored = set("\"1\"").await;
        let mut expected = body.clone();
        expected["marketId"] = MARKET.into();
        expected["version"] = 2.into();
        assert_eq!(
            (stored.json()["data"].clone(), stored.header("etag").as_deref()),
            (expected, Some("\"2\""))
        );
        assert_eq!(get().await.json(), stored.json());
        assert_eq!(set("\"1\"").await.error(), (412, "VERSION_MISMATCH"));
        assert_eq!(set("\"2\"").await.json()["data"]["version"], 3);
        assert_eq!(set("*").await.json()["data"]["version"], 4);
        let missing = markets.api.put(&path).by(seller()).json(&body).await;
        assert_eq!(missing.error(), (428, "PRECONDITION_REQUIRED"));
        let unchanged = get().headers(&[("if-none-match", "\"4\"")]).await;
        assert_eq!(unchanged.status, 304);
    }
}

#[tokio::test]
async fn invalid_settings_are_reported_with_their_fields() {
    let markets = Markets::new().await;
    let fields = async |settings: &str, body: Value| {
        let response = markets.api.put(&path(settings)).by(seller()).if_match("*").json(&body).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{body}");
        response.fields()
    };
    for (body, expected) in [
        (json!({ "zones": [zone(json!("DE"), "EUR")] }), "zones[0].countries"),
        (json!({ "zones": [zone(json!([]), "EUR")] }), "zones[0].countries"),
        (json!({ "zones": [zone(json!(["UK"]), "EUR")] }), "zones[0].countries[0]"),
        (json!({ "zones": [zone(json!(["DE"]), "USD")] }), "zones[0].options[0].amount.currency"),
        (json!({ "zones": [zone(json!("*"), "EUR"), zone(json!("*"), "EUR")] }), "zones[1].countries"),
        (json!({ "zones": vec![zone(json!(["DE"]), "EUR"); 51] }), "zones"),
    ] {
        assert_eq!(fields("shipping", body).await, [expected]);
    }
    let mut rates = tax();
    rates["rates"][0]["basisPoints"] = 10_001.into();
    rates["rates"][0]["class"] = "high".into();
    rates["rates"][1]["region"] = "ca".into();
    let expected = ["rates[0].basisPoints", "rates[0].class", "rates[1].region"];
    assert_eq!(fields("tax", rates).await, expected);
    let mut repeated = tax();
    repeated["rates"][1]["region"] = Value::Null;
    assert_eq!(fields("tax", repeated).await, ["rates[1]"]);
}

#[tokio::test]
async fn settings_belong_to_the_creator_and_end_with_the_market() {
    let markets = Markets::new().await;
    for (settings, body) in [("shipping", shipping()), ("tax", tax())] {
        let path = path(settings);
        for other in [buyer(), stranger()] {
            assert_eq!(markets.api.get(&path).by(other).await.error(), (403, "FORBIDDEN"));
            let set = markets.api.put(&path).by(other).if_match("*").json(&body).await;
            assert_eq!(set.error(), (403, "FORBIDDEN"));
        }
        assert_eq!(markets.api.get(&path).await.error(), (401, "UNAUTHENTICATED"));
        markets.api.put(&path).by(seller()).if_match("*").json(&body).await;
    }
    markets.marketplace.delete_market().await;
    for settings in ["shipping", "tax"] {
        assert_eq!(markets.api.get(&path(settings)).by(seller()).await.error(), (404, "NOT_FOUND"));
    }
    let reads = ReadSet::<Option<MarketTax>>::get(&id(MARKET));
    let left = markets.marketplace.store.load(reads).await.unwrap();
    assert_eq!(left, None, "the settings are deleted with the market");
}

#[tokio::test]
async fn administrators_set_the_commission_that_the_seller_reads() {
    let markets = Markets::new().await;
    markets.marketplace.user(admin(), "admin").await;
    let path = path("commission");
    let read = || markets.api.get(&path).by(seller());
    let default = read().await;
    assert_eq!(default.json()["data"], json!({ "marketId": MARKET, "basisPoints": null, "version": 1 }));
    let set = |actor, rate: Value| {
        markets.api.put(&path).by(actor).if_match("*").json(&json!({ "basisPoints": rate }))
    };
    assert_eq!(set(admin(), json!(750)).await.json()["data"]["basisPoints"], 750);
    assert_eq!(read().await.json()["data"], json!({ "marketId": MARKET, "basisPoints": 750, "version": 2 }));
    for actor in [seller(), moderator(), stranger()] {
        assert_eq!(set(actor, json!(0)).await.error(), (403, "FORBIDDEN"), "{actor:?}");
    }
    assert_eq!(markets.api.get(&path).by(stranger()).await.error(), (403, "FORBIDDEN"));
    for rate in [json!(-1), json!(10_001), json!(1.5), json!("750")] {
        let refused = set(admin(), rate.clone()).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{rate}");
        assert!(refused.json()["error"]["fields"]["basisPoints"].is_string(), "{rate}");
    }
    let without = markets.api.put(&path).by(admin()).if_match("*").json(&json!({}));
    assert_eq!(without.await.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(set(admin(), Value::Null).await.json()["data"]["basisPoints"], Value::Null);
    assert_eq!(set(admin(), json!(750)).if_match("\"2\"").await.error(), (412, "VERSION_MISMATCH"));
}
