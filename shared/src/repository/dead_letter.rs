//! Reading dead letters.

use std::future::Future;

use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{ReadSet, StoreError};
use crate::messaging::dead_letter::redrive::MAX_REDRIVES;
use crate::messaging::dead_letter::{DeadLetter, DeadLetterId, DeadLetterStatus};
use crate::messaging::event_routing::Subscriber;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// Which dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetterList {
    /// Those of this queue; of any, if `None`.
    pub queue: Option<Subscriber>,
    /// Those of this status; of any in which they have their messages, if `None`.
    pub status: Option<DeadLetterStatus>,
}

/// How many letters of a queue and a status are counted; a longer list says that it has so many.
pub const COUNT_CAP: u32 = 10_000;

/// What can be asked about dead letters. Implementations return [`StoreError`] when the table does not answer, and
/// nothing else: an absent letter is `None`.
pub trait DeadLetterReader: Clone + Send + Sync + 'static {
    /// The letter, if there is one.
    fn dead_letter(
        &self,
        id: DeadLetterId,
    ) -> impl Future<Output = Result<Option<DeadLetter>, StoreError>> + Send;

    /// A slice of a list of letters, newest first.
    fn dead_letters(
        &self,
        list: DeadLetterList,
        slice: &PageRequest,
    ) -> impl Future<Output = Result<ListPage<DeadLetter>, ListError>> + Send;

    /// How many letters the list has, up to [`MAX_COUNTED`] of each queue and status. They are counted when somebody
    /// asks: nothing may depend on a consumer that could itself be what fails.
    fn count_dead_letters(
        &self,
        list: DeadLetterList,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The letters of a queue that have been dead the longest: at most [`MAX_REDRIVES`], and no more than one answer of the
    /// table holds, which is a megabyte. So they and their messages fit one transaction.
    fn oldest_dead(
        &self,
        queue: Subscriber,
    ) -> impl Future<Output = Result<Vec<DeadLetterId>, StoreError>> + Send;
}

impl DeadLetterReader for DynamoReader {
    async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Eventual).await
    }

    async fn dead_letters(
        &self,
        list: DeadLetterList,
        slice: &PageRequest,
    ) -> Result<ListPage<DeadLetter>, ListError> {
        Ok(self.slice(&list.queries(), slice).await?)
    }

    async fn count_dead_letters(&self, list: DeadLetterList) -> Result<u64, StoreError> {
        self.length(&list.queries(), COUNT_CAP).await
    }

    async fn oldest_dead(&self, queue: Subscriber) -> Result<Vec<DeadLetterId>, StoreError> {
        let partition = partitions::dead_letters(queue, DeadLetterStatus::Dead);
        let page: Page<DeadLetter> =
            self.list(&Query::index(Index::ByParent, partition, MAX_REDRIVES)).await?;
        Ok(page.items.into_iter().map(|letter| letter.id).collect())
    }
}

impl DeadLetterList {
    fn queries(self) -> Vec<Query> {
        let queues = Subscriber::ALL.iter().filter(|queue| self.queue.is_none_or(|asked| asked == **queue));
        let partitions = queues.flat_map(|queue| {
            let statuses = DeadLetterStatus::ALL.iter();
            statuses
                .filter(|status| match self.status {
                    Some(asked) => asked == **status,
                    None => **status != DeadLetterStatus::Removed,
                })
                .map(|status| partitions::dead_letters(*queue, *status))
        });
        partitions.map(|partition| Query::index(Index::ByParent, partition, 1).descending()).collect()
    }
}
