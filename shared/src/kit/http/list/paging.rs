//! Pages of a list: by number, by offset or by cursor.

use std::str::FromStr;

use super::cursor::CursorCodec;
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::error::ApiError;
use crate::kit::error::field_errors::{FieldErrors, combine};
use crate::kit::http::request::query::RawQuery;
use crate::kit::http::response::Pagination;

/// Default number of items on a page.
pub const DEFAULT_LIMIT: u32 = 20;
/// Maximum number of items on a page.
pub const MAX_LIMIT: u32 = 100;
/// Maximum depth of pages by number and by offset, in items. It is limited because the items before such a
/// page are read and paid for.
pub const MAX_DEPTH: u32 = 10_000;

/// Requested page of a list. Without `page`, `offset` and `cursor` it is the first page, which is continued
/// by cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// Maximum number of items.
    pub limit: Option<Limit>,
    /// Number of the page.
    pub page: Option<PageNumber>,
    /// Number of items before the page.
    pub offset: Option<Offset>,
    /// Cursor from the previous page.
    pub cursor: Option<String>,
}

impl Paging {
    /// Names of the query parameters.
    pub const PARAMETERS: [&'static str; 4] = ["limit", "page", "offset", "cursor"];

    /// Reads the parameters.
    ///
    /// # Errors
    /// [`FieldErrors`] with every broken rule.
    pub fn read(query: &mut RawQuery) -> Result<Self, FieldErrors> {
        let [limit, page, offset, cursor] = Self::PARAMETERS;
        let by_number = combine(query.read(page), query.read(offset));
        let ((limit, (page, offset)), cursor) =
            combine(combine(query.read(limit), by_number), query.read(cursor))?;
        Self { limit, page, offset, cursor }.validate()
    }

    /// Rejects a combination of paging parameters, and a page that is too deep.
    fn validate(self) -> Result<Self, FieldErrors> {
        let parameters = [
            ("page", self.page.is_some()),
            ("offset", self.offset.is_some()),
            ("cursor", self.cursor.is_some()),
        ];
        let given: Vec<&str> = parameters.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        if given.len() > 1 {
            let rule = format!("only one of {} may be given", given.join(" and "));
            let errors = given.into_iter().map(|name| FieldErrors::new(name, &rule));
            return Err(errors.fold(FieldErrors::default(), FieldErrors::merge));
        }
        match self.slice_by_number() {
            Some((offset, limit)) if offset.saturating_add(limit) > MAX_DEPTH => {
                let rule =
                    format!("must stay within the first {MAX_DEPTH} items; use cursor pagination beyond");
                Err(FieldErrors::new(given.first().copied().unwrap_or("page"), rule))
            }
            _ => Ok(self),
        }
    }

    /// Maximum number of items on the page.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit.map_or(DEFAULT_LIMIT, |limit| limit.0)
    }

    /// Offset and length of the page if it is requested by number or offset.
    fn slice_by_number(&self) -> Option<(u32, u32)> {
        let limit = self.limit();
        let by_page = self.page.map(|PageNumber(page)| (page - 1).saturating_mul(limit));
        by_page.or(self.offset.map(|Offset(offset)| offset)).map(|offset| (offset, limit))
    }

    /// Returns the part of the list to read.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCursor`](crate::kit::error::ErrorCode::InvalidCursor) if the cursor was not issued
    /// by `cursors`.
    pub fn slice(&self, cursors: &CursorCodec<'_>) -> Result<PageRequest, ApiError> {
        let limit = self.limit();
        let start = match (&self.cursor, self.slice_by_number()) {
            (Some(cursor), _) => Start::After(cursors.decode(cursor)?),
            (None, Some((offset, _))) => Start::Offset(offset),
            (None, None) => Start::First,
        };
        Ok(PageRequest { limit, start })
    }

    /// Describes the page that was read, for the response.
    #[must_use]
    pub fn pagination<T>(&self, list_page: &ListPage<T>, cursors: &CursorCodec<'_>) -> Pagination {
        let (limit, page) = (self.limit(), self.page.map(|PageNumber(page)| page));
        let total = list_page.total.unwrap_or_default();
        Pagination {
            page,
            offset: self.offset.map(|Offset(offset)| offset),
            limit,
            total,
            total_pages: page.map(|_| total.div_ceil(u64::from(limit))),
            next_cursor: list_page.next.as_deref().map(|position| cursors.encode(position)),
        }
    }
}

/// Page size, from 1 to [`MAX_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u32);

/// Page number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber(u32);

/// Number of items before a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset(u32);

/// The value is not a valid page size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 1 to {MAX_LIMIT}")]
pub struct LimitError;

/// The value is not a valid page number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer of at least 1")]
pub struct PageNumberError;

/// The value is not a valid offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer of at least 0")]
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
        parse_saturating(text).filter(|page| *page >= 1).map(Self).ok_or(PageNumberError)
    }
}

impl FromStr for Offset {
    type Err = OffsetError;

    fn from_str(text: &str) -> Result<Self, OffsetError> {
        parse_saturating(text).map(Self).ok_or(OffsetError)
    }
}

/// Parses a number. A number that does not fit becomes the maximum, which is rejected as too deep.
fn parse_saturating(text: &str) -> Option<u32> {
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
        let key = HmacKey::new(&[1; 32]);
        read(query).unwrap().slice(&CursorCodec::new(&key, "products", "usr_a")).unwrap()
    }

    #[test]
    fn page_and_offset_select_a_slice_and_the_default_is_first() {
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
    fn combined_paging_parameters_are_rejected_by_name() {
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
    fn page_beyond_the_maximum_depth_is_rejected() {
        for (query, name) in [
            ("page=101&limit=100", "page"),
            ("page=501", "page"),
            ("page=18446744073709551615", "page"),
            ("offset=9981", "offset"),
            ("offset=4294967295&limit=100", "offset"),
        ] {
            let rule = "must stay within the first 10000 items; use cursor pagination beyond";
            assert_eq!(read(query), Err(FieldErrors::new(name, rule)), "{query}");
        }
    }

    #[test]
    fn every_invalid_number_is_reported() {
        let errors = FieldErrors::new("limit", LimitError)
            .merge(FieldErrors::new("page", PageNumberError))
            .merge(FieldErrors::new("offset", OffsetError));
        assert_eq!(read("limit=0&page=0&offset=-1"), Err(errors));
        for query in ["page=", "page=1.5", "page=one", "page=-1"] {
            assert_eq!(read(query), Err(FieldErrors::new("page", PageNumberError)), "{query}");
        }
    }
}
