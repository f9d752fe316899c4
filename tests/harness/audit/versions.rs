//! Versions: each follows the one before.

use super::items::number;
use super::{History, Invariant, Violation};

/// Every entity went from its first version to its last, one by one.
pub(super) fn without_a_gap(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, images) in history.items() {
        let versions: Vec<i64> = images.iter().flatten().filter_map(|item| number(item, "version")).collect();
        let expected = (1..).take(versions.len());
        if !expected.eq(versions.iter().copied()) {
            let subject = format!("{} {}", key.pk, key.sk);
            let expected = "versions one after the other, each written once";
            found.push(Violation::new(Invariant::Outbox, subject, expected, format!("{versions:?}")));
        }
    }
    found
}
