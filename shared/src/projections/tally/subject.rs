//! Entities that have a tally.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::market::MarketId;
use crate::domain::order::OrderId;
use crate::domain::product::ProductId;
use crate::domain::user::UserId;

/// Id of a counted entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// Id of an account.
    User(UserId),
    /// Id of a market.
    Market(MarketId),
    /// Id of a product.
    Product(ProductId),
    /// Id of an order.
    Order(OrderId),
}

/// The text is not the id of a counted entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of an account, a market, a product or an order")]
pub struct SubjectError;

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Market(id) => id.fmt(f),
            Self::Product(id) => id.fmt(f),
            Self::Order(id) => id.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let user = text.parse().ok().map(Self::User);
        let market = || text.parse().ok().map(Self::Market);
        let product = || text.parse().ok().map(Self::Product);
        let order = || text.parse().ok().map(Self::Order);
        user.or_else(market).or_else(product).or_else(order).ok_or(SubjectError)
    }
}

impl TryFrom<String> for Subject {
    type Error = SubjectError;

    fn try_from(text: String) -> Result<Self, SubjectError> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_round_trips_through_its_text() {
        for prefix in ["usr", "mkt", "prd", "ord"] {
            let text = format!("{prefix}_01J8Z3K5V0ABCDEFGHJKMNPQRS");
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        assert_eq!("pay_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse::<Subject>(), Err(SubjectError));
    }
}
