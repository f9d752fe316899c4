//! The orders that callers can ask for.

use deserr::Deserr;
use schemars::JsonSchema;

use crate::kit::error::{ApiError, FieldErrors};
use crate::repository::market::MarketSortOrder;
use crate::repository::table_layout::sorted_list::{ListError, SortKey, SortOrder};

/// `createdAt` or `name`, each also backwards; the newest first unless another is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum Sort {
    /// The oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    CreatedAsc,
    /// The newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
    /// In the order of names.
    #[deserr(rename = "name")]
    #[schemars(rename = "name")]
    NameAsc,
    /// In the order of names, backwards.
    #[deserr(rename = "-name")]
    #[schemars(rename = "-name")]
    NameDesc,
}

impl From<Sort> for SortOrder {
    fn from(sort: Sort) -> Self {
        let (by, descending) = match sort {
            Sort::CreatedAsc => (SortKey::CreatedAt, false),
            Sort::CreatedDesc => (SortKey::CreatedAt, true),
            Sort::NameAsc => (SortKey::Name, false),
            Sort::NameDesc => (SortKey::Name, true),
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
    CreatedAsc,
    /// The newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
}

/// As [`Sort`], and `volume`, forwards and backwards: the orders of markets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum MarketSort {
    /// The oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    CreatedAsc,
    /// The newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
    /// In the order of names.
    #[deserr(rename = "name")]
    #[schemars(rename = "name")]
    NameAsc,
    /// In the order of names, backwards.
    #[deserr(rename = "-name")]
    #[schemars(rename = "-name")]
    NameDesc,
    /// Those that sold least first.
    #[deserr(rename = "volume")]
    #[schemars(rename = "volume")]
    VolumeAsc,
    /// Those that sold most first.
    #[deserr(rename = "-volume")]
    #[schemars(rename = "-volume")]
    VolumeDesc,
}

impl From<MarketSort> for MarketSortOrder {
    fn from(sort: MarketSort) -> Self {
        match sort {
            MarketSort::CreatedAsc => Self::By(Sort::CreatedAsc.into()),
            MarketSort::CreatedDesc => Self::By(Sort::CreatedDesc.into()),
            MarketSort::NameAsc => Self::By(Sort::NameAsc.into()),
            MarketSort::NameDesc => Self::By(Sort::NameDesc.into()),
            MarketSort::VolumeAsc => Self::Volume { descending: false },
            MarketSort::VolumeDesc => Self::Volume { descending: true },
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
