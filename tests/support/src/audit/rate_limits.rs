//! Rate limits over all instances.

use std::collections::BTreeMap;

use super::items::number;
use super::{History, Invariant, Violation};

/// Checks that no counter ever exceeded the limit that the client expects.
pub(super) fn kept(history: &History, limits: &BTreeMap<String, i64>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, images, _) in history.of_kind("limit") {
        // Requests are counted per sliding window ("used"), failed logins per aligned window ("count").
        let counts = images.iter().filter_map(|item| number(item, "used").or_else(|| number(item, "count")));
        let max = counts.max().unwrap_or_default();
        let limit = limits.iter().find(|(prefix, _)| key.pk.starts_with(&format!("limit#{prefix}")));
        if let Some((_, limit)) = limit.filter(|(_, limit)| max > **limit) {
            let expected = format!("at most {limit} in a window");
            found.push(Violation::new(Invariant::Limits, &key.pk, expected, format!("{max} granted")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::kit::command::Key;

    use super::super::Change;
    use super::*;

    #[test]
    fn exceeded_limit_in_the_history_is_found() {
        for (pk, attribute) in [("limit#reads#usr_1", "used"), ("limit#login#both#a#b#29392", "count")] {
            let change = |count: i64| {
                let key = Key { pk: pk.to_owned(), sk: "limit".to_owned() };
                let item = json!({ "kind": { "S": "limit" }, attribute: { "N": count.to_string() } });
                Change { key, image: serde_json::from_value(item).ok() }
            };
            let limits = BTreeMap::from([("reads#".to_owned(), 40), ("login#both#".to_owned(), 40)]);
            assert_eq!(kept(&History::of_changes([1, 40].map(change)), &limits), []);
            assert_eq!(kept(&History::of_changes([1, 41, 40].map(change)), &limits).len(), 1);
            assert_eq!(kept(&History::of_changes([1, 41].map(change)), &BTreeMap::new()), []);
        }
    }
}
