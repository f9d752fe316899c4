//! Requests about markets, products and the search.

use serde_json::{Value, json};

use super::{Draft, Entry, joined, with_body, with_query};
use crate::model::{Kind, Resource};
use crate::step::{Call, Caller};

pub(super) const ENTRIES: &[Entry] = &[
    ("createMarket", 22, create_market),
    ("listMarkets", 4, list_markets),
    ("getMarket", 4, get_market),
    ("patchMarket", 14, patch_market),
    ("replaceMarket", 4, replace_market),
    ("deleteMarket", 10, delete_market),
    ("getMarketStats", 3, stats),
    ("getMarketShipping", 3, about_market),
    ("setMarketShipping", 8, set_shipping),
    ("getMarketTax", 3, about_market),
    ("setMarketTax", 8, set_tax),
    ("getMarketCommission", 3, about_market),
    ("setMarketCommission", 8, set_commission),
    ("getMarketBalance", 4, about_market),
    ("listMarketEntries", 4, list_entries),
    ("getTrialBalance", 3, trial_balance),
    ("createProduct", 36, create_product),
    ("listProducts", 8, list_products),
    ("getProduct", 4, get_product),
    ("patchProduct", 8, patch_product),
    ("replaceProduct", 4, replace_product),
    ("deleteProduct", 16, delete_product),
    ("restockProduct", 8, restock),
    ("search", 4, search),
];

fn create_market(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.account()?;
    let status = draft.one_of(&["active", "active", "active", "draft"]);
    let body = json!({ "name": format!("Market {}", draft.step), "currency": "EUR", "status": status });
    with_body(draft.request(caller), body)
}

fn list_markets(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = if draft.percent(50) { Caller::Anonymous } else { draft.account()? };
    let filter = draft.one_of(&["", "status=active", "search=market", "sort=-createdAt"]);
    let page = draft.page();
    with_query(draft.request(caller), format!("{filter}&{page}").trim_matches('&'))
}

/// Market with its creator, or another caller.
fn market(draft: &mut Draft<'_>) -> Option<(Resource, Caller)> {
    let market = draft.any(Kind::Market)?;
    let caller = draft.mostly(market.owner);
    Some((market, caller))
}

/// Product with its seller, or another caller.
fn product(draft: &mut Draft<'_>) -> Option<(Resource, Caller)> {
    let product = draft.any(Kind::Product)?;
    let seller = draft.model.seller_of(product.step)?;
    let caller = draft.mostly(seller);
    Some((product, caller))
}

fn get_market(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    let query = draft.one_of(&["", "", "include=creator", "fields=id,name"]);
    with_query(draft.about(caller, &market), query)
}

fn patch_market(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    if draft.percent(35) {
        let status = draft.one_of(&["suspended", "suspended", "active", "closed"]);
        return with_body(draft.about(Caller::Admin, &market), json!({ "status": status }));
    }
    let body = match draft.rng.u8(..3) {
        0 => json!({ "name": format!("Renamed {}", draft.step) }),
        1 => json!({ "status": "active" }),
        _ => json!({ "status": "closed" }),
    };
    with_body(draft.about(caller, &market), body)
}

fn replace_market(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    let status = draft.one_of(&["active", "active", "closed"]);
    with_body(
        draft.about(caller, &market),
        json!({ "name": format!("Put {}", draft.step), "status": status }),
    )
}

fn delete_market(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    Some(draft.about(caller, &market))
}

fn stats(draft: &mut Draft<'_>) -> Option<Call> {
    about_market(draft)
}

fn about_market(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    Some(draft.about(caller, &market))
}

fn set_shipping(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    let amount = draft.one_of(&[0, 490, 990]);
    let option =
        |id: &str| json!({ "id": id, "name": "Parcel", "amount": { "amount": amount, "currency": "EUR" } });
    let zone = |countries: Value| json!({ "countries": countries, "options": [option("standard"), option("express")] });
    let zones = match draft.rng.u8(..5) {
        0 => json!([]),
        1 => json!([zone(json!("*"))]),
        // A country in two zones.
        2 => json!([zone(json!(["DE"])), zone(json!(["DE", "AT"]))]),
        // A market that does not deliver to the country of most requests.
        3 => json!([zone(json!(["AT"]))]),
        _ => json!([zone(json!(["DE", "AT"])), zone(json!("*"))]),
    };
    with_body(draft.about(caller, &market), json!({ "zones": zones }))
}

fn set_commission(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, _) = market(draft)?;
    let caller = draft.mostly(Caller::Admin);
    let points = draft.one_of(&[None, Some(0), Some(750), Some(10_000)]);
    with_body(draft.about(caller, &market), json!({ "basisPoints": points }))
}

fn list_entries(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    let filter = draft.one_of(&["", "sort=createdAt", "from=2020-01-01T00:00:00Z"]);
    let page = draft.page();
    with_query(draft.about(caller, &market), format!("{filter}&{page}").trim_matches('&'))
}

fn trial_balance(draft: &mut Draft<'_>) -> Option<Call> {
    let caller = draft.mostly(Caller::Admin);
    Some(draft.request(caller))
}

fn set_tax(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    let points = draft.one_of(&[0, 700, 1_900]);
    let rate = |class: &str, applies: bool| {
        json!({
            "country": "DE", "class": class, "basisPoints": points, "name": "VAT", "appliesToShipping": applies,
        })
    };
    let rates = match draft.rng.u8(..3) {
        0 => json!([]),
        1 => json!([rate("standard", true), rate("reduced", false)]),
        _ => json!([rate("standard", true), rate("reduced", true)]),
    };
    let included = draft.percent(50);
    with_body(draft.about(caller, &market), json!({ "pricesIncludeTax": included, "rates": rates }))
}

fn new_product(draft: &mut Draft<'_>) -> Value {
    let price = draft.one_of(&[0, 500, 1_999, 2_000, 4_999]);
    let stock = draft.one_of(&[0, 2, 50, 100, 100, 100, 100, 100]);
    json!({
        "sku": format!("SKU-{}", draft.step),
        "title": format!("Mug {}", draft.step),
        "price": { "amount": price, "currency": "EUR" },
        "taxClass": draft.one_of(&["standard", "standard", "reduced", "zero"]),
        "requiresShipping": draft.percent(80),
        "stock": stock,
    })
}

fn create_product(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    let body = new_product(draft);
    with_body(draft.about(caller, &market), body)
}

fn list_products(draft: &mut Draft<'_>) -> Option<Call> {
    let (market, caller) = market(draft)?;
    let filter = draft.one_of(&[
        "",
        "",
        "status=active",
        "status=archived",
        "minPrice=500",
        "maxPrice=1999&status=active",
        "minPrice=500&maxPrice=2000",
        "search=mug",
        "search=cup&minPrice=1",
        "fields=id,description",
    ]);
    let sort =
        draft.one_of(&["", "sort=createdAt", "sort=price", "sort=-price", "sort=title", "sort=-title"]);
    let page = draft.page();
    with_query(draft.about(caller, &market), joined(&[filter, sort, &page]))
}

fn get_product(draft: &mut Draft<'_>) -> Option<Call> {
    let (product, caller) = product(draft)?;
    Some(draft.about(caller, &product))
}

fn patch_product(draft: &mut Draft<'_>) -> Option<Call> {
    let (product, caller) = product(draft)?;
    let body = match draft.rng.u8(..5) {
        0 => json!({ "title": format!("Cup {}", draft.step) }),
        4 => json!({ "taxClass": "reduced", "requiresShipping": draft.percent(50) }),
        1 => json!({ "price": { "amount": draft.one_of(&[700, 2_500]), "currency": "EUR" } }),
        2 => json!({ "status": "archived" }),
        _ => json!({ "status": "active" }),
    };
    with_body(draft.about(caller, &product), body)
}

fn replace_product(draft: &mut Draft<'_>) -> Option<Call> {
    let (product, caller) = product(draft)?;
    let mut body = new_product(draft);
    body.as_object_mut().into_iter().for_each(|body| drop(body.remove("stock")));
    body["status"] = json!("active");
    with_body(draft.about(caller, &product), body)
}

/// Deletes a product: often one of an order that is paid.
fn delete_product(draft: &mut Draft<'_>) -> Option<Call> {
    let sold = draft.model.choose_order(draft.rng, &["confirmed"]).and_then(|order| order.parent);
    let sold = sold.and_then(|product| draft.model.get(product)).cloned();
    let chosen = if draft.percent(50) { sold } else { None };
    let (product, caller) = match chosen {
        Some(product) => {
            let seller = draft.model.seller_of(product.step)?;
            (product, seller)
        }
        None => product(draft)?,
    };
    Some(draft.about(caller, &product))
}

fn restock(draft: &mut Draft<'_>) -> Option<Call> {
    let (product, caller) = product(draft)?;
    let delta = draft.one_of(&[1, 5, 20, -1, -50]);
    with_body(draft.about(caller, &product), json!({ "delta": delta }))
}

fn search(draft: &mut Draft<'_>) -> Option<Call> {
    let query = draft.one_of(&["q=mug", "q=market", "q=mug&type=product", "q=renamed&limit=3"]);
    with_query(draft.request(Caller::Anonymous), query)
}
