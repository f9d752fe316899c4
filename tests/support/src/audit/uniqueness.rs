//! Uniqueness of addresses and SKUs.

use std::collections::BTreeMap;

use shared::domain::product::{Product, SkuClaim, SkuKey};
use shared::domain::user::{EmailClaim, User};
use shared::kit::command::{Key, Record};

use super::{Invariant, Items, Violation};

/// Checks that each address and SKU has one owner, who has its claim.
pub(super) fn in_the_table(items: &Items) -> Vec<Violation> {
    let users = items.of::<User>().map(|user| (EmailClaim::key(&user.email), user.id.to_string()));
    let emails = items.placed::<EmailClaim>().map(|(key, claim)| (key, claim.user_id.to_string()));
    let mut found = claimed(users, emails);
    let products = items.of::<Product>().map(|product| {
        let sku = SkuKey { market_id: product.market_id, sku: product.sku };
        (SkuClaim::key(&sku), product.id.to_string())
    });
    let skus = items.placed::<SkuClaim>().map(|(key, claim)| (key, claim.product_id.to_string()));
    found.extend(claimed(products, skus));
    found
}

fn claimed(
    owners: impl Iterator<Item = (Key, String)>,
    claims: impl Iterator<Item = (Key, String)>,
) -> Vec<Violation> {
    let claims: BTreeMap<Key, String> = claims.collect();
    let mut owned: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for (key, owner) in owners {
        owned.entry(key).or_default().push(owner);
    }
    let names = claims.keys().chain(owned.keys().filter(|key| !claims.contains_key(key)));
    let wrong = names.filter(|key| {
        let owners = owned.get(key).map_or(&[][..], Vec::as_slice);
        claims.get(key).map(std::slice::from_ref) != Some(owners)
    });
    wrong
        .map(|key| {
            let expected = format!("owned by the holder of the claim, {:?}", claims.get(key));
            let was = format!("owned by {:?}", owned.get(key));
            Violation::new(Invariant::Http, format!("{} {}", key.pk, key.sk), expected, was)
        })
        .collect()
}
