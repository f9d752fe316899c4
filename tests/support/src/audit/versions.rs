//! Versions of entities.

use super::items::number;
use super::{History, Invariant, Violation};

/// Checks that the versions of each item are consecutive and start at 1.
pub(super) fn without_a_gap(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, images) in history.items() {
        let versions: Vec<i64> = images.iter().flatten().filter_map(|item| number(item, "version")).collect();
        let expected = (1..).take(versions.len());
        if !expected.eq(versions.iter().copied()) {
            let subject = format!("{} {}", key.pk, key.sk);
            let expected = "consecutive versions, each written once";
            found.push(Violation::new(Invariant::Outbox, subject, expected, format!("{versions:?}")));
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

    fn history(versions: &[u64]) -> History {
        let key = || Key { pk: "order#1".to_owned(), sk: "order".to_owned() };
        let image = |version: &u64| {
            let item = json!({ "kind": { "S": "order" }, "version": { "N": version.to_string() } });
            Change { key: key(), image: serde_json::from_value(item).ok() }
        };
        History::of_changes(versions.iter().map(image))
    }

    #[test]
    fn missing_or_repeated_version_is_found() {
        assert_eq!(without_a_gap(&history(&[1, 2, 3])), []);
        for wrong in [&[1, 3][..], &[1, 2, 2], &[2, 3], &[1, 2, 1]] {
            assert_eq!(without_a_gap(&history(wrong)).len(), 1, "{wrong:?}");
        }
    }
}
