//! Stored format of the settings of a market, and of the address of an order that is priced with them.

use insta::assert_json_snapshot;
use serde_json::json;
use shared::domain::market::settings::commission::CommissionSettings;
use shared::domain::market::settings::set::{SetMarketSettings, SettingsRight};
use shared::domain::market::settings::shipping::ShippingSettings;
use shared::domain::market::settings::tax::TaxSettings;
use shared::domain::market::settings::{MarketCommission, MarketShipping, MarketTax};
use shared::domain::order::lines::cart::{Cart, CartItem, Supply};
use shared::domain::order::place::PlaceOrder;
use shared::domain::order::shipment::address::DeliveryAddress;
use test_support::fixture::{MARKET, ORDER, PRODUCT, buyer, cents, id, seller};

use crate::fixture::Fixture;
use crate::stored_format::with_market;

#[tokio::test]
async fn settings_are_stored_in_the_partition_of_their_market() {
    let fixture = with_market().await;
    let options =
        json!([{ "id": "standard", "name": "Standard", "amount": cents(490), "freeFrom": cents(5_000) }]);
    let zones = json!([{ "countries": ["DE"], "options": options }, { "countries": "*", "options": [] }]);
    let settings: ShippingSettings = serde_json::from_value(json!({ "zones": zones })).unwrap();
    fixture
        .run(SetMarketSettings {
            market_id: id(MARKET),
            by: seller(),
            right: SettingsRight::OfCreator,
            expected: None,
            settings,
        })
        .await;
    assert_json_snapshot!("market-shipping", fixture.stored::<MarketShipping>(&id(MARKET)).await);
    place_shipped_order(&fixture).await;
    assert_json_snapshot!("delivery-address", fixture.stored::<DeliveryAddress>(&id(ORDER)).await);

    let rate = json!({
        "country": "US", "region": "CA", "class": "standard", "basisPoints": 725, "name": "Sales tax",
        "appliesToShipping": true,
    });
    let settings = json!({ "pricesIncludeTax": false, "rates": [rate] });
    let settings: TaxSettings = serde_json::from_value(settings).unwrap();
    fixture
        .run(SetMarketSettings {
            market_id: id(MARKET),
            by: seller(),
            right: SettingsRight::OfCreator,
            expected: None,
            settings,
        })
        .await;
    assert_json_snapshot!("market-tax", fixture.stored::<MarketTax>(&id(MARKET)).await);
}

/// Places an order of two mugs that is shipped.
async fn place_shipped_order(fixture: &Fixture) {
    let item = CartItem { product_id: id(PRODUCT), quantity: 2.try_into().unwrap(), expected_price: None };
    let address = json!({
        "name": "Ada Lovelace", "line1": "Torstrasse 1", "city": "Berlin", "postalCode": "10119",
        "country": "DE", "phone": "+4930123456",
    });
    let cart = Cart {
        supply: Some(Supply::Address(Box::new(serde_json::from_value(address).unwrap()))),
        shipping_option: Some("standard".parse().unwrap()),
        ..Cart::new(Some(id(MARKET)), vec![item])
    };
    fixture.run(PlaceOrder::new(id(ORDER), buyer(), cart, None)).await;
}

#[tokio::test]
async fn commission_is_stored_with_its_market() {
    let fixture = with_market().await;
    let settings = CommissionSettings { basis_points: Some(750.try_into().unwrap()) };
    let (market_id, right) = (id(MARKET), SettingsRight::ByPermission);
    fixture.run(SetMarketSettings { market_id, by: seller(), right, expected: None, settings }).await;
    assert_json_snapshot!("market-commission", fixture.stored::<MarketCommission>(&id(MARKET)).await);
}
