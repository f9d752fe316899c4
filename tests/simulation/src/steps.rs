//! The scheduler: at every step the seed decides what happens next, of all that can.

use std::time::Duration;

use serde_json::Value;
use shared::clock::Timestamp;

use crate::deployment::{PAYMENT_WINDOW, RECONCILIATION};
use crate::faults::{Fate, conflict, failed, fate, throttled};
use crate::network::{Broken, Reply, Service};
use crate::payments::Mood;
use crate::scenario::Deed;
use crate::table::puts;
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
    Again(usize, Vec<u64>),
    /// The relay gets a lane's events.
    Relay(String, usize),
    /// The stream loses a lane's first event.
    Lose(String),
    /// A webhook is brought.
    Bring(usize),
    /// A deed is begun.
    Begin(usize),
    /// The sweeper ticks.
    Tick,
    /// Much time passes at once.
    Night(Duration),
    /// Time passes until something is due.
    Pass(Timestamp),
}

/// How many messages or events one invocation gets at most.
const BATCH: usize = 3;
/// How long a call takes at most, in milliseconds.
const LATENCY: u64 = 20;

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
                choices.push((Choice::Again(instance, vec![hidden[0]]), 1));
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
                choices.push((Choice::Bring(place), 4));
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
            choices.push((Choice::Night(night), 1));
        }
    }

    /// How likely somebody begins a deed now, if they can.
    fn weight_of(&self, number: usize) -> Option<u64> {
        let deed = self.scenario.deeds[number];
        if matches!(deed, Deed::Place(_)) {
            return Some(4);
        }
        let order = self.orders.get(&deed.buyer())?.to_string();
        let status = self.table.status(&order).unwrap_or_default();
        match deed {
            Deed::Pay(_) | Deed::PayInVain(_) => self.payments.payable(&order).map(|_| 4),
            Deed::Refund(..) | Deed::Ship(_) => {
                ["confirmed", "shipped", "delivered"].contains(&status).then_some(3)
            }
            Deed::Deliver(_) => (status == "shipped").then_some(3),
            Deed::CancelAsBuyer(_) | Deed::CancelAsSeller(_) | Deed::Place(_) => Some(1),
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
            Choice::Deliver(instance, batch) | Choice::Again(instance, batch) => {
                self.deliver(instance, &batch)
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
            Choice::Bring(place) => self.bring_or_lose(place),
            Choice::Begin(number) => {
                self.waiting.retain(|waiting| *waiting != number);
                self.note(&format!("deed {number}: {}", self.scenario.deeds[number]));
                self.begin_deed(number, 1);
            }
            Choice::Tick => {
                self.ticks -= 1;
                self.sweep();
            }
            Choice::Night(night) => {
                self.night = None;
                self.note("much time passes");
                self.clock.advance_to(self.now().plus(night));
            }
            Choice::Pass(due) => self.clock.advance_to(due),
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
        if self.chance.strikes(self.storm.lost_reports) {
            self.note("webhook: lost for good");
            return;
        }
        if self.chance.strikes(self.storm.faults) {
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

    /// What becomes of a call that somebody waits for.
    fn call(&mut self, number: u64, by: u64) {
        let Some((service, operation, request)) = self.network.request(number) else { return };
        let fate = fate(&mut self.chance, &self.storm, service, &operation);
        let latency = Duration::from_millis(1 + self.chance.up_to(LATENCY));
        self.clock.advance_to(self.now().plus(latency));
        let what = match service {
            Service::Gateway => format!("{} {}", request.method(), request.uri().path()),
            Service::Table | Service::Queues => format!("{operation}{}", kinds(request.body())),
        };
        self.note(&format!("{}: {what} ({number}): {fate:?}", self.tasks.name(by)));
        self.befall(number, by, fate);
    }

    /// The call meets its fate.
    fn befall(&mut self, number: u64, by: u64, fate: Fate) {
        self.faults += u64::from(fate != Fate::Arrives);
        match fate {
            Fate::Arrives => self.arrive(number),
            Fate::NotSent => self.settle(number, Err(Broken::NotSent)),
            Fate::AnswerLost => {
                let _ = self.perform(number, Fate::Arrives);
                self.settle(number, Err(Broken::CutOff));
            }
            Fate::CrashBefore => {
                self.crash(by);
                self.network.forget(number);
            }
            Fate::CrashAfter => {
                let _ = self.perform(number, Fate::Arrives);
                self.crash(by);
                self.network.forget(number);
            }
            Fate::Throttled | Fate::Fails | Fate::Conflict | Fate::Partly | Fate::Gateway(_) => {
                let reply = self.perform(number, fate);
                self.settle(number, reply);
            }
        }
    }

    /// The call arrives, is done, and is answered.
    pub(crate) fn arrive(&mut self, number: u64) {
        let reply = self.perform(number, Fate::Arrives);
        self.settle(number, reply);
    }

    /// The caller gets its answer, as a planted bug has it.
    fn settle(&mut self, number: u64, reply: Reply) {
        let request = self.network.request(number);
        let reply = match (self.plant, request) {
            (Some(plant), Some((service, _, request))) => plant.misread(service, &request, reply),
            _ => reply,
        };
        self.network.answer(number, reply);
    }

    /// Does what a call asks for, or what its fate makes of it.
    fn perform(&mut self, number: u64, fate: Fate) -> Reply {
        let (service, operation, mut request) = self.network.request(number).ok_or(Broken::CutOff)?;
        let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if let Some(plant) = self.plant {
            plant.rewrite(service, number, &mut request, &mut body);
        }
        let now = self.now();
        match (service, fate) {
            (_, Fate::Throttled) => Ok(throttled()),
            (_, Fate::Fails) => Ok(failed()),
            (Service::Table, Fate::Conflict) => Ok(conflict(&body, usize::try_from(number).unwrap_or(0))),
            (Service::Table, _) => Ok(self.table.execute(&operation, &body)),
            (Service::Queues, Fate::Partly) => {
                Ok(self.queues.execute(&operation, &body, now, |place| place % 2 == 0))
            }
            (Service::Queues, _) => Ok(self.queues.execute(&operation, &body, now, |_| false)),
            (Service::Gateway, Fate::Gateway(mood)) => self.payments.call(request, mood, now),
            (Service::Gateway, _) => self.payments.call(request, Mood::Well, now),
        }
    }

    /// Goes on until nothing moves any more without the sweeper; false if it does not come to rest.
    fn come_to_rest(&mut self) -> bool {
        (0..MOST_STEPS).any(|_| !self.step())
    }

    /// Ends the storm, lets everything come to its end, and looks whether all is as it should be.
    pub fn end(&mut self) -> Vec<String> {
        self.note("the storm is over");
        self.chance.calm();
        let mut at_rest = self.come_to_rest();
        for _ in 0..MOST_ROUNDS {
            let commits = self.table.commits;
            self.queues.redrive(self.now());
            let pause = if self.table.awaits_payment() { PAYMENT_WINDOW } else { RECONCILIATION };
            self.clock.advance_to(self.now().plus(pause + Duration::from_mins(1)));
            at_rest = at_rest && self.come_to_rest();
            self.sweep();
            at_rest = at_rest && self.come_to_rest();
            // Moving the position of the comparison is a commit of its own.
            if self.table.commits <= commits + 1 && !self.table.awaits_payment() {
                break;
            }
        }
        self.note("nothing moves any more");
        let mut violations = self.violations();
        if !at_rest {
            violations.push("the world does not come to rest".to_owned());
        }
        violations
    }
}

/// More steps than any world needs to come to rest.
const MOST_STEPS: usize = 5_000;
/// How often the sweeper runs at most before the world is looked at.
const MOST_ROUNDS: usize = 8;

/// What a transaction puts, in words.
fn kinds(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let kinds: Vec<String> = puts(&body)
        .map(|item| match (item["kind"]["S"].as_str(), item["version"]["N"].as_str()) {
            (Some("order"), Some(version)) => {
                format!("order {version} {}", item["status"]["S"].as_str().unwrap_or_default())
            }
            (kind, _) => kind.unwrap_or_default().to_owned(),
        })
        .collect();
    if kinds.is_empty() { String::new() } else { format!(" of {}", kinds.join(", ")) }
}
