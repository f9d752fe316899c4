//! Allowance of e-mails about accounts: how many e-mails of a kind one address gets.
//!
//! Other people can cause these e-mails, because they go to addresses that are not verified. The allowance is part
//! of the commit that begins the dispatch, so no number of accounts or callers gets around it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::values::id::{Id, Identified};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

/// Minimum time between the causes of two e-mails of a kind to an address.
pub const MIN_INTERVAL: Duration = Duration::from_mins(1);

/// Maximum number of e-mails of a kind to an address within [`PERIOD`].
pub const MAX_EMAILS: usize = 10;

/// Period in which at most [`MAX_EMAILS`] are sent.
pub const PERIOD: Duration = Duration::from_hours(24);

/// Age from which the age of an event does not matter: messages are retried for as long.
const MAX_DELAY: Duration = Duration::from_hours(24);

/// Time for which a cause is stored: events that are older than [`MAX_DELAY`] are compared with the causes of
/// [`PERIOD`] before.
const RETENTION: Duration = MAX_DELAY.saturating_add(PERIOD);

/// Id of an [`EmailAllowance`]: a digest of kind and address, so that it does not reveal the address.
pub type EmailAllowanceId = Id<EmailAllowance>;

/// Recent e-mails of a kind to an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailAllowance {
    /// Digest of kind and address.
    pub id: EmailAllowanceId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Times of the events that caused the recent e-mails.
    pub causes: Vec<Timestamp>,
    /// Time from which the record may be deleted.
    pub expires_at: Timestamp,
}

/// Request to use an allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowanceRequest {
    /// Id of the allowance.
    pub id: EmailAllowanceId,
    /// Time of the event that causes the e-mail. The time of sending would depend on delays of the queue.
    pub caused_at: Timestamp,
}

impl Identified for EmailAllowance {
    const PREFIX: &'static str = "ema";
    const NOUN: &'static str = "e-mail allowance";
}

impl AllowanceRequest {
    /// Returns the next version of the allowance, with this e-mail; `None` if it does not permit the e-mail.
    pub(super) fn apply_to(&self, current: Option<EmailAllowance>, now: Timestamp) -> Option<EmailAllowance> {
        let version = current.as_ref().map_or(Version::FIRST, |current| current.version.next());
        let mut causes = current.map(|current| current.causes).unwrap_or_default();
        causes.retain(|cause| cause.saturating_add(RETENTION) > now);
        let caused_at = self.caused_at.max(now.saturating_sub(MAX_DELAY));
        let distance = |cause: &Timestamp| caused_at.max(*cause).duration_since(caused_at.min(*cause));
        if causes.iter().any(|cause| distance(cause) < MIN_INTERVAL)
            || causes.iter().filter(|cause| distance(cause) < PERIOD).count() >= MAX_EMAILS
        {
            return None;
        }
        causes.push(caused_at);
        Some(EmailAllowance { id: self.id, version, causes, expires_at: now.saturating_add(RETENTION) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000).saturating_add(Duration::from_secs(seconds))
    }

    fn request(seconds: u64) -> AllowanceRequest {
        AllowanceRequest { id: EmailAllowanceId::of_digest(7), caused_at: at(seconds) }
    }

    #[test]
    fn second_email_of_a_kind_waits_for_a_minute() {
        let first = request(100).apply_to(None, at(105)).unwrap();
        assert_eq!((first.version, &first.causes[..]), (Version::FIRST, &[at(100)][..]));
        for early in [41, 100, 159] {
            assert_eq!(request(early).apply_to(Some(first.clone()), at(160)), None, "{early}");
        }
        let second = request(160).apply_to(Some(first), at(160)).unwrap();
        assert_eq!((second.version.get(), &second.causes[..]), (2, &[at(100), at(160)][..]));
        assert_eq!(second.expires_at, at(160).saturating_add(RETENTION));
    }

    #[test]
    fn eleventh_email_of_a_day_waits_until_the_first_is_a_day_old() {
        let mut allowance = None;
        for minute in 0..10 {
            allowance = request(minute * 60).apply_to(allowance, at(minute * 60));
            assert!(allowance.is_some(), "{minute}");
        }
        let day = PERIOD.as_secs();
        assert_eq!(request(day - 1).apply_to(allowance.clone(), at(day - 1)), None);
        let next = request(day).apply_to(allowance.clone(), at(day)).unwrap();
        assert_eq!(next.causes.len(), 11);
        let later = request(3 * day).apply_to(allowance, at(3 * day)).unwrap();
        assert_eq!(later.causes, [at(3 * day)], "old causes are removed");
    }

    proptest! {
        /// Whatever the delays and the order in which the events are handled.
        #[test]
        fn no_day_has_more_emails_than_allowed(events in vec((0_u64..3_000, 0_u64..200_000), 1..300)) {
            let (mut allowance, mut now) = (None, 300_000);
            let mut sent: Vec<u64> = Vec::new();
            for (pause, delay) in events {
                now += pause;
                if let Some(next) = request(now - delay).apply_to(allowance.clone(), at(now)) {
                    allowance = Some(next);
                    sent.push(now - delay.min(MAX_DELAY.as_secs()));
                }
            }
            sent.sort_unstable();
            for pair in sent.windows(2) {
                prop_assert!(pair[1] - pair[0] >= MIN_INTERVAL.as_secs());
            }
            for emails in sent.windows(MAX_EMAILS + 1) {
                prop_assert!(emails[MAX_EMAILS] - emails[0] >= PERIOD.as_secs());
            }
        }
    }
}
