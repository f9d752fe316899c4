//! What goes on by itself around trials: time-outs that pass, webhooks that are tried again, an operator who redrives.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;
use harness::audit::{Books, Invariant, Violation};
use http::{Method, StatusCode};
use local::stack::Which;
use serde_json::json;
use shared::domain::dead_letter::DeadLetterStatus;
use shared::domain::subscriber::Subscriber;
use tokio::time::Instant;

use super::Bench;

/// How often somebody looks after what failed.
const PERIOD: Duration = Duration::from_millis(100);
/// How often webhooks are tried again that nobody took.
const WEBHOOKS: u32 = 30;
/// How long a quiet moment lasts.
const QUIET: Duration = Duration::from_millis(500);
/// How long it may take until nothing moves any more; an e-mail whose sender was killed is left alone for 15 seconds.
const RESTLESS: Duration = Duration::from_secs(90);
/// How often an operator redrives what died again.
const REDRIVES: usize = 3;

impl Bench {
    /// Does `work` while somebody looks after what failed: as if visibility time-outs passed at once.
    pub(crate) async fn cared_for<T>(&self, work: impl Future<Output = T>) -> T {
        let care = self.care();
        pin_mut!(work, care);
        match select(work, care).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn care(&self) -> std::convert::Infallible {
        let mut turns = 0_u32;
        loop {
            local::clock::sleep(PERIOD).await;
            self.shop.stack().bring_back(Which::Unanswered, None).await;
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(WEBHOOKS) {
                self.shop.stack().payments().deliver_pending_webhooks().await;
            }
        }
    }

    /// Waits until nothing moves any more. What died is redriven, as an operator would, unless it is meant
    /// to be dead, or an e-mail that was begun twice without anybody knowing how that ended; what dies again and again, or does not come to rest, is found.
    pub(crate) async fn settle(&self) {
        for turn in 0.. {
            self.rest().await;
            let books = Books::read(&self.shop).await;
            let dead = books.dead_letters.iter().filter(|letter| {
                let is_meant = self.lock().buried.contains(&letter.body) || books.is_for_a_person(letter);
                letter.status == DeadLetterStatus::Dead && !is_meant
            });
            let dead: Vec<_> = dead.collect();
            if dead.is_empty() {
                return;
            }
            if turn == REDRIVES {
                for letter in dead {
                    let was = format!("{} in {}: {}", letter.reason, letter.queue.as_str(), letter.body);
                    let expected = "a message that is processed once it is redriven";
                    self.finds(None, Violation::new(Invariant::Outbox, letter.id, expected, was));
                }
                return;
            }
            let queues: BTreeSet<&str> = dead.into_iter().map(|letter| letter.queue.as_str()).collect();
            for queue in queues {
                self.redrive(queue).await;
            }
        }
    }

    /// Waits until the stack is idle.
    pub(crate) async fn rest(&self) {
        let (stack, end) = (self.shop.stack(), Instant::now() + RESTLESS);
        loop {
            stack.bring_back(Which::Unanswered, None).await;
            for queue in ["FulfilmentQueue", "AnalyticsQueue", "SearchIndexQueue"] {
                stack.bring_back(Which::Any, Some(queue)).await;
            }
            stack.payments().deliver_pending_webhooks().await;
            match stack.idle(QUIET).await {
                Ok(()) => return,
                Err(left) if Instant::now() >= end => {
                    let expected = "a stack that comes to rest";
                    return self.finds(None, Violation::new(Invariant::Outbox, "stack", expected, left));
                }
                Err(_) => {}
            }
        }
    }

    /// Has the dead letters of a queue redriven, portion by portion; says how many.
    pub(crate) async fn redrive(&self, queue: &str) -> u64 {
        let (body, end) = (json!({ "queue": queue }), Instant::now() + self.patience());
        let mut redriven = 0;
        while Instant::now() < end {
            let ask = self.shop.ask(Method::POST, "/v1/dead-letters/redrive").by(&self.admin);
            let answer = ask.key(&local::ids::uuid()).json(&body).send().await;
            let data = answer.json()["data"].take();
            redriven += data["redriven"].as_array().map_or(0, |letters| letters.len() as u64);
            if answer.status == StatusCode::OK && data["left"] == 0 {
                break;
            }
        }
        redriven
    }

    /// Every dead letter of a queue that waits for somebody.
    pub(crate) async fn dead(&self, queue: Subscriber) -> Vec<shared::domain::dead_letter::DeadLetter> {
        let mut letters = Books::read(&self.shop).await.dead_letters;
        letters.retain(|letter| letter.queue == queue && letter.status == DeadLetterStatus::Dead);
        letters
    }
}
