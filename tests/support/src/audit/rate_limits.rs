//! Limits, over all instances.

use std::collections::BTreeMap;

use super::items::number;
use super::{History, Invariant, Violation};

/// No count ever went beyond what the client knows to be the limit.
pub(super) fn kept(history: &History, limits: &BTreeMap<String, i64>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, images, _) in history.of_kind("limit") {
        let most = images.iter().filter_map(|item| number(item, "count")).max().unwrap_or_default();
        let limit = limits.iter().find(|(counters, _)| key.pk.starts_with(&format!("limit#{counters}")));
        if let Some((_, limit)) = limit.filter(|(_, limit)| most > **limit) {
            let expected = format!("at most {limit} in a window");
            found.push(Violation::new(Invariant::Limits, &key.pk, expected, format!("{most} were granted")));
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
    fn a_count_that_was_ever_beyond_its_limit_is_found() {
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
