//! Steps of the simulated system: at each, the seed chooses among everything that is possible.

use std::time::Duration;

use http_body_util::BodyExt;
use shared::domain::order::Order;
use shared::domain::order::payment::refund::Refund;
use shared::kit::system::clock::Timestamp;
use simulation::template_config::{PAYMENT_WINDOW, RECONCILIATION};
use tower::ServiceExt;

use super::{Crashed, Outcome, Role, Simulated};
use crate::facts::refund_state;
use crate::system::{Response, System as _};

/// A possible step.
enum Choice {
    /// A call arrives at its service.
    Call(u64),
    /// An instance of a consumer receives messages of a queue.
    Deliver { consumer: usize, instance: usize, queue: String, batch: Vec<u64> },
    /// The relay receives the first events of a partition of the stream.
    Relay(String),
    /// A webhook is delivered.
    DeliverWebhook(usize),
    /// The sweeper runs.
    Sweep,
}

/// Interval of the sweeper.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
/// Maximum number of events that the relay receives at once.
const RELAY_BATCH: usize = 10;
/// Real time, in a paused runtime, after which nothing outside of the simulation can wake a task.
const EXTERNAL_WORK: Duration = Duration::from_hours(1);
/// Steps after which the system counts as never idle. Orders that wait for a gateway outage of 20 minutes take up to a
/// tenth of them.
pub(super) const MAX_STEPS: usize = 400_000;
/// Maximum number of rounds of the sweeper until nothing is left to do.
const MAX_ROUNDS: usize = 30;

impl Simulated {
    /// Executes a step, or lets time pass until one is possible. Returns false if nothing is left.
    pub(super) async fn step(&mut self) -> bool {
        if self.step_now().await {
            return true;
        }
        let due = self.next_due();
        if let Some(due) = due {
            self.clock.advance_to(due);
        }
        due.is_some()
    }

    /// Executes a step that is possible now. Returns false if there is none.
    pub(super) async fn step_now(&mut self) -> bool {
        let mut progress = self.run_tasks();
        while self.request_waits_for_a_thread() && self.wait_for_external_work().await {
            progress |= self.run_tasks();
        }
        loop {
            let mut choices = self.choices();
            if !choices.is_empty() {
                let weights: Vec<u64> = choices.iter().map(|(_, weight)| *weight).collect();
                let (choice, _) = choices.swap_remove(self.decisions.weigh(&weights));
                self.execute_choice(choice);
                self.run_tasks();
                return true;
            }
            if progress || !self.wait_for_external_work().await {
                return progress;
            }
            progress = self.run_tasks();
        }
    }

    /// Returns true if the request that is being sent waits for something else than a call: for the thread that
    /// hashes a password, or for a timer. Nothing else happens meanwhile, so that the speed of the thread does
    /// not influence the run.
    fn request_waits_for_a_thread(&self) -> bool {
        self.tasks.role(self.request).is_some()
            && !self.network.open().iter().any(|(_, caller, _)| *caller == self.request)
    }

    /// Waits for a task that waits for a thread or a timer of the runtime. Time is paused in the runtime, so
    /// that this takes as long as the work takes.
    async fn wait_for_external_work(&self) -> bool {
        if self.tasks.is_empty() {
            return false;
        }
        tokio::time::timeout(EXTERNAL_WORK, self.tasks.wait()).await.is_ok()
    }

    fn choices(&mut self) -> Vec<(Choice, u64)> {
        let mut choices = Vec::new();
        let now = self.now();
        for (number, _, awaited) in self.network.open() {
            if !awaited {
                self.on_their_way.retain(|(other, ..)| *other != number);
                self.network.forget(number);
                continue;
            }
            match self.on_their_way.iter().find(|(other, ..)| *other == number) {
                Some((_, due, _)) if *due > now => {}
                _ => choices.push((Choice::Call(number), 20)),
            }
        }
        self.add_deliveries(&mut choices, now);
        for (lane, events) in &self.table.stream {
            let is_relaying = |role: &Role| matches!(role, Role::Relay(other) if other == lane);
            if !events.is_empty() && !self.tasks.roles().any(is_relaying) {
                choices.push((Choice::Relay(lane.clone()), 10));
            }
        }
        let due = self.payments.webhooks.iter().enumerate().filter(|(_, webhook)| webhook.due <= now);
        choices.extend(due.map(|(index, _)| (Choice::DeliverWebhook(index), 5)));
        let is_sweeping = self.tasks.roles().any(|role| matches!(role, Role::Sweeper));
        if self.next_sweep <= now && !is_sweeping {
            choices.push((Choice::Sweep, 5));
        }
        choices
    }

    fn add_deliveries(&mut self, choices: &mut Vec<(Choice, u64)>, now: Timestamp) {
        for (number, consumer) in self.consumers.0.iter().enumerate() {
            let is_busy = |instance| {
                self.tasks.roles().any(|role| {
                    matches!(role, Role::Consumer { consumer, instance: other, .. }
                        if (*consumer, *other) == (number, instance))
                })
            };
            let Some(instance) = (0..consumer.instances.len()).find(|instance| !is_busy(*instance)) else {
                continue;
            };
            for source in consumer.sources {
                let ready = self.queues.ready(&source.queue, now);
                if !ready.is_empty() {
                    let batch = ready.into_iter().take(source.batch_size).collect();
                    let queue = source.queue.clone();
                    choices.push((Choice::Deliver { consumer: number, instance, queue, batch }, 10));
                }
            }
        }
    }

    fn execute_choice(&mut self, choice: Choice) {
        match choice {
            Choice::Call(number) => self.call(number),
            Choice::Deliver { consumer, instance, queue, batch } => {
                let deliveries = self.queues.receive(&queue, &batch, self.now());
                let of = &self.consumers.0[consumer];
                let work = of.instances[instance].handle(deliveries, self.functions.deadline(of.stem));
                let role = Role::Consumer { consumer, instance, queue, batch };
                self.tasks.begin(role, async move { Outcome::BatchDone(work.await) });
            }
            Choice::Relay(lane) => self.relay(lane),
            Choice::DeliverWebhook(index) => self.deliver_webhook(index),
            Choice::Sweep => {
                self.next_sweep = self.now().saturating_add(SWEEP_INTERVAL);
                let work = self.functions.sweep();
                self.tasks.begin(Role::Sweeper, async move {
                    work.await;
                    Outcome::Ended
                });
            }
        }
    }

    /// Passes events to the relay. The stream can lose the first one, which the sweeper then publishes.
    fn relay(&mut self, lane: String) {
        if self.profile.loses_events && self.decisions.happens(self.profile.faults) {
            self.faults += 1;
            self.table.stream.entry(lane).or_default().pop_front();
            return;
        }
        let events = self.table.stream.get(&lane).into_iter().flatten().take(RELAY_BATCH).cloned();
        let work = self.functions.relay(events.collect());
        self.tasks.begin(Role::Relay(lane), async move { Outcome::RelayDone(work.await) });
    }

    fn deliver_webhook(&mut self, index: usize) {
        let webhook = self.payments.webhooks.remove(index);
        if self.decisions.happens(self.profile.lost_webhooks) {
            self.faults += 1;
            return;
        }
        let (router, request) = (self.functions.webhooks.clone(), webhook.request(&self.clock));
        let work = async move {
            let Ok(response) = router.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("the body is in memory").to_bytes().to_vec();
            Response { status: parts.status, headers: parts.headers, body }
        };
        self.tasks.begin(Role::Webhook(webhook), async move { Outcome::Responded(Box::new(work.await)) });
    }

    /// Polls all tasks and handles the outcomes of finished ones. Returns true if there were any.
    fn run_tasks(&mut self) -> bool {
        let ended = self.tasks.run(&self.network);
        let any = !ended.is_empty();
        for (_, role, outcome) in ended {
            match (role, outcome) {
                (Role::Consumer { queue, batch, .. }, Outcome::BatchDone(failures)) => {
                    let done = batch.into_iter().filter(|id| !failures.contains(&id.to_string()));
                    self.queues.delete(&queue, &done.collect::<Vec<u64>>());
                }
                (Role::Relay(lane), Outcome::RelayDone(done)) => {
                    let first = done.iter().take_while(|done| **done).count();
                    if let Some(events) = self.table.stream.get_mut(&lane) {
                        events.drain(..first.min(events.len()));
                    }
                }
                (Role::Webhook(webhook), Outcome::Responded(response)) => {
                    if !response.status.is_success() {
                        self.payments.retry_webhook(webhook, self.now());
                    }
                }
                (Role::Api, Outcome::Responded(response)) => self.response = Some(Ok(*response)),
                (Role::Sweeper, Outcome::Ended) => {}
                (role, outcome) => unreachable!("{role:?} cannot have the outcome {outcome:?}"),
            }
        }
        any
    }

    /// Crashes a task.
    pub(super) fn crash(&mut self, number: u64) {
        match self.tasks.kill(number) {
            Some(Role::Consumer { consumer, instance, batch, .. }) => {
                for message in batch {
                    *self.crashes.entry(message).or_default() += 1;
                }
                self.consumers.restart(consumer, instance, &self.functions, &self.clock);
            }
            Some(Role::Webhook(webhook)) => self.payments.retry_webhook(webhook, self.now()),
            Some(Role::Api) => self.response = Some(Err(Crashed)),
            Some(Role::Relay(_) | Role::Sweeper) | None => {}
        }
    }

    /// Earliest time at which something is due.
    fn next_due(&self) -> Option<Timestamp> {
        let sources = self.consumers.0.iter().flat_map(|consumer| consumer.sources);
        let visible = sources.filter_map(|source| self.queues.next_visible(&source.queue)).min();
        let webhooks = self.payments.webhooks.iter().map(|webhook| webhook.due).min();
        let responses = self.on_their_way.iter().map(|(_, due, _)| *due).min();
        let due = [self.clock.next_wake(), visible, webhooks, responses];
        due.into_iter().flatten().filter(|due| *due > self.now()).min()
    }

    /// Executes everything that is due until a time.
    pub(super) async fn run_until(&mut self, end: Timestamp) {
        for _ in 0..MAX_STEPS {
            if self.step_now().await {
                continue;
            }
            if self.now() >= end {
                return;
            }
            self.clock.advance_to(self.next_due().map_or(end, |due| due.min(end)));
        }
    }

    /// Runs until nothing is left to do: neither now, nor for the sweeper, nor when payments are overdue, nor when
    /// refunds are checked whose webhook was lost.
    pub(super) async fn run_to_the_end(&mut self) -> bool {
        for _ in 0..MAX_ROUNDS {
            let events = self.table.events.len();
            if !self.run_until_idle().await {
                return false;
            }
            let pause = if self.table.awaits_payment() { PAYMENT_WINDOW } else { RECONCILIATION };
            let end = self.next_refund_check().unwrap_or(self.now()).max(self.now().saturating_add(pause));
            self.run_until(end.saturating_add(SWEEP_INTERVAL)).await;
            self.run_until_idle().await;
            // Reconciliation commits its cursor and open discrepancies in each round, without an event.
            let is_idle = self.table.events.len() == events && !self.table.awaits_payment();
            // During an outage, reconciliation reads nothing.
            let has_ended = is_idle && self.outage_until <= self.now();
            if has_ended && self.next_refund_check().is_none() {
                return true;
            }
        }
        false
    }

    /// Time of the next check of a refund that has changed at the gateway without the order's knowledge.
    fn next_refund_check(&self) -> Option<Timestamp> {
        let ledger = self.payments.ledger();
        let is_outdated = |refund: &Refund| {
            let id = refund.refund_id.as_ref().map(ToString::to_string);
            let made = ledger.refunds.iter().find(|made| Some(&made.id) == id.as_ref());
            made.is_some_and(|made| made.status.as_str() != refund_state(refund.status))
        };
        let items = self.table.all_items();
        let orders = items.of::<Order>().filter(|order| order.refunds.iter().any(is_outdated));
        orders.filter_map(|order| order.refund_check_at).min()
    }

    async fn run_until_idle(&mut self) -> bool {
        for _ in 0..MAX_STEPS {
            if !self.step().await {
                return true;
            }
        }
        false
    }
}
