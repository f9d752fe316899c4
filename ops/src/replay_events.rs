//! `ops replay-events`: sends stored events again to the queue of a projection, to rebuild it.
//!
//! The projection ignores versions that it has processed. What it contains of an entity is therefore removed
//! before the events of the entity are sent. Entities without an event in the period keep theirs.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use local::system::console;
use shared::kit::aws::dynamodb::event_log::LoggedEvent;
use shared::kit::aws::dynamodb::read::event_log::EventList;
use shared::kit::aws::dynamodb::read::pagination::PageError;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::command::page::{PageRequest, Start};
use shared::kit::command::{
    Command, CommandContext, CorrelationId, ExecuteError, MalformedItem, Store, StoreError,
};
use shared::kit::queue::relay::{EventRouter, Relay};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::messaging::event_routing::{Subscriber, subscribers};
use shared::projections::name_index::forget_name::ForgetName;
use shared::projections::search_index::DocumentId;
use shared::projections::search_index::forget::ForgetDocument;
use shared::projections::tally::Subject;
use shared::projections::tally::forget::ForgetTallies;
use shared::repository::table_layout::sorted_list::ListError;

use crate::cli::ReplayEventsArguments;
use crate::markets;
use crate::operator_aws::{self, OperatorAwsError};
use crate::projection::Projection;

/// Maximum of the template parameter `EventRetentionDays`. Only the stack knows its own retention, and events
/// that have expired are deleted.
const MAX_RETENTION: Duration = Duration::from_hours(24 * 3_650);
/// Number of events read and sent together.
const PAGE: u32 = 100;
/// Number of entities forgotten in one transaction.
const ENTITIES: usize = 10;

/// Failure of `ops replay-events`. The command can be repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// The clients cannot be configured.
    #[error(transparent)]
    Aws(#[from] OperatorAwsError),
    /// The period is empty.
    #[error("--from must be before --to")]
    Period,
    /// The queue was not found.
    #[error("queue {0} not found")]
    Queue(String),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] PageError),
    /// The markets cannot be listed.
    #[error(transparent)]
    Markets(#[from] ListError),
    /// A stored event is damaged.
    #[error(transparent)]
    Malformed(#[from] MalformedItem),
    /// The projection cannot be removed.
    #[error("failed to remove the projection of an entity: {0}")]
    Projection(String),
    /// The queue did not accept events.
    #[error("the queue did not accept {0} events; repeat the command")]
    NotSent(usize),
}

/// Sends the events of the arguments.
pub(crate) async fn run(arguments: ReplayEventsArguments) -> Result<(), ReplayError> {
    let ReplayEventsArguments { stack, table, queue, from, to, event_type } = arguments;
    if from >= to {
        return Err(ReplayError::Period);
    }
    let aws = operator_aws::load().await?;
    let (sqs, name) = (aws.sqs(), queue.queue_name(&stack));
    let found = sqs.get_queue_url().queue_name(&name).send().await.ok();
    let url = found.and_then(|found| found.queue_url).ok_or(ReplayError::Queue(name))?;
    let events = EventList {
        event_type: event_type.map(|event_type| event_type.to_string()),
        after: Some(from),
        before: Some(to),
        ..EventList::default()
    };
    let sent = Replay::new(aws.table_named(&table), sqs, queue, url).run(&events).await?;
    console::line(format_args!("{sent} events sent"));
    Ok(())
}

/// Router to the queue of one projection.
#[derive(Debug, Clone)]
struct OneQueue {
    subscriber: Subscriber,
    url: String,
}

impl EventRouter for OneQueue {
    fn queues(&self, event: &str) -> Vec<&str> {
        if subscribers(event).contains(&self.subscriber) { vec![&self.url] } else { Vec::new() }
    }
}

/// Replay of events to a projection.
struct Replay {
    reader: DynamoReader,
    store: DynamoStore,
    relay: Relay<OneQueue>,
    projection: Projection,
    /// Entities whose projection has been removed.
    forgotten: HashSet<Subject>,
}

impl Replay {
    fn new(table: Table, sqs: aws_sdk_sqs::Client, projection: Projection, url: String) -> Self {
        let table = table.with_event_retention(MAX_RETENTION);
        let queue = OneQueue { subscriber: projection.subscriber(), url };
        Self {
            reader: DynamoReader::new(table.clone()),
            store: DynamoStore::new(table.clone()),
            relay: Relay::new(Outbox::new(table), sqs, queue),
            projection,
            forgotten: HashSet::new(),
        }
    }

    /// Replays the events of the platform and of all markets, and returns their number.
    async fn run(&mut self, events: &EventList) -> Result<usize, ReplayError> {
        let mut sent = self.replay(events.clone()).await?;
        for market in markets::all(&self.reader).await? {
            sent += self.replay(EventList { scope: Some(market.to_string()), ..events.clone() }).await?;
        }
        Ok(sent)
    }

    /// Replays the events of a list.
    async fn replay(&mut self, list: EventList) -> Result<usize, ReplayError> {
        let (mut sent, mut request) = (0, PageRequest::first(PAGE));
        loop {
            let page = self.reader.logged_events(&list, SystemClock.now(), &request).await?;
            sent += self.replay_page(page.items).await?;
            let Some(next) = page.next else { return Ok(sent) };
            request.start = Start::After(next);
        }
    }

    /// Removes what the projection contains of the entities, and sends their events.
    async fn replay_page(&mut self, mut events: Vec<LoggedEvent>) -> Result<usize, ReplayError> {
        let subscriber = self.projection.subscriber();
        events.retain(|event| subscribers(&event.event).contains(&subscriber) && is_valid(event));
        self.forget(&events).await?;
        let messages = events.into_iter().map(OutboxEvent::from_log).collect::<Result<Vec<_>, _>>()?;
        let unpublished = self.relay.send_again(&messages).await;
        if unpublished.is_empty() {
            Ok(messages.len())
        } else {
            Err(ReplayError::NotSent(unpublished.failed.len() + unpublished.rejected.len()))
        }
    }

    async fn forget(&mut self, events: &[LoggedEvent]) -> Result<(), ReplayError> {
        let subjects = events.iter().filter_map(|event| {
            let (subject, _) = event.event_id().rsplit_once('.')?;
            Some((subject.parse::<Subject>().ok()?, event.scope().parse().ok()))
        });
        let new: Vec<_> = subjects.filter(|(subject, _)| self.forgotten.insert(*subject)).collect();
        match self.projection {
            Projection::Analytics => {
                for batch in new.chunks(ENTITIES) {
                    let mut command = ForgetTallies::default();
                    for (subject, market) in batch {
                        match (subject, market) {
                            (Subject::Order(id), Some(market)) => command.order(*id, *market),
                            _ => command.add(*subject),
                        }
                    }
                    self.execute(command).await?;
                }
            }
            Projection::SearchIndex => {
                for (subject, _) in new {
                    match subject {
                        Subject::Market(id) => {
                            self.execute(ForgetDocument(DocumentId::Market(id))).await?;
                            self.execute(ForgetName(id)).await?;
                        }
                        Subject::Product(id) => {
                            self.execute(ForgetDocument(DocumentId::Product(id))).await?;
                            self.execute(ForgetName(id)).await?;
                        }
                        Subject::User(id) => self.execute(ForgetName(id)).await?,
                        Subject::Order(_) => {}
                    }
                }
            }
        }
        Ok(())
    }

    async fn execute<C: Command<Output = ()>>(&self, command: C) -> Result<(), ReplayError>
    where
        C::Error: std::fmt::Display,
    {
        let context = CommandContext::new(CorrelationId::generate(&SystemEntropy), SystemClock.now());
        match self.store.execute(command, &context).await {
            Ok(_) => Ok(()),
            Err(ExecuteError::Refused(refusal)) => Err(ReplayError::Projection(refusal.to_string())),
            Err(ExecuteError::Store(error)) => Err(error.into()),
            Err(ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused) => {
                Err(ReplayError::Projection("too many concurrent updates; repeat the command".to_owned()))
            }
        }
    }
}

/// Returns true if the event can be sent; prints which event is damaged. It must not stop the others.
fn is_valid(event: &LoggedEvent) -> bool {
    let parsed = event.envelope();
    if let Err(malformed) = &parsed {
        console::problem(format_args!("event {} is left out: {malformed}", event.event_id()));
    }
    parsed.is_ok()
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        Self::Projection(error.to_string())
    }
}
