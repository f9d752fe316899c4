//! Which page of a list: by number, by offset or by cursor.

use std::str::FromStr;

use super::cursor::CursorCodec;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::error::ApiError;
use crate::kit::error::field_errors::{FieldErrors, combine};
use crate::kit::http::request::query::RawQuery;
use crate::kit::http::response::Pagination;

/// How many items a page has unless the caller says otherwise.
pub const DEFAULT_LIMIT: u32 = 20;
/// How many items a page has at most.
pub const MAX_LIMIT: u32 = 100;
/// How deep pages by number and by offset reach, in items: what comes before them is counted off, and paid for.
pub const MAX_DEPTH: u32 = 10_000;

/// The page of a list that a caller asks for. Without `page`, `offset` and `cursor` it is the first, to be followed by
/// cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// How many items at most.
    pub limit: Option<Limit>,
    /// The page with this number.
    pub page: Option<PageNumber>,
    /// The page with so many items before it.
    pub offset: Option<Offset>,
    /// The page that follows another one, which gave this cursor.
    pub cursor: Option<String>,
}

impl Paging {
    /// The parameters that it is given by.
    pub const PARAMETERS: [&'static str; 4] = ["limit", "page", "offset", "cursor"];

    /// Reads its parameters.
    ///
    /// # Errors
    /// [`FieldErrors`] with every rule that is broken.
    pub fn read(given: &mut RawQuery) -> Result<Self, FieldErrors> {
        let [limit, page, offset, cursor] = Self::PARAMETERS;
        let by_number = combine(given.read(page), given.read(offset));
        let ((limit, (page, offset)), cursor) =
            combine(combine(given.read(limit), by_number), given.read(cursor))?;
        Self { limit, page, offset, cursor }.checked()
    }

    /// At most one way of paging, and not too deep.
    fn checked(self) -> Result<Self, FieldErrors> {
        let ways = [
            ("page", self.page.is_some()),
            ("offset", self.offset.is_some()),
            ("cursor", self.cursor.is_some()),
        ];
        let given: Vec<&str> = ways.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        if given.len() > 1 {
            let rule = format!("only one of {} may be given", given.join(" and "));
            let errors = given.into_iter().map(|name| FieldErrors::one(name, &rule));
            return Err(errors.fold(FieldErrors::default(), FieldErrors::and));
        }
        match self.slice_by_number() {
            Some((offset, limit)) if offset.saturating_add(limit) > MAX_DEPTH => {
                let rule = format!("must not reach beyond {MAX_DEPTH} items; go on by cursor from there");
                Err(FieldErrors::one(given.first().copied().unwrap_or("page"), rule))
            }
            _ => Ok(self),
        }
    }

    /// How many items at most.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit.map_or(DEFAULT_LIMIT, |limit| limit.0)
    }

    /// What comes before the page, if it is asked for by number, and its length.
    fn slice_by_number(&self) -> Option<(u32, u32)> {
        let limit = self.limit();
        let by_page = self.page.map(|PageNumber(page)| (page - 1).saturating_mul(limit));
        by_page.or(self.offset.map(|Offset(offset)| offset)).map(|offset| (offset, limit))
    }

    /// The part of the list that it is.
    ///
    /// # Errors
    /// [`Code::InvalidCursor`](crate::kit::error::Code::InvalidCursor) unless the cursor is one of these.
    pub fn slice(&self, cursors: &CursorCodec<'_>) -> Result<PageRequest, ApiError> {
        let limit = self.limit();
        let start = match (&self.cursor, self.slice_by_number()) {
            (Some(cursor), _) => Start::After(cursors.decode(cursor)?),
            (None, Some((offset, _))) => Start::Offset(offset),
            (None, None) => Start::First,
        };
        Ok(PageRequest { limit, start })
    }

    /// What is said of the page that was read.
    #[must_use]
    pub fn pagination<T>(&self, listed: &ListPage<T>, cursors: &CursorCodec<'_>) -> Pagination {
        let (limit, page) = (self.limit(), self.page.map(|PageNumber(page)| page));
        let total = listed.total.unwrap_or_default();
        Pagination {
            page,
            offset: self.offset.map(|Offset(offset)| offset),
            limit,
            total,
            total_pages: page.map(|_| total.div_ceil(u64::from(limit))),
            next_cursor: listed.next.as_deref().map(|place| cursors.encode(place)),
        }
    }
}

/// A number of items from 1 to [`MAX_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u32);

/// The number of a page, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber(u32);

/// A number of items that come before a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset(u32);

/// A number that is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 1 to {MAX_LIMIT}")]
pub struct LimitError;

/// A number that no page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 1")]
pub struct PageNumberError;

/// A number that is no offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 0")]
pub struct OffsetError;

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).map(Self).ok_or(LimitError)
    }
}

impl From<Limit> for u32 {
    fn from(Limit(limit): Limit) -> Self {
        limit
    }
}

impl FromStr for PageNumber {
    type Err = PageNumberError;

    fn from_str(text: &str) -> Result<Self, PageNumberError> {
        bounded(text).filter(|page| *page >= 1).map(Self).ok_or(PageNumberError)
    }
}

impl FromStr for Offset {
    type Err = OffsetError;

    fn from_str(text: &str) -> Result<Self, OffsetError> {
        bounded(text).map(Self).ok_or(OffsetError)
    }
}

/// A number; what is too large to count to is as deep as can be, and refused for that.
fn bounded(text: &str) -> Option<u32> {
    let number: u64 = text.parse().ok()?;
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::auth::hmac_key::HmacKey;

    fn read(query: &str) -> Result<Paging, FieldErrors> {
        let (parts, ()) = http::Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
        Paging::read(&mut RawQuery::of(&parts).unwrap())
    }

    fn slice(query: &str) -> PageRequest {
        let seal = HmacKey::new(&[1; 32]);
        read(query).unwrap().slice(&CursorCodec::new(&seal, "things", "everybody")).unwrap()
    }

    #[test]
    fn a_page_is_a_slice_by_number_and_a_first_request_the_first() {
        let at = |limit, offset| PageRequest { limit, start: Start::Offset(offset) };
        assert_eq!(slice(""), PageRequest::first(20));
        assert_eq!(slice("limit=7"), PageRequest::first(7));
        assert_eq!(slice("page=1"), at(20, 0));
        assert_eq!(slice("page=3&limit=7"), at(7, 14));
        assert_eq!(slice("offset=41&limit=7"), at(7, 41));
        assert_eq!(slice("page=100&limit=100"), at(100, 9_900));
        assert_eq!(slice("offset=9980"), at(20, 9_980));
    }

    #[test]
    fn two_ways_of_paging_at_once_are_refused_by_their_names() {
        let names = |query| format!("{:?}", read(query).unwrap_err());
        for (query, named, others) in [
            ("page=1&offset=0", vec!["page", "offset"], vec!["cursor", "limit"]),
            ("cursor=x&page=1&limit=5", vec!["page", "cursor"], vec!["offset", "limit"]),
            ("cursor=x&page=1&offset=1", vec!["page", "offset", "cursor"], vec!["limit"]),
        ] {
            let errors = names(query);
            assert!(named.iter().all(|name| errors.contains(&format!("\"{name}\": "))), "{query}: {errors}");
            assert!(
                !others.iter().any(|name| errors.contains(&format!("\"{name}\": "))),
                "{query}: {errors}"
            );
        }
    }

    #[test]
    fn what_is_too_deep_is_to_be_read_by_cursor() {
        for (query, name) in [
            ("page=101&limit=100", "page"),
            ("page=501", "page"),
            ("page=18446744073709551615", "page"),
            ("offset=9981", "offset"),
            ("offset=4294967295&limit=100", "offset"),
        ] {
            let rule = "must not reach beyond 10000 items; go on by cursor from there";
            assert_eq!(read(query), Err(FieldErrors::one(name, rule)), "{query}");
        }
    }

    #[test]
    fn every_number_that_breaks_its_rule_is_named() {
        let errors = FieldErrors::one("limit", LimitError)
            .and(FieldErrors::one("page", PageNumberError))
            .and(FieldErrors::one("offset", OffsetError));
        assert_eq!(read("limit=0&page=0&offset=-1"), Err(errors));
        for query in ["page=", "page=1.5", "page=one", "page=-1"] {
            assert_eq!(read(query), Err(FieldErrors::one("page", PageNumberError)), "{query}");
        }
    }
}
