//! One world: the functions, what they call, and the people, all moved by one scheduler.

use http_body_util::BodyExt;
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::order::OrderId;
use shared::domain::product::create::NewProduct;
use shared::domain::reconciliation::cursor::{AdvanceCursor, ReconciliationCursor};
use shared::kit::command::{CommandContext, Store as _};
use shared::kit::system::clock::{Clock, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use tower::ServiceExt;

use crate::audit::{Acknowledged, Evidence};
use crate::faults::FaultProfile;
use crate::functions::{Functions, Instance};
use crate::network::Network;
use crate::payments::{Payments, Report};
use crate::queues::Queues;
use crate::rng::{DecisionStream, Random, SimEntropy};
use crate::scenario::{self, PRICE, Scenario, UserAction};
use crate::seeded_bug::SeededBug;
use crate::table::Table;
use crate::tasks::{Ended, Role, Tasks};
use crate::trace::Trace;
use crate::user_actions::{ActionResult, Api, cents, correlation};
use crate::virtual_clock::VirtualClock;

/// How many instances of the fulfilment there are.
pub const INSTANCES: usize = 2;
/// How often a caller who was told nothing tries again.
const PATIENCE: u32 = 4;
/// For how long a caller uses a key: less than the day that answers are kept for.
const KEYS_ARE_GOOD_FOR: Duration = Duration::from_hours(23);

/// One world.
pub struct World {
    pub(crate) clock: VirtualClock,
    pub(crate) dice: SimEntropy,
    pub(crate) chance: DecisionStream,
    pub(crate) storm: FaultProfile,
    pub(crate) plant: Option<SeededBug>,
    pub(crate) scenario: Scenario,
    pub(crate) network: Network,
    pub(crate) functions: Functions,
    pub(crate) instances: Vec<Instance>,
    pub(crate) tasks: Tasks,
    pub(crate) table: Table,
    pub(crate) queues: Queues,
    pub(crate) payments: Payments,
    /// The deeds that nobody has begun.
    pub(crate) waiting: Vec<usize>,
    pub(crate) ticks: u32,
    pub(crate) night: Option<Duration>,
    pub(crate) promises: Acknowledged,
    /// When each buyer first asked for the order.
    pub(crate) begun: BTreeMap<usize, Timestamp>,
    /// The order of each buyer, once somebody was told of it.
    pub(crate) orders: BTreeMap<usize, OrderId>,
    pub(crate) trace: Trace,
    /// How many calls went wrong.
    pub(crate) faults: u64,
    /// How many invocations died in the middle of their work.
    pub(crate) crashes: u64,
}

impl World {
    /// The world of a seed, in which so many decisions are made and everything goes as it should from then on.
    #[must_use]
    pub fn of(seed: u64, limit: usize, plant: Option<SeededBug>) -> Self {
        // What the SDK throws dice for: request tokens, and the jitter of its retries.
        fastrand::seed(seed);
        let mut plan = Random::of(seed, 0);
        let (clock, dice) = (VirtualClock::new(), SimEntropy::of(seed));
        let network = Network::at(&clock);
        let functions = Functions::of(&network, &clock, &dice);
        let scenario = Scenario::of(&mut plan);
        let chance = (DecisionStream::of(seed, limit), FaultProfile::of(&mut plan));
        let mut world = Self::still(scenario, chance, (clock, dice, network), functions);
        world.set_up();
        world.plant = plant;
        world
    }

    /// A world in which nothing has happened.
    fn still(
        scenario: Scenario,
        (chance, storm): (DecisionStream, FaultProfile),
        (clock, dice, network): (VirtualClock, SimEntropy, Network),
        functions: Functions,
    ) -> Self {
        Self {
            chance,
            storm,
            plant: None,
            instances: (0..INSTANCES).map(|_| functions.fulfilment()).collect(),
            tasks: Tasks::default(),
            table: Table::create(),
            queues: Queues::new(),
            payments: Payments::open(&clock),
            waiting: (0..scenario.deeds.len()).collect(),
            ticks: scenario.ticks,
            night: scenario.long_pause,
            promises: Acknowledged::default(),
            begun: BTreeMap::new(),
            orders: BTreeMap::new(),
            trace: Trace::default(),
            faults: 0,
            crashes: 0,
            clock,
            dice,
            scenario,
            network,
            functions,
        }
    }

    /// What is there before anything goes wrong: the seller's market with its one product, and the sweeper's bookmark.
    fn set_up(&mut self) {
        let product = NewProduct {
            id: scenario::product(),
            sku: "MUG-1".parse().expect("the SKU is well-formed"),
            title: "Mug".parse().expect("the title is well-formed"),
            description: None,
            price: cents(PRICE),
            stock: self.scenario.stock,
        };
        let command = CreateMarket {
            id: scenario::market(),
            by: scenario::seller(),
            name: "Mugs".parse().expect("the name is well-formed"),
            description: None,
            currency: "EUR".parse().expect("the euro is a currency"),
            status: InitialStatus::Active,
            products: vec![product],
        };
        let (store, now) = (self.functions.store(), self.now());
        let bookmark =
            AdvanceCursor { from: None, to: ReconciliationCursor::first(self.functions.rounds(), now) };
        let work = async move {
            let cause = CommandContext::new(correlation(), now);
            let opened = store.execute(command, &cause).await.is_ok();
            Ended::Swept(opened && store.execute(bookmark, &cause).await.is_ok())
        };
        self.tasks.begin(Role::Sweeper, work);
        while !self.tasks.is_empty() {
            self.tasks.run(&self.network);
            for (number, ..) in self.network.open() {
                self.arrive(number);
            }
        }
        assert_eq!(self.table.commits, 2, "the market opens");
    }

    pub(crate) fn now(&self) -> Timestamp {
        Clock::now(&self.clock)
    }

    pub(crate) fn note(&mut self, step: &str) {
        self.trace.note(self.clock.elapsed(), step);
    }

    /// Runs what can run, and does what follows from what came to its end.
    pub(crate) fn run_tasks(&mut self) {
        loop {
            let ended = self.tasks.run(&self.network);
            if ended.is_empty() {
                return;
            }
            for (_, role, outcome) in ended {
                self.ended(role, outcome);
            }
        }
    }

    fn ended(&mut self, role: Role, outcome: Ended) {
        match (role, outcome) {
            (Role::Consumer(instance, batch), Ended::Batch(failures)) => {
                self.batch_ended(instance, batch, &failures);
            }
            (Role::Relay(lane, _), Ended::Relayed(done)) => {
                let first = done.iter().take_while(|done| **done).count();
                self.note(&format!("relay of {lane}: {first} of {} events are done", done.len()));
                if let Some(events) = self.table.stream.get_mut(&lane) {
                    events.drain(..first.min(events.len()));
                }
            }
            (Role::Webhook(report), Ended::Heard(status)) => {
                self.note(&format!("webhook: answered {status}"));
                if status >= 300 {
                    self.payments.retry_webhook(report, self.now());
                }
            }
            (Role::Deed(deed, tries), Ended::Told(told)) => self.told(deed, tries, told),
            (Role::Sweeper, Ended::Swept(all)) => {
                self.note(if all { "sweeper: through" } else { "sweeper: failed" });
            }
            (role, outcome) => unreachable!("{role:?} does not end in {outcome:?}"),
        }
    }

    fn batch_ended(&mut self, instance: usize, batch: Vec<u64>, failures: &[String]) {
        let done = batch.into_iter().filter(|id| !failures.contains(&id.to_string()));
        let done: Vec<u64> = done.collect();
        let lost = self.chance.happens(self.storm.faults / 4);
        self.note(&format!(
            "fulfilment {instance}: done with {done:?}, back come {failures:?}{}",
            if lost { "; their deletion is lost" } else { "" }
        ));
        if !lost {
            self.queues.delete(&done);
        }
    }

    fn told(&mut self, number: usize, tries: u32, told: ActionResult) {
        let deed = self.scenario.deeds[number];
        match told {
            ActionResult::Done(order) => {
                self.note(&format!("{deed}: done, {} is {:?}", order.id, order.status));
                if matches!(deed, UserAction::Place(_)) {
                    self.orders.insert(deed.buyer(), order.id);
                    self.promises.placed.entry(deed.buyer()).or_default().insert(order.id.to_string());
                }
                self.promises.done.push((deed, order.id.to_string()));
            }
            ActionResult::Refused(reason) => self.note(&format!("{deed}: refused, {reason}")),
            ActionResult::Unknown => self.try_again(number, tries),
        }
    }

    /// The caller knows nothing of what became of it, and tries again under the same key.
    fn try_again(&mut self, number: usize, tries: u32) {
        let deed = self.scenario.deeds[number];
        if tries < PATIENCE && self.is_still_asked_for(deed) {
            self.note(&format!("{deed}: no answer, once more"));
            self.begin_deed(number, tries + 1);
        } else {
            self.note(&format!("{deed}: no answer, given up"));
        }
    }

    /// Whether a deed may be asked for under its key: answers are kept for a day, and nobody repeats a question for longer.
    pub(crate) fn is_still_asked_for(&self, deed: UserAction) -> bool {
        let begun = self.begun.get(&deed.buyer());
        begun.is_none_or(|begun| self.now().duration_since(*begun) < KEYS_ARE_GOOD_FOR)
    }

    /// Begins a deed, or what follows from it without any function of ours.
    pub(crate) fn begin_deed(&mut self, number: usize, tries: u32) {
        let deed = self.scenario.deeds[number];
        let order = self.orders.get(&deed.buyer()).copied();
        let now = self.now();
        self.begun.entry(deed.buyer()).or_insert(now);
        match (deed, order) {
            (UserAction::Pay(_), Some(order)) => {
                self.payments.pay(&order.to_string(), "pm_card_visa", now);
            }
            (UserAction::PayDeclined(_), Some(order)) => {
                self.payments.pay(&order.to_string(), "pm_card_chargeDeclined", now);
            }
            _ => {
                let api =
                    Api { store: self.functions.store(), clock: self.clock.clone(), dice: self.dice.clone() };
                let plan = self.scenario.buyers[deed.buyer()].clone();
                let order = order.filter(|_| !matches!(deed, UserAction::Place(_)));
                let work = api.perform(deed, plan, order);
                self.tasks.begin(Role::Deed(number, tries), async move { Ended::Told(work.await) });
            }
        }
    }

    /// Brings a webhook.
    pub(crate) fn bring(&mut self, report: Report) {
        let (router, request) = (self.functions.webhooks.clone(), report.request(&self.clock));
        let work = async move {
            let Ok(response) = router.oneshot(request).await;
            let status = response.status().as_u16();
            let _ = response.into_body().collect().await;
            Ended::Heard(status)
        };
        self.tasks.begin(Role::Webhook(report), work);
    }

    /// A task dies in the middle of whatever it is at.
    pub(crate) fn crash(&mut self, number: u64) {
        self.crashes += 1;
        match self.tasks.kill(number) {
            Some(Role::Consumer(instance, _)) => self.instances[instance] = self.functions.fulfilment(),
            Some(Role::Webhook(report)) => self.payments.retry_webhook(report, self.now()),
            Some(Role::Deed(deed, tries)) => self.try_again(deed, tries),
            Some(Role::Relay(..) | Role::Sweeper) | None => {}
        }
    }

    /// What is wrong with the world as it stands.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let Self { table, queues, payments, promises, scenario, .. } = self;
        Evidence { table, queues, payments, promises, scenario }.violations()
    }
}
