//! Background jobs: chunks exist only while their job does, and its end has an e-mail only if the owner requested it.

use std::collections::{BTreeMap, HashSet};

use shared::domain::job::output::chunk::Chunk;
use shared::domain::job::{Job, JobStatus};
use shared::domain::user::{User, UserId};
use shared::kit::command::{EventId, Record};
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::email_dispatch::{DispatchState, EmailDispatch};

use super::{Invariant, Items, Violation};

/// Checks the output of jobs: no chunk without its job, and no succeeded job without all of its chunks.
pub(super) fn output_while_stored(items: &Items) -> Vec<Violation> {
    let jobs: BTreeMap<String, Job> = items.of::<Job>().map(|job| (Job::key(&job.id).pk, job)).collect();
    let mut chunks: BTreeMap<String, u32> = BTreeMap::new();
    let mut found = Vec::new();
    for (key, _) in items.placed::<Chunk>() {
        let number: u32 = key.sk.trim_start_matches("chunk#").parse().unwrap_or(u32::MAX);
        match jobs.get(&key.pk) {
            Some(job) if number <= job.output.chunks => *chunks.entry(key.pk).or_default() += 1,
            Some(job) if number <= job.stored_chunks => {}
            Some(job) => {
                let expected = format!("at most {} chunks", job.stored_chunks);
                found.push(violation(&key.pk, expected, format!("chunk {number}")));
            }
            None => found.push(violation(&key.pk, "no output without a job", format!("chunk {number}"))),
        }
    }
    for (pk, job) in jobs.iter().filter(|(_, job)| job.status == JobStatus::Succeeded) {
        let stored = chunks.get(pk).copied().unwrap_or_default();
        if stored != job.output.chunks {
            let expected = format!("{} chunks", job.output.chunks);
            found.push(violation(pk, expected, format!("{stored} chunks")));
        }
    }
    found
}

/// Checks that the end of a job caused an e-mail if and only if the owner requested it.
pub(super) fn owners_notified(items: &Items) -> Vec<Violation> {
    let dispatches: BTreeMap<String, EmailDispatch> =
        items.of::<EmailDispatch>().map(|dispatch| (dispatch.id.to_string(), dispatch)).collect();
    let dead_letters: Vec<DeadLetter> = items.of::<DeadLetter>().collect();
    let users: HashSet<UserId> = items.of::<User>().map(|user| user.id).collect();
    let mut found = Vec::new();
    for job in items.of::<Job>() {
        let end = EventId::of(&job.id.to_string(), job.version).to_string();
        let is_end = matches!(job.status, JobStatus::Succeeded | JobStatus::Failed | JobStatus::Dead);
        let is_sent = dispatches.get(&end).is_some_and(|dispatch| dispatch.state == DispatchState::Sent);
        let is_dead_lettered = || dead_letters.iter().any(|letter| letter.body.contains(&end));
        // A deleted account gets no e-mail.
        let has_owner = users.contains(&job.owner_id);
        if job.notify && has_owner && is_end && !is_sent && !is_dead_lettered() {
            found.push(violation(&end, "an e-mail is sent", "no e-mail was sent"));
        }
        let prefix = format!("{}.", job.id);
        let unwanted = dispatches.keys().find(|id| !job.notify && id.starts_with(&prefix));
        if let Some(id) = unwanted {
            found.push(violation(id, "no e-mail is sent", "an e-mail was sent"));
        }
    }
    found
}

fn violation(subject: &str, expected: impl ToString, was: impl ToString) -> Violation {
    Violation::new(Invariant::Outbox, subject, expected.to_string(), was.to_string())
}
