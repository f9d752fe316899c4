//! Lists of the products of a market: filters, sort orders, and the queries that read them.

use strum::VariantArray as _;

use crate::domain::market::MarketId;
use crate::domain::product::summary::ProductSummary;
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::domain::values::money::{Amount, Money};
use crate::domain::values::text::Name;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, Record};
use crate::projections::list_total::ListKey;
use crate::projections::name_index::Words;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::{SortKey, Sortable, name_query, page_of};

/// Maximum number of matches of a search of the products of a market, which anyone can request.
pub const MAX_PRODUCT_MATCHES: usize = 500;

/// Maximum number of products of each status that are counted in a range of prices.
pub(super) const MAX_COUNTED: u32 = 5_000;

/// Filter and sort order of the products of a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductList {
    /// Market of the products.
    pub market: MarketId,
    /// Status of the products; `None` for all statuses.
    pub status: Option<ProductStatus>,
    /// Words, each of which must be the beginning of a word of the title.
    pub search: Option<Name>,
    /// Range of the prices.
    pub prices: PriceRange,
    /// Sort order.
    pub sort: ProductSort,
}

/// Range of prices in minor units, both bounds inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PriceRange {
    /// Lowest price; `None` for no limit.
    pub min: Option<Amount>,
    /// Highest price; `None` for no limit.
    pub max: Option<Amount>,
}

/// Sort order of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductSort {
    /// Sort key.
    pub by: ProductSortKey,
    /// True for descending order.
    pub descending: bool,
}

/// Sort key of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductSortKey {
    /// Creation time, with which ids start.
    CreatedAt,
    /// Price in minor units, then creation time.
    Price,
    /// Title, ignoring case, then creation time.
    Title,
}

impl PriceRange {
    /// Returns true if no price is within the range.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.min.zip(self.max).is_some_and(|(min, max)| min > max)
    }

    /// Returns true if all prices are within the range.
    #[must_use]
    pub const fn is_unlimited(self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Returns true if the price is within the range.
    pub(super) fn contains(self, price: Money) -> bool {
        self.min.is_none_or(|min| min.get() <= price.amount())
            && self.max.is_none_or(|max| price.amount() <= max.get())
    }

    /// First and last sort value of the range.
    fn bounds(self) -> (String, String) {
        let min = self.min.map_or(0, Amount::get);
        partitions::amount_bounds(min, self.max.map_or(Amount::MAX, Amount::get))
    }
}

impl ProductList {
    /// Keys of the totals that add up to the total of this list; empty for a search or a range of prices, which
    /// is counted when it is read.
    #[must_use]
    pub fn totals(&self) -> Vec<ListKey> {
        if self.search.is_some() || !self.prices.is_unlimited() {
            return Vec::new();
        }
        self.partitions().map(ListKey::of).collect()
    }

    fn partitions(&self) -> impl Iterator<Item = String> {
        let (market, status) = (self.market, self.status);
        let statuses = ProductStatus::VARIANTS.iter().copied();
        statuses
            .filter(move |each| status.is_none_or(|status| status == *each))
            .map(move |status| partitions::products_in(market, status))
    }

    /// Queries of the products in this order. Only those by price are restricted to the range.
    pub(super) fn queries(&self, by: ProductSortKey) -> Vec<Query> {
        let query = |partition| {
            let query = match by {
                ProductSortKey::CreatedAt => Query::index(Index::SummariesByParent, partition, 1),
                ProductSortKey::Title => Query::index(Index::SummariesByName, partition, 1),
                ProductSortKey::Price if self.prices.is_unlimited() => {
                    Query::index(Index::SummariesByOwner, partition, 1)
                }
                ProductSortKey::Price => {
                    let (first, last) = self.prices.bounds();
                    Query::index(Index::SummariesByOwner, partition, 1).between(first, last)
                }
            };
            if self.sort.descending { query.descending() } else { query }
        };
        self.partitions().map(query).collect()
    }

    /// Queries of the name terms under the longest of these words.
    pub(super) fn searches(&self, words: &Words) -> impl Iterator<Item = Query> {
        self.partitions().filter_map(|partition| name_query(&partition, words, MAX_PRODUCT_MATCHES))
    }

    /// Sorts all matches and returns a page.
    pub(super) fn slice(&self, found: Vec<ProductSummary>, slice: &PageRequest) -> ListPage<ProductSummary> {
        let sort = |product: ProductSummary| {
            let value = match self.sort.by {
                ProductSortKey::CreatedAt => product.sort_by(SortKey::CreatedAt),
                ProductSortKey::Title => product.sort_by(SortKey::Name),
                ProductSortKey::Price => partitions::amount_sort(product.price.amount(), product.id),
            };
            (value, product)
        };
        page_of(found.into_iter().map(sort).collect(), self.sort.descending, slice)
    }
}

/// Loaded from an index of summaries or from a name term.
impl Record for ProductSummary {
    const KIND: &'static str = Product::KIND;
    type Id = ProductId;

    fn key(id: &ProductId) -> Key {
        Product::key(id)
    }
}

impl Sortable for ProductSummary {
    fn sort_by(&self, by: SortKey) -> String {
        match by {
            SortKey::CreatedAt => self.id.to_string(),
            SortKey::Name => partitions::name_sort(&self.title, &self.id.to_string()),
        }
    }
}
