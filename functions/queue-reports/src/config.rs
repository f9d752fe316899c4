//! How much is done at once.

use std::str::FromStr;
use std::time::Duration;

/// The most orders that a page may have: a chunk holds its rows, and a part of a result 50 chunks.
const MAX_PAGE: u32 = 250;

/// The longest stretch; see [`LONGEST`](crate::LONGEST).
const MAX_STRETCH: u64 = 10;

/// How many orders are read and kept at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(pub(crate) u32);

/// Text that is no size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {MAX_PAGE}")]
pub struct PageOrdersError;

impl FromStr for PageSize {
    type Err = PageOrdersError;

    fn from_str(text: &str) -> Result<Self, PageOrdersError> {
        let orders = text.parse().ok().filter(|orders| (1..=MAX_PAGE).contains(orders));
        orders.map(Self).ok_or(PageOrdersError)
    }
}

/// For how long pages are begun in one invocation; the first always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSlice(pub(crate) Duration);

/// Text that is no length of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 0 to {MAX_STRETCH}")]
pub struct StretchSecondsError;

impl FromStr for TimeSlice {
    type Err = StretchSecondsError;

    fn from_str(text: &str) -> Result<Self, StretchSecondsError> {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= MAX_STRETCH);
        seconds.map(|seconds| Self(Duration::from_secs(seconds))).ok_or(StretchSecondsError)
    }
}
