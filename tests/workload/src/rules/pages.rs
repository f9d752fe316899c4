//! Rules of the pages of lists: they are sorted, and each item matches the filters.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::step::Call;

/// Number of items on a page without `limit`.
const DEFAULT_LIMIT: usize = 20;

/// Checks a page of products or orders. Items of which `fields` leaves out what is compared are not checked.
///
/// # Errors
/// A description of the violation.
pub fn check_page(call: &Call, body: &Value) -> Result<(), String> {
    let parameters: BTreeMap<&str, &str> =
        call.query.split('&').filter_map(|parameter| parameter.split_once('=')).collect();
    let Some(items) = body["data"].as_array().filter(|_| is_checked(call.operation)) else { return Ok(()) };
    let limit = parameters.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(DEFAULT_LIMIT);
    if items.len() > limit || body["pagination"]["total"].as_u64() < u64::try_from(items.len()).ok() {
        return Err(format!("{call}: {} items of a total of {}", items.len(), body["pagination"]["total"]));
    }
    if let Some(item) = items.iter().find(|item| !parameters.iter().all(|filter| matches(item, filter))) {
        return Err(format!("{call}: the filters do not match {item}"));
    }
    let sort = parameters.get("sort").copied().unwrap_or("-createdAt");
    let key = sort.trim_start_matches('-');
    let Some(values) = items.iter().map(|item| sort_value(key, item)).collect::<Option<Vec<_>>>() else {
        return Ok(());
    };
    let is_sorted = |pair: &[SortValue]| if key == sort { pair[0] < pair[1] } else { pair[0] > pair[1] };
    if values.windows(2).all(is_sorted) { Ok(()) } else { Err(format!("{call}: not sorted: {values:?}")) }
}

fn is_checked(operation: &str) -> bool {
    matches!(operation, "listProducts" | "listOrders")
}

/// Returns true if the item matches the filter with this name, or the parameter is not a filter.
fn matches(item: &Value, (name, value): (&&str, &&str)) -> bool {
    let price = item["price"]["amount"].as_i64();
    let bound = value.parse::<i64>().ok();
    match *name {
        "status" => item["status"].as_str().is_none_or(|status| status == *value),
        "minPrice" => price.is_none_or(|price| Some(price) >= bound),
        "maxPrice" => price.is_none_or(|price| Some(price) <= bound),
        "search" => item["title"].as_str().is_none_or(|title| has_word(title, value)),
        _ => true,
    }
}

/// Returns true if a word of the title begins with this one.
fn has_word(title: &str, word: &str) -> bool {
    let title = title.to_lowercase();
    title.split(|c: char| !c.is_alphanumeric()).any(|each| each.starts_with(word))
}

/// Text or amount, then id.
type SortValue = (String, i64, String);

fn sort_value(key: &str, item: &Value) -> Option<SortValue> {
    let (text, amount) = match key {
        "title" => (item["title"].as_str()?.to_lowercase(), 0),
        "price" | "total" => (String::new(), item[key]["amount"].as_i64()?),
        _ => (String::new(), 0),
    };
    Some((text, amount, item["id"].as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::step::{Caller, Target, Variation};

    fn check(query: &str, items: &Value) -> Result<(), String> {
        let call = Call {
            operation: "listProducts",
            caller: Caller::Anonymous,
            target: Target::None,
            query: query.to_owned(),
            body: None,
            variation: Variation::None,
            work: 0,
        };
        check_page(&call, &json!({ "data": items, "pagination": { "total": 2 } }))
    }

    fn mug(id: &str, price: i64) -> Value {
        json!({ "id": id, "title": "Blue Mug", "price": { "amount": price }, "status": "active" })
    }

    #[test]
    fn page_in_another_order_is_a_violation() {
        let by_price = json!([mug("b", 1), mug("a", 2)]);
        for (query, is_sorted) in
            [("sort=price", true), ("", true), ("sort=-price", false), ("sort=createdAt", false)]
        {
            assert_eq!(check(query, &by_price).is_ok(), is_sorted, "{query}");
        }
    }

    #[test]
    fn item_that_does_not_match_a_filter_is_a_violation() {
        for (query, matches) in [
            ("status=active&search=mug", true),
            ("status=archived", false),
            ("search=cup", false),
            ("minPrice=2", false),
            ("maxPrice=1", true),
        ] {
            assert_eq!(check(query, &json!([mug("a", 1)])).is_ok(), matches, "{query}");
        }
    }

    #[test]
    fn page_beyond_its_limit_or_total_is_a_violation() {
        let three = json!([mug("c", 1), mug("b", 1), mug("a", 1)]);
        assert!(check("", &three).is_err(), "the total is 2");
        assert!(check("limit=1", &json!([mug("b", 1), mug("a", 1)])).is_err());
    }
}
