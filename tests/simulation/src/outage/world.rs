//! Functions and services during an outage.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use http::Request;
use serde_json::Value;
use shared::kit::command::{CommandContext, Store as _};
use shared::kit::system::clock::{Clock, Timestamp};
use stripe_sandbox::Rates;

use super::Failure;
use crate::faults::{failed, throttled};
use crate::functions::{Functions, Instance};
use crate::network::{Network, NetworkError, Service, SimResponse, SimResult};
use crate::payments::{GatewayMode, Payments};
use crate::queues::Queues;
use crate::rng::SimEntropy;
use crate::scenario::{self, Buyer, UserAction};
use crate::table::Table;
use crate::tasks::{Outcome, Role, Tasks};
use crate::user_actions::{ActionResult, Api, correlation};
use crate::virtual_clock::VirtualClock;

/// Number of fulfilment instances: the maximum concurrency of the event source.
const INSTANCES: usize = 20;
/// Maximum number of messages per invocation.
const BATCH: usize = 10;
/// Time from a call of the gateway to its response.
const LATENCY: Duration = Duration::from_millis(300);

/// The functions and services of an outage.
pub(super) struct World {
    clock: VirtualClock,
    network: Network,
    functions: Functions,
    instances: Vec<Instance>,
    tasks: Tasks,
    pub(super) table: Table,
    pub(super) queues: Queues,
    pub(super) payments: Payments,
    /// Failure and the time at which it ends.
    pub(super) outage: Option<(Failure, Timestamp)>,
    /// Responses of the gateway that are on their way, by the number of the call.
    responses: BTreeMap<u64, (Timestamp, SimResult)>,
    pub(super) calls: usize,
    pub(super) too_fast: usize,
    pub(super) last_commit: Timestamp,
}

impl World {
    pub(super) fn with_orders(orders: usize) -> Self {
        let (clock, entropy) = (VirtualClock::new(), SimEntropy::of(Rng::with_seed(1)));
        fastrand::seed(1);
        let network = Network::at(&clock);
        let functions = Functions::of(&network, &clock, &entropy);
        let payments = Payments::open(&clock);
        payments.set_rates(Rates::LIVE);
        let mut world = Self {
            instances: (0..INSTANCES).map(|_| functions.fulfilment()).collect(),
            tasks: Tasks::default(),
            table: Table::create(),
            queues: Queues::new(),
            payments,
            outage: None,
            responses: BTreeMap::new(),
            calls: 0,
            too_fast: 0,
            last_commit: Clock::now(&clock),
            clock,
            network,
            functions,
        };
        world.create_market(orders);
        for number in 0..orders {
            world.place(number, &entropy);
        }
        world.relay();
        world
    }

    pub(super) fn now(&self) -> Timestamp {
        Clock::now(&self.clock)
    }

    fn create_market(&mut self, orders: usize) {
        let command = scenario::create_market(i64::try_from(orders).unwrap_or(i64::MAX));
        let (store, now) = (self.functions.store(), self.now());
        self.tasks.begin(Role::Sweeper, async move {
            let created = store.execute(command, &CommandContext::new(correlation(), now)).await;
            Outcome::SweepDone(created.is_ok())
        });
        self.run_until_idle();
    }

    fn place(&mut self, number: usize, entropy: &SimEntropy) {
        let (store, clock) = (self.functions.store(), self.clock.clone());
        let api = Api { store, clock, entropy: entropy.clone() };
        let plan = Buyer { quantity: 1, method: Some("pm_card_visa") };
        let work = api.perform(UserAction::Place(number), plan, None);
        self.tasks.begin(Role::Action(number, 1), async move { Outcome::ActionDone(work.await) });
        self.run_until_idle();
    }

    /// Publishes all events of the outbox.
    fn relay(&mut self) {
        for (lane, events) in std::mem::take(&mut self.table.stream) {
            let (count, work) = (events.len(), self.functions.relay(events.into()));
            self.tasks.begin(Role::Relay(lane, count), async move { Outcome::RelayDone(work.await) });
            self.run_until_idle();
        }
    }

    /// Runs all tasks until they have ended, without faults.
    fn run_until_idle(&mut self) {
        while !self.tasks.is_empty() {
            for (_, role, outcome) in self.tasks.run(&self.network) {
                match outcome {
                    Outcome::ActionDone(ActionResult::Done(_)) | Outcome::SweepDone(true) => {}
                    Outcome::RelayDone(done) if done.iter().all(|done| *done) => {}
                    outcome => unreachable!("{role:?} ended with {outcome:?} although nothing fails"),
                }
            }
            self.answer_calls();
        }
    }

    /// Takes all steps that are possible now, or advances the clock to the next one. Returns false if no step is
    /// left.
    pub(super) fn step(&mut self) -> bool {
        let ended = self.tasks.run(&self.network);
        let mut progress = !ended.is_empty();
        for (_, role, outcome) in ended {
            if let (Role::Consumer(_, batch), Outcome::BatchDone(failures)) = (role, outcome) {
                let done: Vec<u64> =
                    batch.into_iter().filter(|id| !failures.contains(&id.to_string())).collect();
                self.queues.delete(&done);
            }
        }
        progress |= self.answer_calls();
        progress |= self.deliver();
        if progress {
            return true;
        }
        let due = [
            self.clock.next_wake(),
            self.queues.next_visible(),
            self.responses.values().map(|(due, _)| *due).min(),
        ];
        let Some(due) = due.into_iter().flatten().filter(|due| *due > self.now()).min() else { return false };
        self.clock.advance_to(due);
        true
    }

    /// Executes calls that have arrived, and returns responses that are due. Returns true if there were any.
    fn answer_calls(&mut self) -> bool {
        let mut progress = false;
        for (number, _, awaited) in self.network.open() {
            if !awaited {
                self.responses.remove(&number);
                self.network.forget(number);
                continue;
            }
            if let Some((due, _)) = self.responses.get(&number) {
                if *due <= self.now()
                    && let Some((_, result)) = self.responses.remove(&number)
                {
                    self.network.respond(number, result);
                    progress = true;
                }
                continue;
            }
            let Some((service, operation, request)) = self.network.request(number) else { continue };
            if service == Service::Gateway {
                let result = self.call_gateway(request);
                // A hanging gateway never responds, so the call times out.
                let (latency, result) = result.map_or((Duration::MAX, lost()), |result| (LATENCY, result));
                self.responses.insert(number, (self.now().saturating_add(latency), result));
            } else {
                let response = self.call_aws(service, &operation, &request);
                self.network.respond(number, Ok(response));
            }
            progress = true;
        }
        progress
    }

    /// Response of the gateway; `None` if there is none.
    fn call_gateway(&mut self, request: Request<bytes::Bytes>) -> Option<SimResult> {
        self.calls += 1;
        let mode = match self.failure() {
            Some(Failure::GatewayHangs) => return None,
            Some(Failure::GatewayRefuses) => return Some(Err(NetworkError::NotSent)),
            Some(Failure::GatewayThrottles) => GatewayMode::Fails(429),
            Some(Failure::GatewayUnauthorised) => GatewayMode::Fails(401),
            Some(Failure::GatewayFails) => GatewayMode::Fails(500),
            Some(Failure::TableThrottles | Failure::TableFails) | None => GatewayMode::Normal,
        };
        let result = self.payments.call(request, mode, self.now());
        let is_throttled = result.as_ref().is_ok_and(|response| response.status == 429);
        self.too_fast += usize::from(is_throttled && mode == GatewayMode::Normal);
        Some(result)
    }

    fn call_aws(
        &mut self,
        service: Service,
        operation: &str,
        request: &Request<bytes::Bytes>,
    ) -> SimResponse {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let (now, commits) = (self.now(), self.table.commits);
        let response = match (service, self.failure()) {
            (Service::Table, Some(Failure::TableThrottles)) => throttled(),
            (Service::Table, Some(Failure::TableFails)) => failed(),
            (Service::Table, _) => self.table.execute(operation, &body),
            (Service::Queues | Service::Gateway, _) => self.queues.execute(operation, &body, now, |_| false),
        };
        if self.table.commits > commits {
            self.last_commit = now;
        }
        response.into()
    }

    fn failure(&self) -> Option<Failure> {
        self.outage.filter(|(_, until)| self.now() < *until).map(|(failure, _)| failure)
    }

    /// Delivers messages to idle instances. Returns true if there were any.
    fn deliver(&mut self) -> bool {
        let now = self.now();
        let mut ready = self.queues.ready(now).into_iter();
        let busy: Vec<usize> = self
            .tasks
            .roles()
            .filter_map(|role| if let Role::Consumer(instance, _) = role { Some(*instance) } else { None })
            .collect();
        let mut progress = false;
        for instance in (0..INSTANCES).filter(|instance| !busy.contains(instance)) {
            let batch: Vec<u64> = ready.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let deliveries = self.queues.receive(&batch, now);
            let work = self.instances[instance].handle(deliveries, self.functions.batch_deadline());
            self.tasks.begin(Role::Consumer(instance, batch), async move { Outcome::BatchDone(work.await) });
            progress = true;
        }
        progress
    }
}

fn lost() -> SimResult {
    Err(NetworkError::Disconnected)
}
