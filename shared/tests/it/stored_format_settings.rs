//! Stored format of the settings of a market.

use insta::assert_json_snapshot;
use serde_json::json;
use shared::domain::market::settings::set::SetMarketSettings;
use shared::domain::market::settings::shipping::ShippingSettings;
use shared::domain::market::settings::tax::TaxSettings;
use shared::domain::market::settings::{MarketShipping, MarketTax};
use test_support::fixture::{MARKET, cents, id, seller};

use crate::stored_format::with_market;

#[tokio::test]
async fn settings_are_stored_in_the_partition_of_their_market() {
    let fixture = with_market().await;
    let options =
        json!([{ "id": "standard", "name": "Standard", "amount": cents(490), "freeFrom": cents(5_000) }]);
    let zones = json!([{ "countries": ["DE"], "options": options }, { "countries": "*", "options": [] }]);
    let settings: ShippingSettings = serde_json::from_value(json!({ "zones": zones })).unwrap();
    fixture.run(SetMarketSettings { market_id: id(MARKET), by: seller(), expected: None, settings }).await;
    assert_json_snapshot!("market-shipping", fixture.stored::<MarketShipping>(&id(MARKET)).await);

    let rate = json!({
        "country": "US", "region": "CA", "class": "standard", "basisPoints": 725, "name": "Sales tax",
        "appliesToShipping": true,
    });
    let settings = json!({ "pricesIncludeTax": false, "rates": [rate] });
    let settings: TaxSettings = serde_json::from_value(settings).unwrap();
    fixture.run(SetMarketSettings { market_id: id(MARKET), by: seller(), expected: None, settings }).await;
    assert_json_snapshot!("market-tax", fixture.stored::<MarketTax>(&id(MARKET)).await);
}
