//! One lane of a stream: batches in order, retried until they are done or given up.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};

use super::{Item, StreamReader};
use crate::services::event_sources::{Outcome, outcome};
use crate::system::clock;

/// The first wait after a failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest wait between two attempts. AWS waits longer; nobody at a terminal wants to.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(super) struct Lane {
    reader: Arc<StreamReader>,
    records: mpsc::Receiver<Item>,
    /// Batches to be tried, the next one in front; the second value counts its failures.
    batches: VecDeque<(Vec<Item>, u32)>,
}

impl Lane {
    pub(super) fn new(reader: Arc<StreamReader>, records: mpsc::Receiver<Item>) -> Self {
        Self { reader, records, batches: VecDeque::new() }
    }

    pub(super) async fn run(mut self) {
        while let Some(batch) = self.gather().await {
            self.batches.push_back((batch, 0));
            while let Some((batch, failures)) = self.batches.pop_front() {
                if self.reader.stop.is_triggered() {
                    return;
                }
                self.attempt(batch, failures).await;
            }
        }
    }

    /// Waits for a record, then gathers more until the batch is full or the window ends.
    async fn gather(&mut self) -> Option<Vec<Item>> {
        let (size, window) = (self.reader.mapping.batch_size, self.reader.mapping.window);
        let mut batch = vec![self.records.recv().await?];
        let end = Instant::now() + window;
        while batch.len() < size {
            match self.records.try_recv() {
                Ok(item) => batch.push(item),
                Err(_) => match tokio::time::timeout_at(end, self.records.recv()).await {
                    Ok(Some(item)) => batch.push(item),
                    Ok(None) | Err(_) => break,
                },
            }
        }
        Some(batch)
    }

    async fn attempt(&mut self, mut batch: Vec<Item>, failures: u32) {
        let reader = Arc::clone(&self.reader);
        let records: Vec<&Value> = batch.iter().map(|item| &item.record).collect();
        let answer = reader.invoker.invoke(&reader.function, &json!({ "Records": records })).await;
        let known: Vec<&str> = batch.iter().map(|item| item.sequence.as_str()).collect();
        let done = match outcome(&answer, reader.mapping.report_failures, &known) {
            Outcome::Success => batch.len(),
            // The lowest identifier is the checkpoint: it and all behind it are tried again.
            Outcome::Partial(failed) => failed
                .iter()
                .filter_map(|failed| known.iter().position(|sequence| sequence == failed))
                .min()
                .unwrap_or(0),
            Outcome::Failure => 0,
        };
        let left = batch.split_off(done);
        reader.checkpoint.done(batch.iter().map(|item| item.sequence.as_str()));
        reader.save();
        if left.is_empty() {
            return;
        }
        // Splitting does not count as an attempt, says the developer guide.
        if done == 0 && reader.mapping.bisect && left.len() > 1 {
            let mut first = left;
            let second = first.split_off(first.len() / 2);
            self.batches.push_front((second, failures));
            self.batches.push_front((first, failures));
            return;
        }
        let failures = if done == 0 { failures + 1 } else { 1 };
        self.retry(left, failures).await;
    }

    async fn retry(&mut self, batch: Vec<Item>, failures: u32) {
        let mapping = &self.reader.mapping;
        let exhausted = mapping.max_retries.is_some_and(|most| failures > most);
        let age = |item: &Item| Duration::try_from_secs_f64(age_in_seconds(item.created)).unwrap_or_default();
        let (expired, batch): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|item| exhausted || mapping.max_age.is_some_and(|most| age(item) > most));
        if !expired.is_empty() {
            let line = format!("gave up {} stream records", expired.len());
            self.reader.invoker.report(&self.reader.function, &line);
            self.reader.checkpoint.done(expired.iter().map(|item| item.sequence.as_str()));
        }
        if batch.is_empty() {
            return;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << failures.min(10)).min(LONGEST_WAIT);
        tokio::select! {
            () = clock::sleep(wait) => {}
            () = self.reader.stop.wait() => {}
        }
        self.batches.push_front((batch, failures));
    }
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "streams date records in fractional seconds"
)]
fn age_in_seconds(created: f64) -> f64 {
    clock::now().as_second() as f64 - created
}
