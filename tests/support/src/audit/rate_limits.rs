//! Rate limits over all instances.

use std::collections::BTreeMap;

use super::items::number;
use super::{History, Invariant, Violation};

/// Checks that no counter ever exceeded the limit that the client expects.
pub(super) fn kept(history: &History, limits: &BTreeMap<String, i64>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, images, _) in history.of_kind("limit") {
        let max = images.iter().filter_map(|item| number(item, "count")).max().unwrap_or_default();
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
        let change = |count: i64| {
            let key = Key { pk: "limit#reads#usr_1#29392999".to_owned(), sk: "limit".to_owned() };
            let item = json!({ "kind": { "S": "limit" }, "count": { "N": count.to_string() } });
            Change { key, image: serde_json::from_value(item).ok() }
        };
        let limits = BTreeMap::from([("reads#".to_owned(), 40)]);
        assert_eq!(kept(&History::of_changes([1, 40].map(change)), &limits), []);
        assert_eq!(kept(&History::of_changes([1, 41, 40].map(change)), &limits).len(), 1);
        assert_eq!(kept(&History::of_changes([1, 41].map(change)), &BTreeMap::new()), []);
    }
}
