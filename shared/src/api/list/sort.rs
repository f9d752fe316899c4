//! The orders that callers can ask for.

use deserr::Deserr;
use schemars::JsonSchema;

use crate::kit::error::{ApiError, FieldErrors};
use crate::repository::market::MarketOrder;
use crate::repository::table_layout::sorted_list::{ListError, Order, OrderBy};

/// `createdAt` or `name`, each also backwards; the newest first unless another is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum Sort {
    /// The oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    OldestFirst,
    /// The newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    NewestFirst,
    /// In the order of names.
    #[deserr(rename = "name")]
    #[schemars(rename = "name")]
    ByName,
    /// In the order of names, backwards.
    #[deserr(rename = "-name")]
    #[schemars(rename = "-name")]
    ByNameBackwards,
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        let (by, descending) = match sort {
            Sort::OldestFirst => (OrderBy::CreatedAt, false),
            Sort::NewestFirst => (OrderBy::CreatedAt, true),
            Sort::ByName => (OrderBy::Name, false),
            Sort::ByNameBackwards => (OrderBy::Name, true),
        };
        Self { by, descending }
    }
}

/// `createdAt`, also backwards; the newest first unless the other is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum TimeSort {
    /// The oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    OldestFirst,
    /// The newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    NewestFirst,
}

/// As [`Sort`], and `volume`, forwards and backwards: the orders of markets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum MarketSort {
    /// The oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    OldestFirst,
    /// The newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    NewestFirst,
    /// In the order of names.
    #[deserr(rename = "name")]
    #[schemars(rename = "name")]
    ByName,
    /// In the order of names, backwards.
    #[deserr(rename = "-name")]
    #[schemars(rename = "-name")]
    ByNameBackwards,
    /// Those that sold least first.
    #[deserr(rename = "volume")]
    #[schemars(rename = "volume")]
    LeastSoldFirst,
    /// Those that sold most first.
    #[deserr(rename = "-volume")]
    #[schemars(rename = "-volume")]
    MostSoldFirst,
}

impl From<MarketSort> for MarketOrder {
    fn from(sort: MarketSort) -> Self {
        match sort {
            MarketSort::OldestFirst => Self::By(Sort::OldestFirst.into()),
            MarketSort::NewestFirst => Self::By(Sort::NewestFirst.into()),
            MarketSort::ByName => Self::By(Sort::ByName.into()),
            MarketSort::ByNameBackwards => Self::By(Sort::ByNameBackwards.into()),
            MarketSort::LeastSoldFirst => Self::Volume { descending: false },
            MarketSort::MostSoldFirst => Self::Volume { descending: true },
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::TooManyMatches => Self::field("search", error),
            ListError::TooSparse => Self::field("status", error),
            ListError::Store(error) => error.into(),
        }
    }
}
