//! Documents of the search index.

use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;

use fnv::FnvHasher;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::kit::command::Version;

/// Id of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DocumentId {
    /// Id of a market.
    Market(MarketId),
    /// Id of a product.
    Product(ProductId),
}

/// The text is not the id of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of a market or a product")]
pub struct DocumentIdError;

impl DocumentId {
    /// Kind of the document.
    #[must_use]
    pub const fn kind(self) -> DocumentKind {
        match self {
            Self::Market(_) => DocumentKind::Market,
            Self::Product(_) => DocumentKind::Product,
        }
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Market(id) => id.fmt(f),
            Self::Product(id) => id.fmt(f),
        }
    }
}

impl FromStr for DocumentId {
    type Err = DocumentIdError;

    fn from_str(text: &str) -> Result<Self, DocumentIdError> {
        let market = text.parse().map(Self::Market);
        market.or_else(|_| text.parse().map(Self::Product)).map_err(|_| DocumentIdError)
    }
}

impl TryFrom<String> for DocumentId {
    type Error = DocumentIdError;

    fn try_from(text: String) -> Result<Self, DocumentIdError> {
        text.parse()
    }
}

impl From<DocumentId> for String {
    fn from(id: DocumentId) -> Self {
        id.to_string()
    }
}

/// Kind of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum DocumentKind {
    /// Market.
    Market,
    /// Product.
    Product,
}

/// Text to compare: title and description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentText {
    /// Title, which has the higher weight.
    pub title: String,
    /// Description.
    pub body: String,
}

impl DocumentText {
    /// Text of a search query.
    #[must_use]
    pub fn of_query(text: &str) -> Self {
        Self { title: text.to_owned(), body: String::new() }
    }

    /// Digest of the text (FNV-1a, 64 bits), to detect changes. A collision affects only the ranking of the
    /// seller's own document.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = FnvHasher::default();
        for part in [self.title.as_bytes(), &[0], self.body.as_bytes()] {
            hasher.write(part);
        }
        format!("{:016x}", hasher.finish())
    }
}

/// Market or product to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Id of the document.
    pub id: DocumentId,
    /// Version of the document.
    pub version: Version,
    /// Id of the market, or of the product's market.
    pub market_id: MarketId,
    /// Text of the document; `None` if the document must not be found.
    pub text: Option<DocumentText>,
}

impl From<&Market> for Document {
    fn from(market: &Market) -> Self {
        let body = market.description.as_ref().map_or("", |text| text.as_str()).to_owned();
        let passage = DocumentText { title: market.name.as_str().to_owned(), body };
        Self {
            id: DocumentId::Market(market.id),
            version: market.version,
            market_id: market.id,
            text: (market.status == MarketStatus::Active).then_some(passage),
        }
    }
}

/// The status of the market is checked by the search: closing a market changes none of its products.
impl From<&Product> for Document {
    fn from(product: &Product) -> Self {
        let body = product.description.as_ref().map_or("", |text| text.as_str()).to_owned();
        let passage = DocumentText { title: product.title.as_str().to_owned(), body };
        Self {
            id: DocumentId::Product(product.id),
            version: product.version,
            market_id: product.market_id,
            text: (product.status == ProductStatus::Active).then_some(passage),
        }
    }
}
