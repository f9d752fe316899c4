//! The scheduler: at each step, the seed chooses among all possible next steps.

use std::time::Duration;

use shared::kit::system::clock::Timestamp;

use crate::functions::FULFILMENT;
use crate::role::{Outcome, Role};
use crate::scenario::UserAction;
use crate::template_config::queue_of;
use crate::world::{INSTANCES, World};

/// A possible next step.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    /// A call arrives or fails: its number and its task.
    Call(u64, u64),
    /// A call arrives whose caller no longer waits.
    Late(u64),
    /// A call whose caller no longer waits never arrives.
    Vanish(u64),
    /// An instance receives messages.
    Deliver(usize, Vec<u64>),
    /// An instance receives messages that another one is processing.
    Redeliver(usize, Vec<u64>),
    /// The relay receives events of a partition of the stream.
    Relay(String, usize),
    /// The stream loses the first event of a partition.
    Lose(String),
    /// A webhook is delivered.
    DeliverWebhook(usize),
    /// A user action starts.
    Begin(usize),
    /// The sweeper runs.
    Tick,
    /// A long time passes at once.
    LongPause(Duration),
    /// Time passes until something is due.
    AdvanceTime(Timestamp),
}

/// Maximum number of messages or events per invocation.
const BATCH: usize = 3;

impl World {
    /// Executes one step; false if no step is possible.
    pub fn step(&mut self) -> bool {
        self.run_tasks();
        let mut choices = self.choices();
        if choices.is_empty() {
            return false;
        }
        let weights: Vec<u64> = choices.iter().map(|(_, weight)| *weight).collect();
        let (choice, _) = choices.swap_remove(self.decisions.weigh(&weights));
        self.execute_choice(choice);
        self.run_tasks();
        true
    }

    /// Possible next steps with their weights. The first one is taken when decisions have ended.
    fn choices(&mut self) -> Vec<(Choice, u64)> {
        let injecting = self.decisions.decides();
        let mut choices = Vec::new();
        for (number, by, awaited) in self.network.open() {
            if awaited {
                choices.push((Choice::Call(number, by), 20));
            } else {
                choices.push((Choice::Late(number), 2));
                choices.push((Choice::Vanish(number), 1));
            }
        }
        self.add_invocations(&mut choices, injecting);
        self.add_external_steps(&mut choices, injecting);
        // If other steps are possible, time passes with the weight of the profile.
        if let Some(due) = self.next_due() {
            let weight = if choices.is_empty() { 1 } else { self.profile.time_pressure };
            choices.push((Choice::AdvanceTime(due), weight));
        }
        choices
    }

    fn add_invocations(&mut self, choices: &mut Vec<(Choice, u64)>, injecting: bool) {
        let now = self.now();
        let queue = queue_of(FULFILMENT);
        let (ready, hidden) = (self.queues.ready(queue, now), self.queues.hidden(queue, now));
        let is_busy = |instance| {
            self.tasks.roles().any(|role| matches!(role, Role::Consumer(other, _) if *other == instance))
        };
        for instance in (0..INSTANCES).filter(|instance| !is_busy(*instance)) {
            if !ready.is_empty() {
                let batch = ready.iter().copied().take(BATCH).collect();
                choices.push((Choice::Deliver(instance, batch), 10));
                choices.push((Choice::Deliver(instance, ready[ready.len() - 1..].to_vec()), 5));
            }
            if injecting && !hidden.is_empty() {
                choices.push((Choice::Redeliver(instance, vec![hidden[0]]), 1));
            }
        }
        let lanes: Vec<(String, usize)> =
            self.table.stream.iter().map(|(lane, events)| (lane.clone(), events.len())).collect();
        for (lane, waiting) in lanes.into_iter().filter(|(_, waiting)| *waiting > 0) {
            let is_relaying = |role: &Role| matches!(role, Role::Relay(other, _) if *other == lane);
            if self.tasks.roles().any(is_relaying) {
                continue;
            }
            choices.push((Choice::Relay(lane.clone(), waiting.min(BATCH)), 10));
            if injecting && self.profile.loses_events {
                choices.push((Choice::Lose(lane), 1));
            }
        }
    }

    fn add_external_steps(&mut self, choices: &mut Vec<(Choice, u64)>, injecting: bool) {
        let now = self.now();
        for (index, webhook) in self.payments.webhooks.iter().enumerate() {
            if webhook.due <= now {
                choices.push((Choice::DeliverWebhook(index), 4));
            }
        }
        for number in self.waiting.clone() {
            if let Some(weight) = self.weight_of(number) {
                choices.push((Choice::Begin(number), weight));
            }
        }
        let sweeping = self.tasks.roles().any(|role| matches!(role, Role::Sweeper));
        if injecting && self.ticks > 0 && !sweeping {
            choices.push((Choice::Tick, 1));
        }
        if let Some(long_pause) = self.long_pause.filter(|_| injecting && !self.orders.is_empty()) {
            choices.push((Choice::LongPause(long_pause), 1));
        }
    }

    /// Weight of starting an action now; `None` if it is not possible.
    fn weight_of(&self, number: usize) -> Option<u64> {
        let action = self.scenario.actions[number];
        if matches!(action, UserAction::Place(_)) {
            return self.key_is_live(action).then_some(4);
        }
        let order = self.orders.get(&action.buyer())?.to_string();
        let status = self.table.status(&order).unwrap_or_default();
        match action {
            UserAction::Pay(_) | UserAction::PayDeclined(_) => self.payments.payable(&order).map(|_| 4),
            UserAction::Refund(..) | UserAction::Ship(_) => {
                ["confirmed", "shipped", "delivered"].contains(&status).then_some(3)
            }
            UserAction::Deliver(_) => (status == "shipped").then_some(3),
            UserAction::CancelAsBuyer(_) | UserAction::CancelAsSeller(_) | UserAction::Place(_) => Some(1),
        }
    }

    /// Earliest time at which something is due.
    fn next_due(&self) -> Option<Timestamp> {
        let webhooks = self.payments.webhooks.iter().map(|webhook| webhook.due).min();
        let due = [self.clock.next_wake(), self.queues.next_visible(queue_of(FULFILMENT)), webhooks];
        due.into_iter().flatten().filter(|due| *due > self.now()).min()
    }

    fn execute_choice(&mut self, choice: Choice) {
        match choice {
            Choice::Call(number, by) => self.call(number, by),
            Choice::Late(number) => {
                self.record(&format!("call {number} arrives after its caller gave up"));
                self.arrive(number);
            }
            Choice::Vanish(number) => self.network.forget(number),
            Choice::Deliver(instance, batch) | Choice::Redeliver(instance, batch) => {
                self.deliver(instance, &batch);
            }
            Choice::Relay(lane, count) => {
                let events =
                    self.table.stream.get(&lane).into_iter().flatten().take(count).cloned().collect();
                self.record(&format!("relay of {lane}: receives {count} events"));
                let work = self.functions.relay(events);
                self.tasks.begin(Role::Relay(lane, count), async move { Outcome::RelayDone(work.await) });
            }
            Choice::Lose(lane) => {
                self.record(&format!("the stream loses an event of {lane}"));
                self.table.stream.entry(lane).or_default().pop_front();
            }
            Choice::DeliverWebhook(index) => self.deliver_or_lose_webhook(index),
            Choice::Begin(number) => {
                self.waiting.retain(|waiting| *waiting != number);
                self.record(&format!("action {number}: {}", self.scenario.actions[number]));
                self.start_action(number, 1);
            }
            Choice::Tick => {
                self.ticks -= 1;
                self.sweep();
            }
            Choice::LongPause(long_pause) => self.pass_long_pause(long_pause),
            Choice::AdvanceTime(due) => self.clock.advance_to(due),
        }
    }

    /// Lets a long time pass, which no invocation survives.
    fn pass_long_pause(&mut self, long_pause: Duration) {
        self.long_pause = None;
        self.clock.advance_to(self.now().saturating_add(long_pause));
        self.record("a long time has passed");
        for number in self.tasks.numbers() {
            self.crash(number);
        }
    }

    fn deliver(&mut self, instance: usize, batch: &[u64]) {
        let deliveries = self.queues.receive(queue_of(FULFILMENT), batch, self.now());
        self.record(&format!("fulfilment {instance}: receives messages {batch:?}"));
        let deadline = self.functions.deadline(FULFILMENT);
        let work = self.instances[instance].handle(deliveries, deadline);
        let role = Role::Consumer(instance, batch.to_vec());
        self.tasks.begin(role, async move { Outcome::BatchDone(work.await) });
    }

    fn deliver_or_lose_webhook(&mut self, index: usize) {
        let webhook = self.payments.webhooks.remove(index);
        if self.decisions.happens(self.profile.lost_webhooks) {
            self.record("webhook: lost");
            return;
        }
        if self.decisions.happens(self.profile.faults) {
            self.record("webhook: duplicated");
            self.payments.webhooks.push(webhook.clone());
        }
        self.record("webhook: delivered");
        self.deliver_webhook(webhook);
    }

    pub(crate) fn sweep(&mut self) {
        self.record("sweeper: starts");
        let work = self.functions.sweep();
        self.tasks.begin(Role::Sweeper, async move { Outcome::SweepDone(work.await) });
    }
}
