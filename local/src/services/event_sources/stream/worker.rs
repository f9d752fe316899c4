//! Worker of a stream mapping: processes batches in order, and retries them until they succeed or are
//! discarded.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};

use super::{StreamItem, StreamReader};
use crate::services::event_sources::{Outcome, outcome};
use crate::system::clock;

/// Wait after the first failure. It doubles with each further failure.
const MIN_BACKOFF: Duration = Duration::from_millis(50);

/// Maximum wait between two attempts. It is shorter than on AWS, for interactive use.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

pub(super) struct Worker {
    reader: Arc<StreamReader>,
    records: mpsc::Receiver<StreamItem>,
    /// Batches to process, next one first, each with the number of its failed attempts.
    batches: VecDeque<(Vec<StreamItem>, u32)>,
}

impl Worker {
    pub(super) fn new(reader: Arc<StreamReader>, records: mpsc::Receiver<StreamItem>) -> Self {
        Self { reader, records, batches: VecDeque::new() }
    }

    pub(super) async fn run(mut self) {
        while let Some(batch) = self.gather().await {
            self.batches.push_back((batch, 0));
            while let Some((batch, failures)) = self.batches.pop_front() {
                if self.reader.stop.is_cancelled() {
                    return;
                }
                self.attempt(batch, failures).await;
            }
        }
    }

    /// Waits for a record, then gathers more until the batch is full or the batching window ends.
    async fn gather(&mut self) -> Option<Vec<StreamItem>> {
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

    async fn attempt(&mut self, mut batch: Vec<StreamItem>, failures: u32) {
        let reader = Arc::clone(&self.reader);
        let records: Vec<&Value> = batch.iter().map(|item| &item.record).collect();
        let output = reader.invoker.invoke(&reader.function, &json!({ "Records": records })).await;
        let known: Vec<&str> = batch.iter().map(|item| item.sequence.as_str()).collect();
        let done = match outcome(&output, reader.mapping.report_failures, &known) {
            Outcome::Success => batch.len(),
            // The lowest failed sequence number is the checkpoint: that record and all later ones are
            // retried.
            Outcome::Partial(failed) => failed
                .iter()
                .filter_map(|failed| known.iter().position(|sequence| sequence == failed))
                .min()
                .unwrap_or(0),
            Outcome::Failure => 0,
        };
        let remaining = batch.split_off(done);
        reader.checkpoint.done(batch.iter().map(|item| item.sequence.as_str()));
        reader.save();
        if remaining.is_empty() {
            return;
        }
        // Splitting a batch does not count as a retry attempt (developer guide).
        if done == 0 && reader.mapping.bisect && remaining.len() > 1 {
            let mut first = remaining;
            let second = first.split_off(first.len() / 2);
            self.batches.push_front((second, failures));
            self.batches.push_front((first, failures));
            return;
        }
        let failures = if done == 0 { failures + 1 } else { 1 };
        self.retry(remaining, failures).await;
    }

    async fn retry(&mut self, batch: Vec<StreamItem>, failures: u32) {
        let mapping = &self.reader.mapping;
        let exhausted = mapping.max_retries.is_some_and(|maximum| failures > maximum);
        let age =
            |item: &StreamItem| Duration::try_from_secs_f64(age_in_seconds(item.created)).unwrap_or_default();
        let (expired, batch): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|item| exhausted || mapping.max_age.is_some_and(|maximum| age(item) > maximum));
        if !expired.is_empty() {
            let line = format!("discarded {} stream records", expired.len());
            self.reader.invoker.report(&self.reader.function, &line);
            self.reader.checkpoint.done(expired.iter().map(|item| item.sequence.as_str()));
        }
        if batch.is_empty() {
            return;
        }
        let wait = MIN_BACKOFF.saturating_mul(1 << failures.min(10)).min(MAX_BACKOFF);
        tokio::select! {
            () = clock::sleep(wait) => {}
            () = self.reader.stop.cancelled() => {}
        }
        self.batches.push_front((batch, failures));
    }
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "creation times of stream records are fractional seconds"
)]
fn age_in_seconds(created: f64) -> f64 {
    clock::now().as_second() as f64 - created
}
