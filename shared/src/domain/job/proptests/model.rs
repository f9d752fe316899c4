//! Model of a job with its messages, dead letters and workers; checks the invariants after every commit.

use std::collections::BTreeMap;

use super::Action;
use crate::domain::job::cancel::CancelJob;
use crate::domain::job::create::{CreateJob, RequestedWork};
use crate::domain::job::execution::advance::AdvanceJob;
use crate::domain::job::execution::fail::{FailJob, JobRefusal};
use crate::domain::job::execution::record_failed_attempt::RecordFailedJobAttempt;
use crate::domain::job::execution::release::ReleaseJob;
use crate::domain::job::execution::resume::ResumeJob;
use crate::domain::job::execution::start::StartJob;
use crate::domain::job::output::chunk::Chunk;
use crate::domain::job::output::cursor::{JobCursor, Section};
use crate::domain::job::retry::RetryJob;
use crate::domain::job::{Job, JobRequest, JobStatus, Priority};
use crate::domain::market::{Market, MarketStatus};
use crate::domain::order::OrderId;
use crate::domain::user::{Role, UserId};
use crate::domain::values::actor::Actor;
use crate::domain::values::id::Id;
use crate::domain::values::stall::STALLED_AFTER;
use crate::kit::command::{Change, Command, EventId, Operation, Record, Version};
use crate::kit::system::clock::Timestamp;
use crate::messaging::dead_letter::mark_job_dead::MarkJobDead;
use crate::messaging::dead_letter::record::RecordDeadLetter;
use crate::messaging::dead_letter::redrive::RedriveDeadLetter;
use crate::messaging::dead_letter::{DeadLetter, DeadLetterStatus, dead_letter_id_of_redrive};
use crate::messaging::event_routing::Subscriber;

/// Number of orders in the report.
pub(super) const ORDERS: u64 = 7;
/// Maximum receive count of a message.
const DELIVERIES: u32 = 5;
const NOW: i64 = 1_800_000_000_000;

/// Message that requests the execution of the job.
#[derive(Debug, Clone)]
struct Message {
    request: Version,
    redrive: Option<EventId>,
    deliveries: u32,
}

pub(super) struct World {
    pub(super) job: Job,
    chunks: BTreeMap<String, String>,
    messages: Vec<Message>,
    dead_letters: Vec<DeadLetter>,
    /// Job as last committed by each worker.
    workers: [Option<Job>; 3],
    now: Timestamp,
}

fn owner() -> UserId {
    "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap()
}

fn order(number: u64) -> OrderId {
    Id::of_digest(u128::from(number) << 80)
}

impl World {
    /// A created job, scheduled for later if `delayed`.
    pub(super) fn with(delayed: bool) -> Self {
        let now = Timestamp::from_millis(NOW);
        let market: Market = serde_json::from_value(serde_json::json!({
            "id": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS", "version": 1, "name": "Mugs", "description": null,
            "status": MarketStatus::Active, "currency": "EUR", "creatorId": owner(),
            "createdAt": now, "updatedAt": now,
        }))
        .unwrap();
        let create = CreateJob {
            id: "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            by: Actor { user: owner(), role: Role::User },
            reads_any: false,
            reindexes: false,
            prioritizes: true,
            open_jobs: 0,
            work: RequestedWork::SalesReport { market_id: market.id, from: None, to: None },
            priority: Some(Priority::Normal),
            run_at: delayed.then(|| now.saturating_add(std::time::Duration::from_millis(3))),
            notify: false,
        };
        let change = create.decide(vec![Some(market)], now).unwrap();
        let (job, _, events) = change.into_parts().unwrap();
        let mut world = Self {
            job,
            chunks: BTreeMap::new(),
            messages: Vec::new(),
            dead_letters: Vec::new(),
            workers: [const { None }; 3],
            now,
        };
        world.send(&events);
        world
    }

    /// Sends the messages of events that have subscribers.
    fn send(&mut self, events: &[crate::kit::command::UncommittedEvent]) {
        for event in events.iter().filter(|event| event.name.starts_with("job.requested")) {
            self.messages.push(Message { request: event.sequence, redrive: None, deliveries: 0 });
        }
    }

    /// Applies the change and checks the invariants.
    fn commit<T, E: std::fmt::Debug>(&mut self, decided: Result<Change<T, E>, E>) -> Option<T> {
        let (output, writes, events) = decided.ok()?.into_parts().unwrap();
        let before = self.job.clone();
        for write in writes {
            let Operation::Put { item, kind, .. } = write.operation else { panic!("only puts are expected") };
            match kind {
                Job::KIND => self.job = serde_dynamo::from_item(item).unwrap(),
                Chunk::KIND => {
                    let chunk: Chunk = serde_dynamo::from_item(item).unwrap();
                    self.chunks.insert(write.key.sk, chunk.text);
                }
                DeadLetter::KIND => self.store_dead_letter(serde_dynamo::from_item(item).unwrap()),
                other => panic!("unexpected item kind {other}"),
            }
        }
        self.send(&events);
        self.check_invariants(&before);
        Some(output)
    }

    fn store_dead_letter(&mut self, dead_letter: DeadLetter) {
        self.dead_letters.retain(|known| known.id != dead_letter.id);
        self.dead_letters.push(dead_letter);
    }

    /// Checks the invariants of every version.
    fn check_invariants(&self, before: &Job) {
        let job = &self.job;
        let changed = job.version != before.version;
        assert!(!changed || job.version == before.version.next(), "the version increased by more than one");
        assert!(!changed || before.status != JobStatus::Succeeded, "a succeeded job was changed");
        assert_eq!(job.finished_at.is_some(), !job.status.is_open(), "{job:?}");
        assert_eq!(job.resumed_by.is_some(), job.status == JobStatus::Dead, "{job:?}");
        assert!(job.attempts <= DELIVERIES, "{job:?}");
        assert!(job.expires_at > self.now && job.total.is_none_or(|total| job.output.rows <= total));
        assert_eq!(self.text(), rows(1, job.output.rows), "{job:?}");
        assert_eq!(job.output.bytes, u64::try_from(self.text().len()).unwrap());
        assert!(job.status != JobStatus::Succeeded || job.output.rows == ORDERS, "{job:?}");
    }

    /// Concatenated text of the job's chunks.
    pub(super) fn text(&self) -> String {
        let count = usize::try_from(self.job.output.chunks).unwrap();
        self.chunks.values().take(count).cloned().collect()
    }

    pub(super) fn apply_action(&mut self, action: Action) {
        self.now = self.now.saturating_add(std::time::Duration::from_millis(1));
        let (job, now, id) = (Some(self.job.clone()), self.now, self.job.id);
        match action {
            Action::Deliver { message, worker } => self.deliver(message, worker),
            Action::Page { worker, orders } => self.page(worker, orders),
            Action::FailAttempt { worker } => {
                let Some(worker_job) = self.workers[worker].take() else { return };
                let record =
                    RecordFailedJobAttempt { claim: worker_job.claim(), reason: "the table did not respond" };
                self.commit(record.decide(job, now));
            }
            Action::Refuse { worker } => {
                let Some(worker_job) = self.workers[worker].take() else { return };
                let fail = FailJob { claim: worker_job.claim(), refusal: JobRefusal::MarketDeleted };
                self.commit(fail.decide(job, now));
            }
            Action::Cancel => drop(self.commit(CancelJob { id, by: owner() }.decide(job, now))),
            Action::Retry => drop(self.commit(RetryJob { id, by: owner(), open_jobs: 0 }.decide(job, now))),
            Action::DeadLetter { message } => self.dead_letter(message),
            Action::Redrive => self.redrive(),
            Action::Release => drop(self.commit(ReleaseJob { id }.decide(job, now))),
            Action::Resume => {
                self.now = now.saturating_add(STALLED_AFTER);
                self.commit(ResumeJob { id }.decide(job, self.now));
            }
        }
    }

    fn deliver(&mut self, message: usize, worker: usize) {
        let Some(message) = self.messages.get_mut(message) else { return };
        if message.deliveries == DELIVERIES {
            return;
        }
        message.deliveries += 1;
        let request = JobRequest { id: self.job.id, version: message.request };
        let start = StartJob { request, delivery: message.deliveries, redrive: message.redrive.clone() };
        let started = start.decide(Some(self.job.clone()), self.now);
        self.workers[worker] = self.commit(started);
    }

    fn page(&mut self, worker: usize, orders: u64) {
        let Some(worker_job) = self.workers[worker].clone() else { return };
        let first = worker_job.output.rows + 1;
        let last = (worker_job.output.rows + orders).min(ORDERS);
        let advance = AdvanceJob {
            claim: worker_job.claim(),
            text: rows(first, last),
            rows: last + 1 - first,
            cursor: Some(JobCursor::start_of(Section::Orders, None).after(order(last))),
            total: Some(ORDERS),
            is_last: last == ORDERS,
        };
        let advanced = advance.decide(Some(self.job.clone()), self.now);
        self.workers[worker] = self.commit(advanced).filter(|job| job.status == JobStatus::Running);
        assert_eq!(self.job.output.cursor.is_some(), self.job.output.rows > 0);
    }

    fn dead_letter(&mut self, message: usize) {
        let Some(message) = self.messages.get(message).cloned() else { return };
        let record = RecordDeadLetter {
            dead_letter: new_dead_letter(self.dead_letters.len(), self.now),
            redriven_from: message
                .redrive
                .as_ref()
                .and_then(|redrive| dead_letter_id_of_redrive(redrive.as_str())),
        };
        let known =
            record.redriven_from.map(|id| self.dead_letters.iter().find(|known| known.id == id).cloned());
        let job = Some(JobRequest { id: self.job.id, version: message.request });
        let mark_dead = MarkJobDead { record, job };
        let decided = mark_dead.decide((known.into_iter().collect(), vec![Some(self.job.clone())]), self.now);
        self.commit(decided);
    }

    fn redrive(&mut self) {
        let Some(dead_letter) =
            self.dead_letters.iter().find(|dead_letter| dead_letter.status == DeadLetterStatus::Dead)
        else {
            return;
        };
        let redrive = RedriveDeadLetter { id: dead_letter.id, by: owner() };
        let dead_letter = self.commit(redrive.decide(Some(dead_letter.clone()), self.now)).unwrap();
        let redrive_id = Some(EventId::of(&dead_letter.id.to_string(), dead_letter.version));
        // The dead letter does not record which message it was: any of them may have been dead-lettered.
        for request in self.messages.iter().map(|message| message.request).collect::<Vec<_>>() {
            self.messages.push(Message { request, redrive: redrive_id.clone(), deliveries: 0 });
        }
    }

    /// Completes the job without further failures and returns its output.
    pub(super) fn complete(mut self) -> String {
        let (id, now) = (self.job.id, self.now.saturating_add(std::time::Duration::from_secs(1)));
        self.now = now;
        if self.job.is_waiting() {
            self.commit(ReleaseJob { id }.decide(Some(self.job.clone()), now)).unwrap();
        }
        if !self.job.status.is_open() && self.job.status != JobStatus::Succeeded {
            self.commit(RetryJob { id, by: owner(), open_jobs: 0 }.decide(Some(self.job.clone()), now))
                .unwrap();
        }
        if self.job.status.is_open() {
            let request = JobRequest { id, version: self.job.request.unwrap() };
            let start = StartJob { request, delivery: 1, redrive: None };
            let started = start.decide(Some(self.job.clone()), now);
            self.workers[0] = self.commit(started);
        }
        while self.job.status != JobStatus::Succeeded {
            self.page(0, 2);
        }
        self.text()
    }
}

/// Rows of the orders with these numbers.
pub(super) fn rows(first: u64, last: u64) -> String {
    (first..=last).map(|number| number.to_string() + "\n").collect()
}

fn new_dead_letter(number: usize, now: Timestamp) -> DeadLetter {
    DeadLetter {
        id: Id::of_digest(u128::try_from(number).unwrap()),
        version: Version::FIRST,
        queue: Subscriber::Reports,
        status: DeadLetterStatus::Dead,
        message_id: "m1".to_owned(),
        body: String::new(),
        subject: None,
        attributes: BTreeMap::new(),
        reason: "the table did not respond".to_owned(),
        attempts: DELIVERIES,
        sent_at: None,
        redrives: Vec::new(),
        removed: None,
        created_at: now,
        updated_at: now,
    }
}
