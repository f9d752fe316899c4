//! Resumes orders and jobs that have stopped, for example because their message was lost. Orders that wait for
//! their payment have not stopped: they expire.

use std::collections::HashSet;

use shared::domain::job::execution::resume::ResumeJob;
use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::resume::ResumeOrder;
use shared::kit::aws::dynamodb::read::query::Page;
use shared::kit::command::{CommandContext, Store, StoreError};
use shared::kit::queue::relay::EventRouter;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::messaging::event_routing::Subscriber;
use shared::repository::table_layout::due_list::DueRequest;
use shared::repository::table_layout::partitions::{DUE_JOB_SHARDS, EXPIRY_SHARDS};
use tokio::sync::OnceCell;

use crate::Sweeper;

impl<S: Store, R: EventRouter, G, C: Clock> Sweeper<S, R, G, C> {
    /// Resumes orders that have stopped, and returns their number.
    pub(crate) async fn resume_orders(
        &self,
        context: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let dead = OnceCell::new();
        let due = |request| self.resumable_orders(request, &dead);
        self.sweep_due(EXPIRY_SHARDS, context, deadline, due, |id| ResumeOrder { id }).await
    }

    /// Resumes jobs that have stopped, and returns their number. A job whose message is a dead letter has ended.
    pub(crate) async fn resume_jobs(
        &self,
        context: &CommandContext,
        deadline: Timestamp,
    ) -> Result<usize, StoreError> {
        let due = |request| self.reader.unfinished_jobs(request);
        self.sweep_due(DUE_JOB_SHARDS, context, deadline, due, |id| ResumeJob { id }).await
    }

    /// A page of unfinished orders, without those whose message is an open dead letter: they wait for an
    /// operator. The first page that is not empty reads the dead letters, for all pages of the sweep.
    async fn resumable_orders(
        &self,
        request: DueRequest,
        dead: &OnceCell<Option<HashSet<String>>>,
    ) -> Result<Page<OrderId>, StoreError> {
        let mut page = self.reader.unfinished_orders(request).await?;
        if page.items.is_empty() {
            return Ok(page);
        }
        let dead = dead.get_or_try_init(|| self.reader.dead_subjects(Subscriber::Fulfilment)).await?;
        if let Some(subjects) = dead {
            page.items.retain(|order| !subjects.contains(&order.to_string()));
        } else {
            tracing::warn!("no orders are resumed, because there are too many dead letters");
            page.items.clear();
        }
        Ok(page)
    }
}
