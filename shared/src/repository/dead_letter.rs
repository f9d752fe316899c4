//! Queries of dead letters.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::domain::values::text::Text;
use crate::kit::aws::dynamodb::expression::Predicate;
use crate::kit::aws::dynamodb::read::query::{Page, Query};
use crate::kit::aws::dynamodb::schema::Index;
use crate::kit::aws::dynamodb::{Consistency, DynamoReader};
use crate::kit::command::page::{ListPage, PageRequest};
use crate::kit::command::{Key, ReadSet, Record, StoreError};
use crate::messaging::dead_letter::redrive::MAX_REDRIVES;
use crate::messaging::dead_letter::{DeadLetter, DeadLetterId, DeadLetterStatus, subject_of};
use crate::messaging::event_routing::Subscriber;
use crate::repository::table_layout::partitions;
use crate::repository::table_layout::sorted_list::ListError;

/// Filter of a list of dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterList {
    /// Queue; `None` for all queues.
    pub queue: Option<Subscriber>,
    /// Status; `None` for all statuses except removed.
    pub status: Option<DeadLetterStatus>,
    /// Id of the entity that the message is about; `None` for all.
    pub subject: Option<Text<100>>,
}

/// Maximum count of the dead letters of a queue and a status.
pub const COUNT_CAP: u32 = 10_000;

impl DynamoReader {
    /// Loads a dead letter.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>, StoreError> {
        self.get(ReadSet::get(&id), Consistency::Eventual).await
    }

    /// Loads a page of a list of dead letters, newest first.
    ///
    /// # Errors
    /// [`ListError::TooSparse`] if too few dead letters are about the entity to skip to an offset;
    /// [`ListError::Store`] if the table does not respond.
    pub async fn dead_letters(
        &self,
        list: &DeadLetterList,
        slice: &PageRequest,
    ) -> Result<ListPage<DeadLetter>, ListError> {
        Ok(self.page(&list.queries(), slice).await?)
    }

    /// Counts the dead letters of a list, up to [`COUNT_CAP`] of each queue and status. They are counted on
    /// request: the count must not depend on a consumer, which could itself be the part that fails.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn count_dead_letters(&self, list: &DeadLetterList) -> Result<u64, StoreError> {
        self.count_up_to(&list.queries(), COUNT_CAP).await
    }

    /// Lists the dead letters of a queue that have been dead the longest: at most [`MAX_REDRIVES`], and no
    /// more than one response of the table holds (1 MB), so that they and their messages fit one transaction.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn oldest_dead(&self, queue: Subscriber) -> Result<Vec<DeadLetterId>, StoreError> {
        let partition = partitions::dead_letters(queue, DeadLetterStatus::Dead);
        let page: Page<DeadLetter> =
            self.list(&Query::index(Index::ByParent, partition, MAX_REDRIVES)).await?;
        Ok(page.items.into_iter().map(|dead_letter| dead_letter.id).collect())
    }

    /// Ids of the entities whose messages are open dead letters of a queue; `None` if there are more than
    /// [`MAX_SUBJECTS`] dead letters.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn dead_subjects(&self, queue: Subscriber) -> Result<Option<HashSet<String>>, StoreError> {
        let partition = partitions::dead_letters(queue, DeadLetterStatus::Dead);
        let mut query = Query::index(Index::ByParent, partition, MAX_SUBJECTS);
        let (mut subjects, mut read) = (HashSet::new(), 0);
        loop {
            let page: Page<DeadMessage> = self.list(&query).await?;
            read += page.items.len();
            subjects.extend(page.items.iter().filter_map(|message| subject_of(&message.body)));
            match page.next {
                Some(next) if read < MAX_SUBJECTS as usize => query = query.after(Some(next)),
                next => return Ok(next.is_none().then_some(subjects)),
            }
        }
    }
}

/// Maximum number of dead letters of a queue whose subjects are read.
pub const MAX_SUBJECTS: u32 = 1_000;

/// The part of a dead letter that identifies what its message is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct DeadMessage {
    body: String,
}

impl Record for DeadMessage {
    const KIND: &'static str = DeadLetter::KIND;
    type Id = DeadLetterId;

    fn key(id: &DeadLetterId) -> Key {
        DeadLetter::key(id)
    }
}

impl DeadLetterList {
    fn queries(&self) -> Vec<Query> {
        let queues =
            Subscriber::VARIANTS.iter().filter(|queue| self.queue.is_none_or(|filter| filter == **queue));
        let partitions = queues.flat_map(|queue| {
            let statuses = DeadLetterStatus::VARIANTS.iter();
            statuses
                .filter(|status| match self.status {
                    Some(filter) => filter == **status,
                    None => **status != DeadLetterStatus::Removed,
                })
                .map(|status| partitions::dead_letters(*queue, *status))
        });
        let query = |partition| {
            let query = Query::index(Index::ByParent, partition, 1).descending();
            match &self.subject {
                Some(subject) => query.filter(Predicate::equal("subject", subject.as_str())),
                None => query,
            }
        };
        partitions.map(query).collect()
    }
}
