//! The scheduler: at every step the seed decides what happens next, of all that can.

use std::time::Duration;

use shared::kit::system::clock::Timestamp;

use crate::scenario::UserAction;
use crate::tasks::{Ended, Role};
use crate::world::{INSTANCES, World};

/// Something that can happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    /// A call arrives, or whatever becomes of it.
    Call(u64, u64),
    /// A call arrives that nobody waits for any more.
    Late(u64),
    /// A call that nobody waits for never arrives.
    Vanish(u64),
    /// An instance gets messages.
    Deliver(usize, Vec<u64>),
    /// An instance gets messages that another is at.
    Redeliver(usize, Vec<u64>),
    /// The relay gets a lane's events.
    Relay(String, usize),
    /// The stream loses a lane's first event.
    Lose(String),
    /// A webhook is brought.
    DeliverWebhook(usize),
    /// A deed is begun.
    Begin(usize),
    /// The sweeper ticks.
    Tick,
    /// Much time passes at once.
    LongPause(Duration),
    /// Time passes until something is due.
    Pass(Timestamp),
}

/// How many messages or events one invocation gets at most.
const BATCH: usize = 3;

impl World {
    /// Does one thing that can be done; false if there is nothing.
    pub fn step(&mut self) -> bool {
        self.run_tasks();
        let mut choices = self.choices();
        if choices.is_empty() {
            return false;
        }
        let weights: Vec<u64> = choices.iter().map(|(_, weight)| *weight).collect();
        let (choice, _) = choices.swap_remove(self.chance.weigh(&weights));
        self.follow(choice);
        self.run_tasks();
        true
    }

    /// All that can happen next, with its weight; what should come first comes first.
    fn choices(&mut self) -> Vec<(Choice, u64)> {
        let stormy = self.chance.decides();
        let mut choices = Vec::new();
        for (number, by, awaited) in self.network.open() {
            if awaited {
                choices.push((Choice::Call(number, by), 20));
            } else {
                choices.push((Choice::Late(number), 2));
                choices.push((Choice::Vanish(number), 1));
            }
        }
        self.add_invocations(&mut choices, stormy);
        self.add_people(&mut choices, stormy);
        // Where something else can happen, time is pressed only now and then.
        if let Some(due) = self.next_due() {
            let weight = if choices.is_empty() { 1 } else { self.storm.haste };
            choices.push((Choice::Pass(due), weight));
        }
        choices
    }

    fn add_invocations(&mut self, choices: &mut Vec<(Choice, u64)>, stormy: bool) {
        let now = self.now();
        let (ready, hidden) = (self.queues.ready(now), self.queues.hidden(now));
        let at_work = |instance| {
            self.tasks.roles().any(|role| matches!(role, Role::Consumer(other, _) if *other == instance))
        };
        for instance in (0..INSTANCES).filter(|instance| !at_work(*instance)) {
            if !ready.is_empty() {
                let batch = ready.iter().copied().take(BATCH).collect();
                choices.push((Choice::Deliver(instance, batch), 10));
                choices.push((Choice::Deliver(instance, ready[ready.len() - 1..].to_vec()), 5));
            }
            if stormy && !hidden.is_empty() {
                choices.push((Choice::Redeliver(instance, vec![hidden[0]]), 1));
            }
        }
        let lanes: Vec<(String, usize)> =
            self.table.stream.iter().map(|(lane, events)| (lane.clone(), events.len())).collect();
        for (lane, waiting) in lanes.into_iter().filter(|(_, waiting)| *waiting > 0) {
            let busy = |role: &Role| matches!(role, Role::Relay(other, _) if *other == lane);
            if self.tasks.roles().any(busy) {
                continue;
            }
            choices.push((Choice::Relay(lane.clone(), waiting.min(BATCH)), 10));
            if stormy && self.storm.forgetful {
                choices.push((Choice::Lose(lane), 1));
            }
        }
    }

    fn add_people(&mut self, choices: &mut Vec<(Choice, u64)>, stormy: bool) {
        let now = self.now();
        for (place, report) in self.payments.reports.iter().enumerate() {
            if report.due <= now {
                choices.push((Choice::DeliverWebhook(place), 4));
            }
        }
        for number in self.waiting.clone() {
            if let Some(weight) = self.weight_of(number) {
                choices.push((Choice::Begin(number), weight));
            }
        }
        let sweeping = self.tasks.roles().any(|role| matches!(role, Role::Sweeper));
        if stormy && self.ticks > 0 && !sweeping {
            choices.push((Choice::Tick, 1));
        }
        if let Some(night) = self.night.filter(|_| stormy && !self.orders.is_empty()) {
            choices.push((Choice::LongPause(night), 1));
        }
    }

    /// How likely somebody begins a deed now, if they can.
    fn weight_of(&self, number: usize) -> Option<u64> {
        let deed = self.scenario.deeds[number];
        if matches!(deed, UserAction::Place(_)) {
            return self.is_still_asked_for(deed).then_some(4);
        }
        let order = self.orders.get(&deed.buyer())?.to_string();
        let status = self.table.status(&order).unwrap_or_default();
        match deed {
            UserAction::Pay(_) | UserAction::PayDeclined(_) => self.payments.payable(&order).map(|_| 4),
            UserAction::Refund(..) | UserAction::Ship(_) => {
                ["confirmed", "shipped", "delivered"].contains(&status).then_some(3)
            }
            UserAction::Deliver(_) => (status == "shipped").then_some(3),
            UserAction::CancelAsBuyer(_) | UserAction::CancelAsSeller(_) | UserAction::Place(_) => Some(1),
        }
    }

    /// When the next thing is due that only waits for its time.
    fn next_due(&self) -> Option<Timestamp> {
        let reports = self.payments.reports.iter().map(|report| report.due).min();
        let due = [self.clock.next_waking(), self.queues.next_visible(), reports];
        due.into_iter().flatten().filter(|due| *due > self.now()).min()
    }

    fn follow(&mut self, choice: Choice) {
        match choice {
            Choice::Call(number, by) => self.call(number, by),
            Choice::Late(number) => {
                self.note(&format!("call {number} arrives, though nobody waits for it"));
                self.arrive(number);
            }
            Choice::Vanish(number) => self.network.forget(number),
            Choice::Deliver(instance, batch) | Choice::Redeliver(instance, batch) => {
                self.deliver(instance, &batch);
            }
            Choice::Relay(lane, count) => {
                let events =
                    self.table.stream.get(&lane).into_iter().flatten().take(count).cloned().collect();
                self.note(&format!("relay of {lane}: gets {count} events"));
                let work = self.functions.relay(events);
                self.tasks.begin(Role::Relay(lane, count), async move { Ended::Relayed(work.await) });
            }
            Choice::Lose(lane) => {
                self.note(&format!("the stream loses an event of {lane}"));
                self.table.stream.entry(lane).or_default().pop_front();
            }
            Choice::DeliverWebhook(place) => self.bring_or_lose(place),
            Choice::Begin(number) => {
                self.waiting.retain(|waiting| *waiting != number);
                self.note(&format!("deed {number}: {}", self.scenario.deeds[number]));
                self.begin_deed(number, 1);
            }
            Choice::Tick => {
                self.ticks -= 1;
                self.sweep();
            }
            Choice::LongPause(night) => self.pass_the_night(night),
            Choice::Pass(due) => self.clock.advance_to(due),
        }
    }

    /// Much time passes; no invocation lasts that long.
    fn pass_the_night(&mut self, night: Duration) {
        self.night = None;
        self.clock.advance_to(self.now().saturating_add(night));
        self.note("much time has passed");
        for number in self.tasks.numbers() {
            self.crash(number);
        }
    }

    fn deliver(&mut self, instance: usize, batch: &[u64]) {
        let deliveries = self.queues.receive(batch, self.now());
        self.note(&format!("fulfilment {instance}: gets messages {batch:?}"));
        let deadline = self.functions.batch_deadline();
        let work = self.instances[instance].handle(deliveries, deadline);
        let role = Role::Consumer(instance, batch.to_vec());
        self.tasks.begin(role, async move { Ended::Batch(work.await) });
    }

    fn bring_or_lose(&mut self, place: usize) {
        let report = self.payments.reports.remove(place);
        if self.chance.happens(self.storm.lost_reports) {
            self.note("webhook: lost for good");
            return;
        }
        if self.chance.happens(self.storm.faults) {
            self.note("webhook: comes twice");
            self.payments.reports.push(report.clone());
        }
        self.note("webhook: is brought");
        self.bring(report);
    }

    pub(crate) fn sweep(&mut self) {
        self.note("sweeper: ticks");
        let work = self.functions.sweep();
        self.tasks.begin(Role::Sweeper, async move { Ended::Swept(work.await) });
    }
}
