//! Personal data of delivery addresses, which no other item, e-mail or charge may contain.

use std::collections::BTreeSet;

use local::services::ses::Email;
use serde_json::Value;
use shared::domain::job::output::chunk::Chunk;
use shared::domain::order::shipment::address::DeliveryAddress;
use shared::kit::command::{Item, Record};
use stripe_sandbox::Ledger;

use super::items::{read, text};
use super::{History, Invariant, Violation};

/// Attributes of an address that occur nowhere else. The name of a recipient can be that of an account.
const PRIVATE: [&str; 2] = ["line1", "phone"];

/// Checks that streets and phone numbers of delivery addresses are in no other item, except for the result of a
/// data export, and in neither an e-mail nor the ledger of the payment gateway.
pub(super) fn only_in_addresses(history: &History, emails: &[Email], ledger: &Ledger) -> Vec<Violation> {
    let addresses = history.of_kind(DeliveryAddress::KIND).flat_map(|(_, versions, _)| versions);
    let private: BTreeSet<String> = addresses.flat_map(private_texts).collect();
    let finds = |searched: &str| private.iter().any(|text| searched.contains(text.as_str()));
    let violation = |subject: String| {
        Violation::new(
            Invariant::Http,
            subject,
            "no part of a delivery address",
            "a part of a delivery address",
        )
    };
    let mut found = Vec::new();
    if private.is_empty() {
        return found;
    }
    for (key, versions) in history.items() {
        let others = versions.iter().flatten().filter(|item| {
            let kind = text(item, "kind");
            kind != DeliveryAddress::KIND && kind != Chunk::KIND
        });
        // An item can contain bytes, which JSON cannot.
        if others.map(|item| format!("{:?}", item.inner())).any(|item| finds(&item)) {
            found.push(violation(format!("{} {}", key.pk, key.sk)));
        }
    }
    found.extend(
        emails
            .iter()
            .filter(|email| finds(&format!("{email:?}")))
            .map(|email| violation(format!("{:?}", email.to))),
    );
    found.extend(finds(&format!("{ledger:?}")).then(|| violation("the ledger of the gateway".to_owned())));
    found
}

fn private_texts(item: &Item) -> Vec<String> {
    let stored: Value = read(item);
    PRIVATE.iter().filter_map(|name| stored["address"][name].as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::kit::command::Key;

    use super::super::Change;
    use super::*;

    fn violations(kind: &str, content: &Value) -> usize {
        let item = |pk: &str, item: Value| {
            let image = serde_dynamo::to_item(item).expect("the item is valid");
            Change { key: Key { pk: pk.to_owned(), sk: "sk".to_owned() }, image: Some(image) }
        };
        let address = json!({ "line1": "Torstrasse 1", "city": "Berlin", "phone": "+4930123456" });
        let stored = json!({ "kind": "delivery-address", "address": address });
        let history = History::of_changes([
            item("order", stored),
            item("other", json!({ "kind": kind, "content": content })),
        ]);
        only_in_addresses(&history, &[], &Ledger::default()).len()
    }

    #[test]
    fn part_of_an_address_in_another_item_is_found() {
        assert_eq!(violations("order", &json!("Berlin")), 0);
        assert_eq!(violations("order", &json!({ "nested": ["to Torstrasse 1, Berlin"] })), 1);
        assert_eq!(violations("outbox-event", &json!("{\"phone\":\"+4930123456\"}")), 1);
        assert_eq!(violations("job-chunk", &json!("Torstrasse 1")), 0, "a data export contains it");
    }
}
