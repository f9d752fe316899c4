//! The simulated world: functions, services and users, driven by one scheduler.

use fastrand::Rng;
use http_body_util::BodyExt;
use shared::domain::ledger::reconciliation::cursor::{AdvanceCursor, ReconciliationCursor};
use shared::domain::order::OrderId;
use shared::kit::command::{CommandContext, Store as _};
use shared::kit::system::clock::{Clock, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use tower::ServiceExt;

use crate::audit::{Acknowledged, AuditInput};
use crate::faults::FaultProfile;
use crate::functions::{FULFILMENT, Functions, Instance};
use crate::network::Network;
use crate::payments::{Payments, Webhook};
use crate::queues::Queues;
use crate::rng::{DecisionStream, SimEntropy};
use crate::role::{Outcome, Role};
use crate::scenario::{self, Scenario, UserAction};
use crate::seeded_bug::SeededBug;
use crate::table::Table;
use crate::tasks::Tasks;
use crate::template_config::queue_of;
use crate::trace::Trace;
use crate::user_actions::{ActionResult, Api, correlation};
use crate::virtual_clock::VirtualClock;

/// Number of fulfilment instances.
pub const INSTANCES: usize = 2;
/// Maximum number of attempts of an action with an unknown outcome.
const MAX_ATTEMPTS: u32 = 4;
/// Time for which callers retry with a key; less than the 24 hours for which idempotency records are kept.
const KEY_LIFETIME: Duration = Duration::from_hours(23);

/// A simulated world.
pub struct World {
    pub(crate) clock: VirtualClock,
    pub(crate) entropy: SimEntropy,
    pub(crate) decisions: DecisionStream,
    pub(crate) profile: FaultProfile,
    pub(crate) bug: Option<SeededBug>,
    pub(crate) scenario: Scenario,
    pub(crate) network: Network,
    pub(crate) functions: Functions,
    pub(crate) instances: Vec<Instance>,
    pub(crate) tasks: Tasks<Role, Outcome>,
    pub(crate) table: Table,
    pub(crate) queues: Queues,
    pub(crate) payments: Payments,
    /// Indexes of actions that have not started.
    pub(crate) waiting: Vec<usize>,
    pub(crate) ticks: u32,
    pub(crate) long_pause: Option<Duration>,
    pub(crate) acknowledged: Acknowledged,
    /// Time of the first action on each buyer's order.
    pub(crate) first_attempts: BTreeMap<usize, Timestamp>,
    /// Acknowledged order of each buyer.
    pub(crate) orders: BTreeMap<usize, OrderId>,
    pub(crate) trace: Trace,
    /// Number of faulty calls.
    pub(crate) faults: u64,
    /// Number of crashed invocations.
    pub(crate) crashes: u64,
}

impl World {
    /// Creates the world of a seed with at most `limit` decisions.
    #[must_use]
    pub fn of(seed: u64, limit: usize, bug: Option<SeededBug>) -> Self {
        let mut root = Rng::with_seed(seed);
        // The SDK's random numbers: request tokens and retry jitter.
        fastrand::seed(root.u64(..));
        let mut plan = root.fork();
        let (clock, entropy) = (VirtualClock::new(), SimEntropy::of(root.fork()));
        let network = Network::at(&clock);
        let functions = Functions::of(&network, &clock, &entropy);
        let scenario = Scenario::of(&mut plan);
        let (decisions, profile) = (DecisionStream::of(root.fork(), limit), FaultProfile::of(&mut plan));
        let mut world = Self::idle_world(scenario, decisions, profile, clock, entropy, network, functions);
        world.set_up();
        world.bug = bug;
        world
    }

    /// Creates a world without any activity.
    fn idle_world(
        scenario: Scenario,
        decisions: DecisionStream,
        profile: FaultProfile,
        clock: VirtualClock,
        entropy: SimEntropy,
        network: Network,
        functions: Functions,
    ) -> Self {
        Self {
            decisions,
            profile,
            bug: None,
            instances: (0..INSTANCES).map(|_| functions.fulfilment()).collect(),
            tasks: Tasks::default(),
            table: Table::create(),
            queues: Queues::new(),
            payments: Payments::open(&clock),
            waiting: (0..scenario.actions.len()).collect(),
            ticks: scenario.ticks,
            long_pause: scenario.long_pause,
            acknowledged: Acknowledged::default(),
            first_attempts: BTreeMap::new(),
            orders: BTreeMap::new(),
            trace: Trace::default(),
            faults: 0,
            crashes: 0,
            clock,
            entropy,
            scenario,
            network,
            functions,
        }
    }

    /// Creates the seller's market with its product, and the reconciliation cursor, without faults.
    fn set_up(&mut self) {
        let command = scenario::create_market(self.scenario.stock);
        let (store, now) = (self.functions.store(), self.now());
        let cursor =
            AdvanceCursor { from: None, to: ReconciliationCursor::first(self.functions.rounds(), now) };
        let work = async move {
            let cause = CommandContext::new(correlation(), now);
            let created = store.execute(command, &cause).await.is_ok();
            Outcome::SweepDone(created && store.execute(cursor, &cause).await.is_ok())
        };
        self.tasks.begin(Role::Sweeper, work);
        while !self.tasks.is_empty() {
            self.tasks.run(&self.network);
            for (number, ..) in self.network.open() {
                self.arrive(number);
            }
        }
        assert_eq!(self.table.commits, 2, "the market and the cursor are created");
    }

    pub(crate) fn now(&self) -> Timestamp {
        Clock::now(&self.clock)
    }

    pub(crate) fn record(&mut self, step: &str) {
        self.trace.record(self.clock.elapsed(), step);
    }

    /// Polls all tasks and handles the outcomes of finished ones.
    pub(crate) fn run_tasks(&mut self) {
        loop {
            let ended = self.tasks.run(&self.network);
            if ended.is_empty() {
                return;
            }
            for (_, role, outcome) in ended {
                self.finish_task(role, outcome);
            }
        }
    }

    fn finish_task(&mut self, role: Role, outcome: Outcome) {
        match (role, outcome) {
            (Role::Consumer(instance, batch), Outcome::BatchDone(failures)) => {
                self.batch_ended(instance, batch, &failures);
            }
            (Role::Relay(lane, _), Outcome::RelayDone(done)) => {
                let first = done.iter().take_while(|done| **done).count();
                self.record(&format!("relay of {lane}: {first} of {} events published", done.len()));
                if let Some(events) = self.table.stream.get_mut(&lane) {
                    events.drain(..first.min(events.len()));
                }
            }
            (Role::Webhook(webhook), Outcome::WebhookDone(status)) => {
                self.record(&format!("webhook: response {status}"));
                if status >= 300 {
                    self.payments.retry_webhook(webhook, self.now());
                }
            }
            (Role::Action(action, tries), Outcome::ActionDone(result)) => {
                self.finish_action(action, tries, result);
            }
            (Role::Sweeper, Outcome::SweepDone(all)) => {
                self.record(if all { "sweeper: done" } else { "sweeper: failed" });
            }
            (role, outcome) => unreachable!("{role:?} cannot have the outcome {outcome:?}"),
        }
    }

    fn batch_ended(&mut self, instance: usize, batch: Vec<u64>, failures: &[String]) {
        let done = batch.into_iter().filter(|id| !failures.contains(&id.to_string()));
        let done: Vec<u64> = done.collect();
        let lost = self.decisions.happens(self.profile.faults / 4);
        self.record(&format!(
            "fulfilment {instance}: done {done:?}, failed {failures:?}{}",
            if lost { "; the deletion is lost" } else { "" }
        ));
        if !lost {
            self.queues.delete(queue_of(FULFILMENT), &done);
        }
    }

    fn finish_action(&mut self, number: usize, tries: u32, result: ActionResult) {
        let action = self.scenario.actions[number];
        match result {
            ActionResult::Done(order) => {
                self.record(&format!("{action}: done, {} is {:?}", order.id, order.status));
                if matches!(action, UserAction::Place(_)) {
                    self.orders.insert(action.buyer(), order.id);
                    self.acknowledged.placed.entry(action.buyer()).or_default().insert(order.id.to_string());
                }
                self.acknowledged.done.push((action, order.id.to_string()));
            }
            ActionResult::Refused(reason) => self.record(&format!("{action}: refused, {reason}")),
            ActionResult::Unknown => self.retry_action(number, tries),
        }
    }

    /// Retries an action with an unknown outcome under the same key.
    fn retry_action(&mut self, number: usize, tries: u32) {
        let action = self.scenario.actions[number];
        if tries < MAX_ATTEMPTS && self.key_is_live(action) {
            self.record(&format!("{action}: no response, retried"));
            self.start_action(number, tries + 1);
        } else {
            self.record(&format!("{action}: no response, given up"));
        }
    }

    /// Returns true if an action may be retried under its key. Callers stop before the idempotency record
    /// expires.
    pub(crate) fn key_is_live(&self, action: UserAction) -> bool {
        let started = self.first_attempts.get(&action.buyer());
        started.is_none_or(|started| self.now().duration_since(*started) < KEY_LIFETIME)
    }

    /// Starts an action. Payments go directly to the gateway.
    pub(crate) fn start_action(&mut self, number: usize, tries: u32) {
        let action = self.scenario.actions[number];
        let order = self.orders.get(&action.buyer()).copied();
        let now = self.now();
        self.first_attempts.entry(action.buyer()).or_insert(now);
        match (action, order) {
            (UserAction::Pay(_), Some(order)) => {
                self.payments.pay(&order.to_string(), "pm_card_visa", now);
            }
            (UserAction::PayDeclined(_), Some(order)) => {
                self.payments.pay(&order.to_string(), "pm_card_chargeDeclined", now);
            }
            _ => {
                let api = Api {
                    store: self.functions.store(),
                    clock: self.clock.clone(),
                    entropy: self.entropy.clone(),
                };
                let plan = self.scenario.buyers[action.buyer()].clone();
                let order = order.filter(|_| !matches!(action, UserAction::Place(_)));
                let work = api.perform(action, plan, order);
                self.tasks.begin(Role::Action(number, tries), async move { Outcome::ActionDone(work.await) });
            }
        }
    }

    /// Delivers a webhook.
    pub(crate) fn deliver_webhook(&mut self, webhook: Webhook) {
        let (router, request) = (self.functions.webhooks.clone(), webhook.request(&self.clock));
        let work = async move {
            let Ok(response) = router.oneshot(request).await;
            let status = response.status().as_u16();
            let _ = response.into_body().collect().await;
            Outcome::WebhookDone(status)
        };
        self.tasks.begin(Role::Webhook(webhook), work);
    }

    /// Crashes a task.
    pub(crate) fn crash(&mut self, number: u64) {
        self.crashes += 1;
        match self.tasks.kill(number) {
            Some(Role::Consumer(instance, _)) => self.instances[instance] = self.functions.fulfilment(),
            Some(Role::Webhook(webhook)) => self.payments.retry_webhook(webhook, self.now()),
            Some(Role::Action(action, tries)) => self.retry_action(action, tries),
            Some(Role::Relay(..) | Role::Sweeper) | None => {}
        }
    }

    /// Violations in the current state.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let Self { table, queues, payments, acknowledged, scenario, .. } = self;
        AuditInput { table, queues, payments, acknowledged, scenario }.violations()
    }
}
