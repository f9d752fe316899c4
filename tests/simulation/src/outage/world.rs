//! Functions and services during an outage.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use http::Request;
use serde_json::Value;
use shared::kit::command::{CommandContext, Store as _};
use shared::kit::system::clock::{Clock, Timestamp};
use stripe_sandbox::Rates;

use super::{Consumer, Failure, backlog};
use crate::faults::{failed, throttled};
use crate::functions::{Functions, Instance};
use crate::network::{Network, NetworkError, Service, SimResponse, SimResult};
use crate::payments::{GatewayMode, Payments};
use crate::providers::{MailEffect, Providers};
use crate::queues::Queues;
use crate::rng::SimEntropy;
use crate::role::{Outcome, Role};
use crate::scenario;
use crate::table::Table;
use crate::tasks::Tasks;
use crate::template_config::{event_source, queue_of};
use crate::user_actions::correlation;
use crate::virtual_clock::VirtualClock;

/// Stock of the product: more than all orders take.
const STOCK: i64 = 1_000_000;
/// Time from a call of the gateway, the mail service or the model to its response.
const LATENCY: Duration = Duration::from_millis(300);

/// The functions and services of an outage.
pub(super) struct World {
    consumer: Consumer,
    clock: VirtualClock,
    network: Network,
    functions: Functions,
    /// As many instances as the event source runs at most.
    instances: Vec<Instance>,
    tasks: Tasks<Role, Outcome>,
    pub(super) table: Table,
    pub(super) queues: Queues,
    pub(super) payments: Payments,
    providers: Providers,
    /// Failure, and the times at which it begins and ends.
    pub(super) outage: Option<(Failure, Timestamp, Timestamp)>,
    /// Responses of gateway, mail service and model that are on their way, by the number of the call.
    responses: BTreeMap<u64, (Timestamp, SimResult)>,
    pub(super) calls: usize,
    pub(super) too_fast: usize,
    pub(super) last_commit: Timestamp,
}

impl World {
    /// Creates a world with a market, and the instances of a function.
    pub(super) fn new(consumer: Consumer) -> Self {
        let (clock, entropy) = (VirtualClock::new(), SimEntropy::of(Rng::with_seed(1)));
        fastrand::seed(1);
        let network = Network::at(&clock);
        let functions = Functions::of(&network, &clock, &entropy);
        let payments = Payments::open(&clock);
        payments.set_rates(Rates::LIVE);
        let instance = || match consumer {
            Consumer::Fulfilment => functions.fulfilment(),
            Consumer::Emails => functions.emails(),
            Consumer::SearchIndex => functions.search_index(),
        };
        let concurrency = event_source(consumer.function()).maximum_concurrency;
        let concurrency = concurrency.expect("the event source has a maximum concurrency");
        let mut world = Self {
            instances: (0..concurrency).map(|_| instance()).collect(),
            consumer,
            tasks: Tasks::default(),
            table: Table::create(),
            queues: Queues::new(),
            payments,
            providers: Providers::new(),
            outage: None,
            responses: BTreeMap::new(),
            calls: 0,
            too_fast: 0,
            last_commit: Clock::now(&clock),
            clock,
            network,
            functions,
        };
        world.create_market();
        world
    }

    pub(super) fn now(&self) -> Timestamp {
        Clock::now(&self.clock)
    }

    /// Name of the queue of the function.
    fn queue(&self) -> &'static str {
        queue_of(self.consumer.function())
    }

    /// Number of messages in its dead-letter queue.
    pub(super) fn dead_letters(&self) -> usize {
        self.queues.len(self.queues.dead_letter_queue(self.queue()))
    }

    fn create_market(&mut self) {
        let (store, now) = (self.functions.store(), self.now());
        self.tasks.begin(Role::Sweeper, async move {
            let context = CommandContext::new(correlation(), now);
            Outcome::SweepDone(store.execute(scenario::create_market(STOCK), &context).await.is_ok())
        });
        self.run_until_idle();
        // Its events are not part of the backlog.
        self.table.stream.clear();
    }

    /// Commits the commands that cause the messages, and publishes their events.
    pub(super) fn send_backlog(&mut self, messages: usize) {
        for number in 0..messages {
            let context = CommandContext::new(correlation(), self.now());
            let work = backlog::commit(self.consumer, number, self.functions.store(), context);
            self.tasks.begin(Role::Sweeper, async move { Outcome::SweepDone(work.await) });
            self.run_until_idle();
        }
        self.relay();
    }

    /// Number of messages that took effect, and number of effects.
    pub(super) fn effects(&self) -> (usize, usize) {
        match self.consumer {
            Consumer::Fulfilment => {
                let statuses = self.table.final_statuses();
                let confirmed = statuses.iter().filter(|status| *status == "confirmed").count();
                (confirmed, self.payments.charges())
            }
            Consumer::Emails => {
                let sent = self.providers.mail.sent();
                let recipients: BTreeSet<&String> = sent.iter().flat_map(|email| &email.to).collect();
                (recipients.len(), sent.len())
            }
            Consumer::SearchIndex => (self.table.indexed.len(), self.table.indexed.values().sum()),
        }
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
                    Outcome::SweepDone(true) => {}
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
                self.queues.delete(self.queue(), &done);
            }
        }
        progress |= self.answer_calls();
        progress |= self.deliver();
        if progress {
            return true;
        }
        let due = [
            self.clock.next_wake(),
            self.queues.next_visible(self.queue()),
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
            if matches!(service, Service::Table | Service::Queues) {
                let response = self.call_aws(service, &operation, &request);
                self.network.respond(number, Ok(response));
            } else {
                let result = self.call_provider(service, request);
                // A service that hangs never responds, so the call times out.
                let (latency, result) = result.map_or((Duration::MAX, lost()), |result| (LATENCY, result));
                self.responses.insert(number, (self.now().saturating_add(latency), result));
            }
            progress = true;
        }
        progress
    }

    /// Response of the gateway, the mail service or the model; `None` if there is none.
    fn call_provider(&mut self, service: Service, request: Request<bytes::Bytes>) -> Option<SimResult> {
        self.calls += 1;
        let (failure, elapsed) = (self.failure(), self.clock.elapsed());
        let (result, is_too_fast) = match service {
            Service::Mail => self.providers.send(request, mail_effect(failure), elapsed),
            Service::Model => {
                self.providers.embed(&request, failure == Some(Failure::ModelThrottles), elapsed)
            }
            _ => self.call_gateway(request, failure)?,
        };
        self.too_fast += usize::from(is_too_fast);
        Some(result)
    }

    /// Response of the gateway, and true if its rate was exceeded.
    fn call_gateway(
        &mut self,
        request: Request<bytes::Bytes>,
        failure: Option<Failure>,
    ) -> Option<(SimResult, bool)> {
        let mode = match failure {
            Some(Failure::GatewayHangs) => return None,
            Some(Failure::GatewayRefuses) => return Some((Err(NetworkError::NotSent), false)),
            Some(Failure::GatewayThrottles) => GatewayMode::Fails(429),
            Some(Failure::GatewayUnauthorised) => GatewayMode::Fails(401),
            Some(Failure::GatewayFails) => GatewayMode::Fails(500),
            _ => GatewayMode::Normal,
        };
        let result = self.payments.call(request, mode, self.now());
        let is_throttled = result.as_ref().is_ok_and(|response| response.status == 429);
        Some((result, is_throttled && mode == GatewayMode::Normal))
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
            (_, _) => self.queues.execute(operation, &body, now, |_| false),
        };
        if self.table.commits > commits {
            self.last_commit = now;
        }
        response.into()
    }

    fn failure(&self) -> Option<Failure> {
        let (failure, from, until) = self.outage?;
        (from..until).contains(&self.now()).then_some(failure)
    }

    /// Delivers messages to idle instances. Returns true if there were any.
    fn deliver(&mut self) -> bool {
        let now = self.now();
        let mut ready = self.queues.ready(self.queue(), now).into_iter();
        let busy: Vec<usize> = self
            .tasks
            .roles()
            .filter_map(|role| if let Role::Consumer(instance, _) = role { Some(*instance) } else { None })
            .collect();
        let mut progress = false;
        let (function, instances) = (self.consumer.function(), self.instances.len());
        let batch_size = event_source(function).batch_size;
        for instance in (0..instances).filter(|instance| !busy.contains(instance)) {
            let batch: Vec<u64> = ready.by_ref().take(batch_size).collect();
            if batch.is_empty() {
                break;
            }
            let deliveries = self.queues.receive(self.queue(), &batch, now);
            let work = self.instances[instance].handle(deliveries, self.functions.deadline(function));
            self.tasks.begin(Role::Consumer(instance, batch), async move { Outcome::BatchDone(work.await) });
            progress = true;
        }
        progress
    }
}

/// Effect of a failure on an e-mail.
fn mail_effect(failure: Option<Failure>) -> Option<MailEffect> {
    match failure? {
        Failure::MailThrottles => Some(MailEffect::Throttle),
        Failure::MailQuotaReached => Some(MailEffect::DailyQuota),
        Failure::MailPaused => Some(MailEffect::Pause),
        _ => None,
    }
}

fn lost() -> SimResult {
    Err(NetworkError::Disconnected)
}
