//! Settings: page size and time slice.

use std::str::FromStr;
use std::time::Duration;

/// Maximum number of orders of a page: a chunk holds the rows of a page, and a part of the output 50 chunks.
const MAX_PAGE_SIZE: u32 = 250;

/// Maximum time slice in seconds; see [`MAX_DURATION`](crate::MAX_DURATION).
const MAX_TIME_SLICE_SECONDS: u64 = 10;

/// Number of orders read and held in memory at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(pub(crate) u32);

/// The text is not a valid page size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {MAX_PAGE_SIZE}")]
pub struct PageSizeError;

impl FromStr for PageSize {
    type Err = PageSizeError;

    fn from_str(text: &str) -> Result<Self, PageSizeError> {
        let orders = text.parse().ok().filter(|orders| (1..=MAX_PAGE_SIZE).contains(orders));
        orders.map(Self).ok_or(PageSizeError)
    }
}

/// Duration within which an invocation starts new pages. The first page is always started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSlice(pub(crate) Duration);

/// The text is not a valid time slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 0 to {MAX_TIME_SLICE_SECONDS}")]
pub struct TimeSliceError;

impl FromStr for TimeSlice {
    type Err = TimeSliceError;

    fn from_str(text: &str) -> Result<Self, TimeSliceError> {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= MAX_TIME_SLICE_SECONDS);
        seconds.map(|seconds| Self(Duration::from_secs(seconds))).ok_or(TimeSliceError)
    }
}
