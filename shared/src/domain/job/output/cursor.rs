//! Position in the input of a job.

use serde::{Deserialize, Serialize};

use crate::domain::market::MarketId;

/// Position in the input of a job: everything before it is processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobCursor {
    /// Section of the input.
    pub section: Section,
    /// Market to which the section belongs, if there is a section for each market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_id: Option<MarketId>,
    /// Sort value of the last processed item; `None` at the beginning of the section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Section of the input of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Profile of an account.
    Profile,
    /// Sessions of an account.
    Sessions,
    /// Markets.
    Markets,
    /// Products of a market.
    Products,
    /// Orders.
    Orders,
    /// Payments.
    Payments,
    /// Background jobs.
    Jobs,
    /// Accounts.
    Accounts,
}

impl JobCursor {
    /// Beginning of a section.
    #[must_use]
    pub const fn start_of(section: Section, market_id: Option<MarketId>) -> Self {
        Self { section, market_id, after: None }
    }

    /// Position after an item of the same section.
    #[must_use]
    pub fn after(self, item: impl ToString) -> Self {
        Self { after: Some(item.to_string()), ..self }
    }
}
