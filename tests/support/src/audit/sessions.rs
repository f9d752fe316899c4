//! Sessions in their whole history.

use shared::domain::session::Session;

use super::{History, Invariant, Violation};

/// Checks that each refresh token has one successor, and that an ended session never changes.
pub(super) fn spent_once(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, versions, _) in history.of::<Session>() {
        for pair in versions.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            let rotated = after.current != before.current;
            let follows = !rotated || after.previous.as_ref() == Some(&before.current);
            if before.ended.is_some() || !follows {
                let expected = "each refresh token is replaced once, and an ended session stays ended";
                let was = format!("version {} followed {}", after.version, before.version);
                found.push(Violation::new(Invariant::Sessions, &key.sk, expected, was));
            }
        }
    }
    found
}
