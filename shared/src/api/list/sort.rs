//! Sort keys accepted in the `sort` query parameter.

use deserr::Deserr;
use schemars::JsonSchema;

use crate::kit::error::{ApiError, FieldErrors};
use crate::repository::market::MarketSortOrder;
use crate::repository::order::OrderSort;
use crate::repository::product::list::{ProductSort, ProductSortKey};
use crate::repository::table_layout::sorted_list::{ListError, SortKey, SortOrder};

/// Defines the values of a `sort` parameter: `createdAt` and `-createdAt`, which is the default, and further ones with
/// their descriptions.
macro_rules! sort_orders {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $value:tt, $description:tt;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr, JsonSchema)]
        #[deserr(error = FieldErrors)]
        #[schemars(inline)]
        pub enum $name {
            /// Oldest first.
            #[deserr(rename = "createdAt")]
            #[schemars(rename = "createdAt")]
            CreatedAsc,
            /// Newest first.
            #[default]
            #[deserr(rename = "-createdAt")]
            #[schemars(rename = "-createdAt")]
            CreatedDesc,
            $(
                #[doc = $description]
                #[deserr(rename = $value)]
                #[schemars(rename = $value)]
                $variant,
            )*
        }
    };
}

sort_orders! {
    /// Sort order: `createdAt` or `name`; prefix with `-` for descending. Default `-createdAt`.
    Sort {
        NameAsc = "name", "By name, ignoring case.";
        NameDesc = "-name", "By name in descending order, ignoring case.";
    }
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

sort_orders! {
    /// Sort order: `createdAt`; prefix with `-` for descending. Default `-createdAt`.
    TimeSort {
    }
}

sort_orders! {
    /// Sort order of markets: `createdAt`, `name` or `volume`; prefix with `-` for descending. Default
    /// `-createdAt`.
    MarketSort {
        NameAsc = "name", "By name, ignoring case.";
        NameDesc = "-name", "By name in descending order, ignoring case.";
        VolumeAsc = "volume", "Lowest sales volume first.";
        VolumeDesc = "-volume", "Highest sales volume first.";
    }
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

sort_orders! {
    /// Sort order of orders: `createdAt` or `total`; prefix with `-` for descending. Default `-createdAt`.
    OrderSortParam {
        TotalAsc = "total", "Lowest total first.";
        TotalDesc = "-total", "Highest total first.";
    }
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

sort_orders! {
    /// Sort order of products: `createdAt`, `price` or `title`; prefix with `-` for descending. Default
    /// `-createdAt`.
    ProductSortParam {
        PriceAsc = "price", "Lowest price first.";
        PriceDesc = "-price", "Highest price first.";
        TitleAsc = "title", "By title, ignoring case.";
        TitleDesc = "-title", "By title in descending order, ignoring case.";
    }
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
