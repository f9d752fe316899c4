//! Sort keys accepted in the `sort` query parameter.

use deserr::Deserr;
use schemars::JsonSchema;

use crate::kit::error::{ApiError, FieldErrors};
use crate::repository::market::MarketSortOrder;
use crate::repository::order::OrderSort;
use crate::repository::product::list::{ProductSort, ProductSortKey};
use crate::repository::table_layout::sorted_list::{ListError, SortKey, SortOrder};

/// Sort order: `createdAt` or `name`; prefix with `-` for descending. Default `-createdAt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum Sort {
    /// Oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    CreatedAsc,
    /// Newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
    /// By name, ignoring case.
    #[deserr(rename = "name")]
    #[schemars(rename = "name")]
    NameAsc,
    /// By name in descending order, ignoring case.
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

/// Sort order: `createdAt`; prefix with `-` for descending. Default `-createdAt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum TimeSort {
    /// Oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    CreatedAsc,
    /// Newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
}

/// Sort order of markets: `createdAt`, `name` or `volume`; prefix with `-` for descending. Default
/// `-createdAt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum MarketSort {
    /// Oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    CreatedAsc,
    /// Newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
    /// By name, ignoring case.
    #[deserr(rename = "name")]
    #[schemars(rename = "name")]
    NameAsc,
    /// By name in descending order, ignoring case.
    #[deserr(rename = "-name")]
    #[schemars(rename = "-name")]
    NameDesc,
    /// Lowest sales volume first.
    #[deserr(rename = "volume")]
    #[schemars(rename = "volume")]
    VolumeAsc,
    /// Highest sales volume first.
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

/// Sort order of orders: `createdAt` or `total`; prefix with `-` for descending. Default `-createdAt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum OrderSortParam {
    /// Oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    CreatedAsc,
    /// Newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
    /// Lowest total first.
    #[deserr(rename = "total")]
    #[schemars(rename = "total")]
    TotalAsc,
    /// Highest total first.
    #[deserr(rename = "-total")]
    #[schemars(rename = "-total")]
    TotalDesc,
}

impl From<OrderSortParam> for OrderSort {
    fn from(sort: OrderSortParam) -> Self {
        match sort {
            OrderSortParam::CreatedAsc => Self::CreatedAt { descending: false },
            OrderSortParam::CreatedDesc => Self::CreatedAt { descending: true },
            OrderSortParam::TotalAsc => Self::Total { descending: false },
            OrderSortParam::TotalDesc => Self::Total { descending: true },
        }
    }
}

/// Sort order of products: `createdAt`, `price` or `title`; prefix with `-` for descending. Default
/// `-createdAt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
#[schemars(inline)]
pub enum ProductSortParam {
    /// Oldest first.
    #[deserr(rename = "createdAt")]
    #[schemars(rename = "createdAt")]
    CreatedAsc,
    /// Newest first.
    #[default]
    #[deserr(rename = "-createdAt")]
    #[schemars(rename = "-createdAt")]
    CreatedDesc,
    /// Lowest price first.
    #[deserr(rename = "price")]
    #[schemars(rename = "price")]
    PriceAsc,
    /// Highest price first.
    #[deserr(rename = "-price")]
    #[schemars(rename = "-price")]
    PriceDesc,
    /// By title, ignoring case.
    #[deserr(rename = "title")]
    #[schemars(rename = "title")]
    TitleAsc,
    /// By title in descending order, ignoring case.
    #[deserr(rename = "-title")]
    #[schemars(rename = "-title")]
    TitleDesc,
}

impl From<ProductSortParam> for ProductSort {
    fn from(sort: ProductSortParam) -> Self {
        let (by, descending) = match sort {
            ProductSortParam::CreatedAsc => (ProductSortKey::CreatedAt, false),
            ProductSortParam::CreatedDesc => (ProductSortKey::CreatedAt, true),
            ProductSortParam::PriceAsc => (ProductSortKey::Price, false),
            ProductSortParam::PriceDesc => (ProductSortKey::Price, true),
            ProductSortParam::TitleAsc => (ProductSortKey::Title, false),
            ProductSortParam::TitleDesc => (ProductSortKey::Title, true),
        };
        Self { by, descending }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::TooManyMatches => Self::field("search", error),
            ListError::TooManyToSort | ListError::TooManyInRange => Self::field("sort", error),
            ListError::TooSparse => Self::field("status", error),
            ListError::TooDeep => Self::field("offset", error),
            ListError::Store(error) => error.into(),
        }
    }
}
