//! Pages of the event log, newest first.
//!
//! The events of a scope are read day by day, each day by a merge of its shards. A page reads a bounded number
//! of events and of days, so it may be shorter than its limit, or even empty, and still have a next page.

use std::time::Duration;

use super::pagination::PageError;
use super::query::Query;
use super::reader::DynamoReader;
use crate::kit::aws::dynamodb::event_log::{LoggedEvent, day_of};
use crate::kit::aws::dynamodb::schema::{
    EVENT_LOG_SHARDS, Index, PLATFORM_SCOPE, event_log_shard, subject_events,
};
use crate::kit::command::page::{ListPage, PageRequest, Start};
use crate::kit::system::clock::Timestamp;

/// Maximum number of events that a page with a filter reads of each shard. Each takes less than 1 KB, so a page
/// reads at most 1 MB.
const MAX_EXAMINED: u32 = 250;
/// Maximum number of days that a page reads.
const MAX_DAYS: usize = 8;

const DAY: Duration = Duration::from_hours(24);
/// Maximum time by which the clock that an event was committed with is ahead.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

/// Selection of logged events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventList {
    /// Scope of the events; `None` for the platform, or for every scope if there is a subject.
    pub scope: Option<String>,
    /// Subject of the events; `None` for all subjects of the scope.
    pub subject: Option<String>,
    /// Type of the events; `None` for all types.
    pub event_type: Option<String>,
    /// Only events at this time or later.
    pub after: Option<Timestamp>,
    /// Only events before this time.
    pub before: Option<Timestamp>,
}

impl EventList {
    fn matches(&self, event: &LoggedEvent) -> bool {
        let is_of_scope = self.scope.as_deref().is_none_or(|scope| scope == event.scope());
        is_of_scope && self.event_type.as_deref().is_none_or(|wanted| event.has_type(wanted))
    }

    const fn has_filter(&self) -> bool {
        self.event_type.is_some() || (self.subject.is_some() && self.scope.is_some())
    }

    /// Parts of the list, newest first.
    fn parts(&self, after: &str, before: &str, start: &str) -> Vec<Part> {
        let between = |query: Query| query.descending().between(after, before);
        if let Some(subject) = &self.subject {
            let partitions = vec![between(Query::index(Index::ByParent, subject_events(subject), 1))];
            return vec![Part { partitions, older_than: None }];
        }
        let scope = self.scope.as_deref().unwrap_or(PLATFORM_SCOPE);
        let of_day = |day: String| {
            let shards = (0..EVENT_LOG_SHARDS).map(|shard| event_log_shard(scope, &day, shard));
            let partitions = shards.map(|partition| between(Query::table(partition, 1))).collect();
            Part { partitions, older_than: Some(day) }
        };
        days(day_of(start), day_of(after)).map(of_day).collect()
    }
}

/// Part of a list: partitions that are merged.
struct Part {
    partitions: Vec<Query>,
    /// Sort value that is less than all of this part, and greater than all of the next.
    older_than: Option<String>,
}

/// Days from `last` back to `first`.
fn days(last: &str, first: &str) -> impl Iterator<Item = String> {
    let midnight = |day: &str| format!("{day}T00:00:00.000Z").parse::<Timestamp>().ok();
    let first = midnight(first);
    std::iter::successors(midnight(last), |day| Some(day.saturating_sub(DAY)))
        .take_while(move |day| first.is_some_and(|first| *day >= first))
        .map(|day| day_of(&day.to_string()).to_owned())
}

impl DynamoReader {
    /// Reads a page of logged events that have not expired by `now`, newest first.
    ///
    /// # Errors
    /// [`PageError`] if the table does not respond.
    pub async fn logged_events(
        &self,
        list: &EventList,
        now: Timestamp,
        request: &PageRequest,
    ) -> Result<ListPage<LoggedEvent>, PageError> {
        let retained = now.saturating_sub(self.table().event_retention());
        let after = list.after.map_or(retained, |after| after.max(retained)).to_string();
        let newest = now.saturating_add(CLOCK_TOLERANCE);
        let before = list.before.map_or(newest, |before| before.min(newest)).to_string();
        let start = match &request.start {
            Start::After(position) => position.as_str(),
            Start::First | Start::Offset(_) => before.as_str(),
        };
        let mut page = ListPage { items: Vec::new(), next: None, min_total: 0, total: None };
        // DynamoDB refuses a range whose end is before its beginning.
        if start <= after.as_str() || before <= after {
            return Ok(page);
        }
        let mut left = if list.has_filter() { MAX_EXAMINED.max(request.limit) } else { request.limit };
        let mut parts = list.parts(&after, &before, start).into_iter().peekable();
        for _ in 0..MAX_DAYS {
            let Some(Part { partitions, older_than }) = parts.next() else { break };
            let read = PageRequest { limit: left, start: request.start.clone() };
            let ListPage { items, next, .. } = self.page::<LoggedEvent>(&partitions, &read).await?;
            left = left.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
            // Damaged events are left out, so that there may be a rest although fewer events were read.
            let has_rest = next.is_some();
            let end = if left == 0 { items.last().map(|event| event.sk.clone()) } else { older_than };
            page.next = next.or(end.filter(|_| parts.peek().is_some()));
            let mut matching = items.into_iter().filter(|event| list.matches(event));
            page.items.extend(matching.by_ref().take(request.length() - page.items.len()));
            if matching.next().is_some() {
                page.next = page.items.last().map(|event| event.sk.clone());
            }
            if has_rest || left == 0 || page.items.len() == request.length() {
                break;
            }
        }
        page.min_total = page.items.len();
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_listed_backwards_from_the_last_to_the_first() {
        let listed: Vec<String> = days("2027-03-01", "2027-02-27").collect();
        assert_eq!(listed, ["2027-03-01", "2027-02-28", "2027-02-27"]);
        assert_eq!(days("2027-02-27", "2027-03-01").count(), 0);
    }
}
