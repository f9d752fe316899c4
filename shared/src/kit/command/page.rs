//! Page requests and pages of lists, independent of how the table is read.

/// Request for a part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Maximum number of items.
    pub limit: u32,
    /// Start of the page.
    pub start: Start,
}

/// Start of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the first item, for a client that follows cursors.
    First,
    /// After this number of items.
    Offset(u32),
    /// After this sort value, where an earlier page ended.
    After(String),
}

impl PageRequest {
    /// The first `limit` items.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, start: Start::First }
    }

    /// Maximum number of items, as a length.
    #[must_use]
    pub fn length(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

/// A page of a list, with what is known of the list's length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Sort value after which the next page starts, if there may be more items.
    pub next: Option<String>,
    /// Lower bound of the list's length: the items skipped, the items of this page, and one more if a further
    /// item was read.
    pub min_total: usize,
    /// Length of the list, if known.
    pub total: Option<u64>,
}

impl<T> ListPage<T> {
    /// Transforms the items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> ListPage<U> {
        let Self { items, next, min_total, total } = self;
        ListPage { items: items.into_iter().map(f).collect(), next, min_total, total }
    }

    /// Sets the total to `count`, unless it is already known. Counters lag behind, so the total is raised to
    /// the lower bound that this page shows.
    #[must_use]
    pub fn with_total(self, count: u64) -> Self {
        let min_total = u64::try_from(self.min_total).unwrap_or(u64::MAX);
        Self { total: Some(self.total.unwrap_or(count).max(min_total)), ..self }
    }
}
