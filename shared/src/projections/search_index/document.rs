//! What can be found.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::product::{Product, ProductId, ProductStatus};
use crate::kit::command::Version;

/// Something that can be found, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DocumentId {
    /// A market.
    Market(MarketId),
    /// A product.
    Product(ProductId),
}

/// Text that is the id of nothing that can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of a market or a product")]
pub struct DocumentIdError;

impl DocumentId {
    /// What it is the id of.
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

/// Kinds of things that can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// Markets.
    Market,
    /// Products.
    Product,
}

impl DocumentKind {
    /// Both kinds.
    pub const ALL: &'static [Self] = &[Self::Market, Self::Product];

    /// The kind as keys and callers have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Product => "product",
        }
    }
}

/// A text to be compared with others: what it is called, and what is said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentText {
    /// What counts most.
    pub title: String,
    /// What counts besides.
    pub body: String,
}

impl DocumentText {
    /// What somebody asks for.
    #[must_use]
    pub fn of_query(text: &str) -> Self {
        Self { title: text.to_owned(), body: String::new() }
    }

    /// A short name for exactly this text (FNV-1a, 64 bits): whether it is another than before. Nothing but the ranking of
    /// a seller's own thing depends on it.
    #[must_use]
    pub fn digest(&self) -> String {
        let bytes = self.title.bytes().chain([0]).chain(self.body.bytes());
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        format!("{:016x}", bytes.fold(0xcbf2_9ce4_8422_2325, step))
    }
}

/// A market or a product as search sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which.
    pub id: DocumentId,
    /// At which version.
    pub version: Version,
    /// The market, or the product's.
    pub market_id: MarketId,
    /// Its text; nothing, if not everybody may find it.
    pub passage: Option<DocumentText>,
}

impl From<&Market> for Document {
    fn from(market: &Market) -> Self {
        let body = market.description.as_ref().map_or("", |text| text.as_str()).to_owned();
        let passage = DocumentText { title: market.name.as_str().to_owned(), body };
        Self {
            id: DocumentId::Market(market.id),
            version: market.version,
            market_id: market.id,
            passage: (market.status == MarketStatus::Active).then_some(passage),
        }
    }
}

/// Whether its market is open is looked at when it is found: closing a market touches none of its products.
impl From<&Product> for Document {
    fn from(product: &Product) -> Self {
        let body = product.description.as_ref().map_or("", |text| text.as_str()).to_owned();
        let passage = DocumentText { title: product.title.as_str().to_owned(), body };
        Self {
            id: DocumentId::Product(product.id),
            version: product.version,
            market_id: product.market_id,
            passage: (product.status == ProductStatus::Active).then_some(passage),
        }
    }
}
