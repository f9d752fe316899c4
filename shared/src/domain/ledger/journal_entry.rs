//! Journal entries: the changes of accounts by one cause.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Account, Postings};
use crate::domain::market::MarketId;
use crate::domain::order::OrderId;
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

/// Id of an entry: its cause. An order has at most one entry for each of its versions, such as `ord_….5`, because a
/// version is committed with its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId {
    /// Order that caused the entry.
    pub order_id: OrderId,
    /// Version of the order that was committed with the entry.
    pub order_version: Version,
}

/// The text is not the id of a journal entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the id of a journal entry: an order id, a dot and a version, like ord_01J8Z3K5V0ABCDEFGHJKMNPQRS.5"
)]
pub struct EntryIdError;

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.order_id, self.order_version.get())
    }
}

impl FromStr for EntryId {
    type Err = EntryIdError;

    fn from_str(text: &str) -> Result<Self, EntryIdError> {
        let (order_id, version) = text.rsplit_once('.').ok_or(EntryIdError)?;
        let order_version = version.parse().ok().and_then(Version::new).ok_or(EntryIdError)?;
        let id = Self { order_id: order_id.parse().map_err(|_| EntryIdError)?, order_version };
        // One text for each id: without leading zeros or signs.
        if id.to_string() == text { Ok(id) } else { Err(EntryIdError) }
    }
}

impl TryFrom<String> for EntryId {
    type Error = EntryIdError;

    fn try_from(text: String) -> Result<Self, EntryIdError> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.to_string()
    }
}

/// Entry of the journal. Its postings never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    /// Id of the entry.
    pub id: EntryId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Market whose seller's accounts the postings are to.
    pub market_id: MarketId,
    /// Changes of the accounts.
    pub postings: Postings,
    /// Time since when the seller has earned what is posted to [`Account::SellerAvailable`]: the delivery of the
    /// order, or its confirmation if nothing is shipped. The payout delay begins at this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned_at: Option<Timestamp>,
    /// Time at which the entry was recorded.
    pub created_at: Timestamp,
}

impl JournalEntry {
    /// Entry for a version of an order; `None` if no account changes. `earned_at` is the time since when the seller
    /// has earned the money of the order.
    #[must_use]
    pub fn new(
        id: EntryId,
        market_id: MarketId,
        postings: Postings,
        earned_at: Timestamp,
        now: Timestamp,
    ) -> Option<Self> {
        let earned_at = postings.contains(Account::SellerAvailable).then_some(earned_at);
        let is_change = !postings.is_empty();
        is_change.then_some(Self {
            id,
            version: Version::FIRST,
            market_id,
            postings,
            earned_at,
            created_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, product};

    const ORDER: &str = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";

    #[test]
    fn id_round_trips_and_has_one_text() {
        let id: EntryId = format!("{ORDER}.12").parse().unwrap();
        assert_eq!((id.order_id.to_string(), id.order_version.get()), (ORDER.to_owned(), 12));
        assert_eq!(serde_json::to_value(id).unwrap(), format!("{ORDER}.12"));
        for malformed in ["", ".", "12", ".12", "ord_1.2", "txn_1"] {
            assert_eq!(malformed.parse::<EntryId>(), Err(EntryIdError), "{malformed}");
        }
        for version in ["", "0", "-1", "+1", "01", "1.0", "99999999999999999999"] {
            assert_eq!(format!("{ORDER}.{version}").parse::<EntryId>(), Err(EntryIdError), "{version}");
        }
    }

    #[test]
    fn entry_without_a_posting_does_not_exist() {
        let (id, market) = (format!("{ORDER}.1").parse().unwrap(), product().market_id);
        assert_eq!(JournalEntry::new(id, market, Postings::default(), at(1), at(2)), None);
    }

    #[test]
    fn only_available_money_is_earned() {
        let (id, market) = (format!("{ORDER}.1").parse().unwrap(), product().market_id);
        let earned = |account| {
            let mut postings = Postings::default();
            postings.transfer(Account::Gateway, account, 5, "EUR".parse().unwrap());
            JournalEntry::new(id, market, postings, at(1), at(2)).unwrap().earned_at
        };
        assert_eq!(earned(Account::SellerAvailable), Some(at(1)));
        assert_eq!(earned(Account::SellerPending), None);
    }
}
