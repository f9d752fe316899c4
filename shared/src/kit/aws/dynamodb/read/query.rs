//! Queries: each reads one page of one partition, of the table or of an index. The table is never scanned.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};

use super::loader::key_of;
use crate::kit::aws::dynamodb::Table;
use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::expression::{Placeholders, Predicate, Projection};
use crate::kit::aws::dynamodb::schema::{Index, PK, SK, SUMMARY};
use crate::kit::command::read_set::{Parsed, parse, parsed_or_reported};
use crate::kit::command::{Item, Key, MalformedItem, Record, StoreError};

/// A query of one partition.
#[derive(Debug, Clone)]
pub struct Query {
    index: Option<Index>,
    partition: String,
    sort: Option<Predicate>,
    filter: Option<Predicate>,
    sort_keys_only: bool,
    consistent: bool,
    descending: bool,
    limit: u32,
    after: Option<PageKey>,
}

/// Position at the end of a page: the keys of its last item (`ExclusiveStartKey` of the next page).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    /// Primary key of the item.
    pub key: Key,
    /// Sort value of the item in the index, if an index was read.
    pub index_sort: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Start of the next page, if there may be one.
    pub next: Option<PageKey>,
}

impl Query {
    /// Up to `limit` items of a partition of the table, by ascending sort key.
    #[must_use]
    pub fn table(partition: impl Into<String>, limit: u32) -> Self {
        Self::on(None, partition.into(), limit)
    }

    /// Up to `limit` items of a partition of an index, by ascending sort value.
    #[must_use]
    pub fn index(index: Index, partition: impl Into<String>, limit: u32) -> Self {
        Self::on(Some(index), partition.into(), limit)
    }

    const fn on(index: Option<Index>, partition: String, limit: u32) -> Self {
        let (sort, filter, after) = (None, None, None);
        let (sort_keys_only, consistent, descending) = (false, false, false);
        Self { index, partition, sort, filter, sort_keys_only, consistent, descending, limit, after }
    }

    /// Keeps only items whose sort value is less than `bound`.
    #[must_use]
    pub fn before(mut self, bound: impl Into<String>) -> Self {
        self.sort = Some(Predicate::less(self.attributes().1, bound.into()));
        self
    }

    /// Keeps only items whose sort value begins with `prefix`.
    #[must_use]
    pub fn beginning_with(mut self, prefix: impl Into<String>) -> Self {
        self.sort = Some(Predicate::BeginsWith(self.attributes().1, prefix.into()));
        self
    }

    /// Keeps only items whose sort value is between `first` and `last`, both inclusive.
    #[must_use]
    pub fn between(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        let (first, last): (String, String) = (first.into(), last.into());
        self.sort = Some(Predicate::Between(self.attributes().1, first.into(), last.into()));
        self
    }

    /// Keeps only items that come after `bound` in the current direction of the query. A query between two
    /// values keeps its other bound.
    #[must_use]
    pub fn starting_after(mut self, bound: impl Into<String>) -> Self {
        let (attribute, bound) = (self.attributes().1, bound.into());
        self.sort = Some(match self.sort {
            // A sort key takes only one condition, and both bounds of `BETWEEN` are inclusive.
            Some(Predicate::Between(_, first, _)) if self.descending => {
                Predicate::Between(attribute, first, before(&bound).into())
            }
            _ if self.descending => Predicate::less(attribute, bound),
            // The smallest text greater than `bound` is `bound` followed by the smallest character.
            Some(Predicate::Between(_, _, last)) => {
                Predicate::Between(attribute, format!("{bound}\u{0}").into(), last)
            }
            _ => Predicate::greater(attribute, bound),
        });
        self
    }

    /// Keeps only items that match `predicate`. The others are read and billed all the same.
    #[must_use]
    pub fn filter(mut self, predicate: Predicate) -> Self {
        self.filter = Some(predicate);
        self
    }

    /// Reads in descending order.
    #[must_use]
    pub const fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// Sets the maximum number of items.
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Reads only the sort value of each item.
    #[must_use]
    pub const fn sort_keys_only(mut self) -> Self {
        self.sort_keys_only = true;
        self
    }

    /// Reads with strong consistency. Only the table itself supports it, no index.
    #[must_use]
    pub const fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }

    /// Returns true if the query reads in descending order.
    pub(crate) const fn is_descending(&self) -> bool {
        self.descending
    }

    /// Returns true if the query has a filter.
    pub(crate) const fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// Starts after the end of an earlier page.
    #[must_use]
    pub fn after(mut self, position: Option<PageKey>) -> Self {
        self.after = position;
        self
    }

    const fn attributes(&self) -> (&'static str, &'static str) {
        match self.index {
            Some(index) => index.attributes(),
            None => (PK, SK),
        }
    }

    /// Page key of the item with these key attributes.
    fn page_key(&self, keys: &HashMap<String, AttributeValue>) -> Option<PageKey> {
        let sort_attribute = self.attributes().1;
        let index_sort = self.index.and_then(|_| keys.get(sort_attribute)?.as_s().ok().cloned());
        Some(PageKey { key: key_of(keys)?, index_sort })
    }

    /// The item with its key; in an index of summaries, the summary.
    fn stored(&self, mut item: HashMap<String, AttributeValue>) -> StoredItem {
        let key = key_of(&item);
        let is_summary = self.index.is_some_and(Index::contains_summaries);
        let item = match is_summary.then(|| item.remove(SUMMARY)).flatten() {
            Some(AttributeValue::M(summary)) => summary.into(),
            _ => item.into(),
        };
        StoredItem { key, item }
    }

    fn start_key(&self) -> Option<HashMap<String, AttributeValue>> {
        let position = self.after.as_ref()?;
        let mut key = super::loader::key_item(&position.key);
        if let (Some(index), Some(sort)) = (self.index, &position.index_sort) {
            let (partition_attribute, sort_attribute) = index.attributes();
            key.insert(partition_attribute.to_owned(), AttributeValue::S(self.partition.clone()));
            key.insert(sort_attribute.to_owned(), AttributeValue::S(sort.clone()));
        }
        Some(key)
    }
}

/// Upper bound of all sort values less than `bound`, in the order of their UTF-8 bytes: its last character is
/// replaced by the one before it, followed by the greatest character, which no sort value contains.
fn before(bound: &str) -> String {
    let mut chars = bound.chars();
    let Some(last) = chars.next_back() else { return String::new() };
    let before = |last: char| char::from_u32(u32::from(last).checked_sub(1)?).or(Some('\u{D7FF}'));
    match before(last) {
        Some(previous) => format!("{}{previous}{}", chars.as_str(), char::MAX),
        None => chars.as_str().to_owned(),
    }
}

/// A stored item and its sort value in the list.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) sort: String,
    pub(crate) item: StoredItem,
}

/// A stored item, or its summary, and the key under which it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredItem {
    /// Key; `None` if the query reads only sort values.
    pub(crate) key: Option<Key>,
    pub(crate) item: Item,
}

impl StoredItem {
    /// Parses the item as a record.
    pub(crate) fn parse<R: Record>(self) -> Parsed<R> {
        let Self { key, item } = self;
        parse(item).map_err(|malformed| MalformedItem { key, ..malformed })
    }
}

/// Reads one page, in one request. An item that cannot be parsed is reported and left out.
pub(crate) async fn run<R: Record>(table: &Table, query: &Query) -> Result<Page<R>, StoreError> {
    let Page { items, next } = stored(table, query).await?;
    let items = items.into_iter().filter_map(|item| parsed_or_reported(item.parse()));
    Ok(Page { items: items.collect(), next })
}

/// Reads one page of items without parsing them, in one request.
pub(crate) async fn stored(table: &Table, query: &Query) -> Result<Page<StoredItem>, StoreError> {
    let (items, next) = send(table, query).await?;
    Ok(Page { items: items.into_iter().map(|item| query.stored(item)).collect(), next })
}

/// Reads rows, in one request. Also returns the sort value up to which it read, if there may be more.
pub(crate) async fn rows(table: &Table, query: &Query) -> Result<(Vec<Row>, Option<String>), StoreError> {
    let (items, next) = send(table, query).await?;
    let sort_attribute = query.attributes().1;
    let rows = items.into_iter().filter_map(|item| {
        let sort = item.get(sort_attribute)?.as_s().ok()?.clone();
        Some(Row { sort, item: query.stored(item) })
    });
    // In the table itself, the items are sorted by their sort key.
    let reached = |position: PageKey| position.index_sort.unwrap_or(position.key.sk);
    Ok((rows.collect(), next.map(reached)))
}

/// Result of counting items of an index.
#[derive(Debug)]
pub(crate) struct Count {
    /// Number of items that match the filter.
    pub(crate) matched: usize,
    /// Number of items that the table read and bills, including those that do not match.
    pub(crate) examined: usize,
    /// Sort value of the last item read, if there may be more.
    pub(crate) reached: Option<String>,
}

/// Counts items of an index, in one request.
pub(crate) async fn count(table: &Table, query: &Query) -> Result<Count, StoreError> {
    let response = Box::pin(request(table, query).select(Select::Count).send()).await;
    let response = response.map_err(|error| store_error(&error))?;
    let reached = response.last_evaluated_key.as_ref().and_then(|last| query.page_key(last)?.index_sort);
    let [matched, examined] =
        [response.count, response.scanned_count].map(|count| usize::try_from(count).unwrap_or_default());
    Ok(Count { matched, examined, reached })
}

type Items = Vec<HashMap<String, AttributeValue>>;

async fn send(table: &Table, query: &Query) -> Result<(Items, Option<PageKey>), StoreError> {
    let response = Box::pin(request(table, query).send()).await.map_err(|error| store_error(&error))?;
    let next = response.last_evaluated_key.as_ref().and_then(|last| query.page_key(last));
    Ok((response.items.unwrap_or_default(), next))
}

fn request(table: &Table, query: &Query) -> QueryFluentBuilder {
    let mut placeholders = Placeholders::default();
    let (partition_attribute, sort_attribute) = query.attributes();
    let mut condition = vec![Predicate::equal(partition_attribute, query.partition.clone())];
    condition.extend(query.sort.clone());
    let sort_value = [sort_attribute];
    let projection = query.sort_keys_only.then_some(Projection(&sort_value));
    table
        .client
        .query()
        .table_name(&*table.name)
        .set_index_name(query.index.map(|index| index.name().to_owned()))
        .key_condition_expression(key_condition(&condition, &mut placeholders))
        .set_filter_expression(query.filter.as_ref().map(|filter| filter.render(&mut placeholders)))
        .set_projection_expression(projection.map(|projection| projection.render(&mut placeholders)))
        .set_expression_attribute_names(placeholders.names())
        .set_expression_attribute_values(placeholders.values())
        .scan_index_forward(!query.descending)
        .set_consistent_read(query.consistent.then_some(true))
        .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
        .set_exclusive_start_key(query.start_key())
}

/// Joins predicates without parentheses, which key conditions do not allow.
fn key_condition(predicates: &[Predicate], placeholders: &mut Placeholders) -> String {
    let parts: Vec<String> = predicates.iter().map(|predicate| predicate.render(placeholders)).collect();
    parts.join(" AND ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bound_before_a_text_separates_it_from_all_lesser_texts(
            text in "[a-c\u{0}\u{E000}\u{10000}]{1,4}",
            other in "[a-c\u{0}\u{D7FF}\u{E000}\u{10000}]{0,5}",
        ) {
            prop_assert!(before(&text) < text);
            prop_assert_eq!(other <= before(&text), other < text, "{:?}", before(&text));
        }
    }
}
