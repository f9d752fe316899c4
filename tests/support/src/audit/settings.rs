//! Settings of markets, read from the stored attributes without the code of the domain.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::domain::market::Market;
use shared::domain::market::settings::{MarketCommission, MarketShipping, MarketTax};
use shared::kit::command::{Item, Record};

use super::items::{key, read, text};
use super::{History, Invariant, Items, Violation};

/// Maximum size of settings in bytes of JSON.
const MAX_SIZE: usize = 32 * 1024;

/// Checks that settings belong to a market, and that no stored version of them is ambiguous: an order has at
/// most one shipping option of an id, and one tax rate.
pub(super) fn of_markets(items: &Items, history: &History) -> Vec<Violation> {
    let mut found = without_a_market(items);
    let currencies: BTreeMap<&str, &str> = history
        .of_kind(Market::KIND)
        .filter_map(|(_, versions, _)| {
            versions.first().map(|first| (text(first, "id"), text(first, "currency")))
        })
        .collect();
    for (kind, name, rules) in
        [(MarketShipping::KIND, "zones", shipping as Rules), (MarketTax::KIND, "rates", tax as Rules)]
    {
        for (key, versions, _) in history.of_kind(kind) {
            for version in versions {
                let stored: Value = read(version);
                let list = &stored["settings"][name];
                let currency = currencies.get(stored["marketId"].as_str().unwrap_or_default());
                let mut broken = rules(list, currency.copied().unwrap_or_default());
                broken.extend((list.to_string().len() > MAX_SIZE).then_some("at most 32 KB"));
                let subject = format!("{} {}", key.pk, key.sk);
                found.extend(
                    broken.into_iter().map(|rule| Violation::new(Invariant::Http, &subject, rule, list)),
                );
            }
        }
    }
    found
}

/// Rules that a list of settings of a market in a currency breaks.
type Rules = fn(&Value, &str) -> Vec<&'static str>;

fn without_a_market(items: &Items) -> Vec<Violation> {
    let markets: BTreeSet<&str> = items.of_kind(Market::KIND).map(|market| text(market, "id")).collect();
    let kinds = [MarketShipping::KIND, MarketTax::KIND, MarketCommission::KIND];
    let settings = kinds.into_iter().flat_map(|kind| items.of_kind(kind));
    let orphans = settings.filter(|settings| !markets.contains(text(settings, "marketId")));
    let violation = |settings: &Item| {
        let key = key(settings);
        let subject = format!("{} {}", key.pk, key.sk);
        Violation::new(Invariant::Http, subject, "deleted with its market", "stored without a market")
    };
    orphans.map(violation).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns true if no value occurs twice.
fn are_unique<'a>(values: impl Iterator<Item = &'a Value>) -> bool {
    let mut known = BTreeSet::new();
    values.map(Value::to_string).all(|value| known.insert(value))
}

fn shipping(zones: &Value, currency: &str) -> Vec<&'static str> {
    let countries = list(zones).flat_map(|zone| match &zone["countries"] {
        Value::Array(countries) => countries.iter().collect(),
        all => vec![all],
    });
    let options = || list(zones).flat_map(|zone| list(&zone["options"]));
    let prices = options().flat_map(|option| [&option["amount"], &option["freeFrom"]]);
    let mut foreign = prices.filter(|price| price.is_object() && price["currency"] != currency);
    let mut broken = Vec::new();
    broken.extend((!are_unique(countries)).then_some("each country in one zone"));
    let are_distinct = |zone| are_unique(list(zone).map(|option| &option["id"]));
    broken.extend(
        list(zones)
            .any(|zone| !are_distinct(&zone["options"]))
            .then_some("options of a zone with different ids"),
    );
    broken.extend(foreign.next().map(|_| "prices in the currency of the market"));
    broken
}

fn tax(rates: &Value, _: &str) -> Vec<&'static str> {
    let place = |rate: &Value| format!("{}-{}", rate["country"], rate["region"]);
    let mut broken = Vec::new();
    let (mut classes, mut for_shipping) = (BTreeSet::new(), BTreeSet::new());
    for rate in list(rates) {
        let is_new = classes.insert(format!("{} {}", place(rate), rate["class"]));
        broken.extend((!is_new).then_some("one rate of a class for each place"));
        let is_second = rate["appliesToShipping"] == true && !for_shipping.insert(place(rate));
        broken.extend(is_second.then_some("one rate for the shipping to each place"));
        let points = rate["basisPoints"].as_i64();
        broken.extend(
            (!points.is_some_and(|points| (0..=10_000).contains(&points))).then_some("rates up to 100 %"),
        );
    }
    broken
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::kit::command::Key;

    use super::super::Change;
    use super::*;

    const MARKET: &str = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS";

    fn item(value: &Value) -> Item {
        serde_dynamo::to_item(value).expect("the item is valid")
    }

    fn market() -> Value {
        json!({ "kind": "market", "pk": "market", "sk": "market", "id": MARKET, "currency": "EUR" })
    }

    fn stored(kind: &str, name: &str, list: &Value) -> Value {
        let settings = json!({ name: list });
        json!({ "kind": kind, "pk": "market", "sk": name, "marketId": MARKET, "settings": settings })
    }

    fn violations(items: &[Value]) -> usize {
        let change = |value: &Value| {
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            Change { key: Key { pk: text("pk"), sk: text("sk") }, image: Some(item(value)) }
        };
        let history = History::of_changes(items.iter().map(change));
        of_markets(&Items::of_items(items.iter().map(item)), &history).len()
    }

    fn zone(countries: &Value, ids: &[&str], currency: &str) -> Value {
        let option = |id: &&str| json!({ "id": id, "amount": { "amount": 490, "currency": currency } });
        json!({ "countries": countries, "options": ids.iter().map(option).collect::<Vec<_>>() })
    }

    #[test]
    fn ambiguous_zone_is_found() {
        let of = |zones: Value| violations(&[market(), stored("market-shipping", "zones", &zones)]);
        let germany = || zone(&json!(["DE", "AT"]), &["standard", "express"], "EUR");
        assert_eq!(of(json!([germany(), zone(&json!("*"), &["standard"], "EUR")])), 0);
        assert_eq!(of(json!([germany(), zone(&json!(["AT"]), &[], "EUR")])), 1);
        assert_eq!(of(json!([zone(&json!("*"), &["a", "a"], "EUR")])), 1);
        assert_eq!(of(json!([zone(&json!("*"), &["a"], "USD")])), 1);
        assert_eq!(of(json!([zone(&json!([" ".repeat(MAX_SIZE)]), &[], "EUR")])), 1);
    }

    #[test]
    fn ambiguous_rate_is_found() {
        let rate = |class: &str, points: i64, applies: bool| json!({ "country": "DE", "class": class, "basisPoints": points, "appliesToShipping": applies });
        let of = |rates: Value| violations(&[market(), stored("market-tax", "rates", &rates)]);
        assert_eq!(of(json!([rate("standard", 1_900, true), rate("reduced", 700, false)])), 0);
        assert_eq!(of(json!([rate("standard", 1_900, true), rate("standard", 700, false)])), 1);
        assert_eq!(of(json!([rate("standard", 1_900, true), rate("reduced", 700, true)])), 1);
        assert_eq!(of(json!([rate("standard", 10_001, true)])), 1);
    }

    #[test]
    fn settings_without_a_market_are_found() {
        let settings = stored("market-tax", "rates", &json!([]));
        assert_eq!(violations(std::slice::from_ref(&settings)), 1);
        assert_eq!(violations(&[market(), settings]), 0);
    }
}
