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
