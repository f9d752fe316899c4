//! Page requests and pages of lists, independent of the table that they are read from.

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many things at most.
    pub limit: u32,
    /// Where it begins.
    pub start: Start,
}

/// Where a slice begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With the first thing, to be followed from place to place.
    First,
    /// With so many things before it.
    Offset(u32),
    /// Behind this place, where another slice ended.
    After(String),
}

impl PageRequest {
    /// The first `limit` things.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, start: Start::First }
    }

    /// The most things that it has.
    #[must_use]
    pub fn length(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

/// A slice of a list, and what is known of the list besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage<T> {
    /// The things, in order.
    pub items: Vec<T>,
    /// The place behind which the next slice begins, if there is more.
    pub next: Option<String>,
    /// How many things the list has at least: those that were counted off, those that are shown, and one more if it was
    /// seen.
    pub min_total: usize,
    /// How many things the list has, where that is known.
    pub total: Option<u64>,
}

impl<T> ListPage<T> {
    /// The same slice, of what becomes of each thing.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> ListPage<U> {
        let Self { items, next, min_total: proven, total } = self;
        ListPage { items: items.into_iter().map(f).collect(), next, min_total: proven, total }
    }

    /// With the length of the list as it was counted, unless it is known from the list itself. Counting lags behind; so
    /// it is raised to what the slice proves.
    #[must_use]
    pub fn with_total(self, count: u64) -> Self {
        let proven = u64::try_from(self.min_total).unwrap_or(u64::MAX);
        Self { total: Some(self.total.unwrap_or(count).max(proven)), ..self }
    }
}
