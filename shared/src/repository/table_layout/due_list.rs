//! Lists of entities by due time, from the sparse index.

use serde::{Deserialize, Serialize};

use super::partitions;
use crate::domain::job::Job;
use crate::domain::order::Order;
use crate::domain::values::id::{Id, Identified};
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::aws::dynamodb::read::query::{Page, PageKey, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::command::{Key, MalformedItem, Record, StoreError};
use crate::kit::system::clock::Timestamp;

/// Part of a list of due entities.
#[derive(Debug, Clone)]
pub struct DueRequest {
    /// Number of the shard.
    pub shard: u32,
    /// Time before which the entities are due.
    pub before: Timestamp,
    /// End of the page before; `None` for the first page.
    pub after: Option<PageKey>,
    /// Maximum number of entities.
    pub limit: u32,
}

impl DueRequest {
    /// The first page of up to `limit` entities of a shard that are due before `before`.
    #[must_use]
    pub const fn first(shard: u32, before: Timestamp, limit: u32) -> Self {
        Self { shard, before, after: None, limit }
    }
}

/// Entry of the sparse index, which contains only keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct DueEntry {
    pk: String,
    sk: String,
}

impl Record for DueEntry {
    const KIND: &'static str = "due-entry";
    type Id = Key;

    fn key(id: &Key) -> Key {
        id.clone()
    }
}

impl DueEntry {
    /// Id of the entity, whose partition key is its kind and its id. An entry with another key is reported.
    fn id<R: Record + Identified>(self) -> Option<Id<R>> {
        let id = self.pk.strip_prefix(R::KIND).and_then(|rest| rest.strip_prefix('#')?.parse().ok());
        if id.is_none() {
            let key = Key { pk: self.pk, sk: self.sk };
            MalformedItem::new(Self::KIND, "the key does not contain an id".to_owned()).at(&key).report();
        }
        id
    }
}

impl DynamoReader {
    /// Lists the entities of `partition` in the sparse index that are due, the longest overdue first. Reads
    /// only due entries.
    pub(crate) async fn due<R: Record + Identified>(
        &self,
        partition: String,
        request: DueRequest,
    ) -> Result<Page<Id<R>>, StoreError> {
        let query = Query::index(Index::Due, partition, request.limit)
            .before(request.before.to_string())
            .after(request.after);
        self.due_ids(query).await
    }

    /// Reads the ids of a page of the sparse index.
    pub(crate) async fn due_ids<R: Record + Identified>(
        &self,
        query: Query,
    ) -> Result<Page<Id<R>>, StoreError> {
        let Page { items, next } = self.list::<DueEntry>(&query).await?;
        Ok(Page { items: items.into_iter().filter_map(DueEntry::id::<R>).collect(), next })
    }
}

/// Partition and time of an order that is to expire, to be examined, or to have its refunds checked.
pub(super) fn due_order(order: &Order) -> Option<(String, Timestamp)> {
    let shard = partitions::expiry_shard(order.id);
    let expiry = order.fulfilment.payment_deadline().map(|at| (partitions::expiring_orders(shard), at));
    let examination = || order.examined_at().map(|at| (partitions::unfinished_orders(shard), at));
    let refund_check = || order.refund_check_at.map(|at| (partitions::REFUND_CHECKS.to_owned(), at));
    expiry.or_else(examination).or_else(refund_check)
}

/// Partition and time of a due job: to be released, or to be examined because it has not ended.
pub(super) fn due_job(job: &Job) -> Option<(String, Timestamp)> {
    let shard = partitions::due_job_shard(job.id);
    if job.is_waiting() {
        job.run_at.map(|at| (partitions::due_jobs(shard), at))
    } else {
        job.examined_at().map(|at| (partitions::unfinished_jobs(shard), at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::{Job, JobId};
    use crate::domain::order::{Order, OrderId};

    #[test]
    fn id_of_a_due_entity_is_parsed_from_its_key() {
        fn entry<R: Record>(id: &R::Id) -> DueEntry {
            let Key { pk, sk } = R::key(id);
            DueEntry { pk, sk }
        }
        let order: OrderId = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        let job: JobId = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap();
        assert_eq!(entry::<Order>(&order).id::<Order>(), Some(order));
        assert_eq!(entry::<Job>(&job).id::<Job>(), Some(job));
        assert_eq!(entry::<Job>(&job).id::<Order>(), None);
    }
}
