//! The system in the simulation: all functions in one process, with a virtual clock and a simulated network.

mod api;
mod calls;
mod consumers;
mod outside;
mod steps;

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use local::services::ses::Email;
use shared::domain::ledger::reconciliation::cursor::{AdvanceCursor, ReconciliationCursor};
use shared::domain::values::id::Id;
use shared::kit::command::{CommandContext, Item, Key, Store as _};
use shared::kit::system::clock::{Clock, Timestamp};
use simulation::faults::FaultProfile;
use simulation::functions::Functions;
use simulation::network::{Network, SimResult};
use simulation::payments::{Payments, Webhook};
use simulation::providers::Providers;
use simulation::queues::Queues;
use simulation::rng::{DecisionStream, SimEntropy};
use simulation::table::Table;
use simulation::tasks::Tasks;
use simulation::user_actions::correlation;
use simulation::virtual_clock::VirtualClock;
use stripe_sandbox::Rates;
use test_support::audit::AuditSnapshot;

use crate::system::{OutsideAction, Request, Response, System};
use api::Api;
use consumers::Consumers;
use steps::MAX_STEPS;

/// Role of a task.
#[derive(Debug, Clone)]
enum Role {
    /// Instance of a consumer with the messages that it received from a queue.
    Consumer { consumer: usize, instance: usize, queue: String, batch: Vec<u64> },
    /// The relay with a partition of the stream.
    Relay(String),
    /// The webhook function.
    Webhook(Webhook),
    /// A function of the API.
    Api,
    /// The sweeper, or a command of the setup.
    Sweeper,
}

/// Outcome of a task.
#[derive(Debug)]
enum Outcome {
    /// Ids of failed messages.
    BatchDone(Vec<String>),
    /// True for each published event.
    RelayDone(Vec<bool>),
    /// Response of the API or the webhook function.
    Responded(Box<Response>),
    /// The sweeper or a command has ended.
    Ended,
}

/// The function crashed before its response.
#[derive(Debug)]
struct Crashed;

/// Simulated system.
pub struct Simulated {
    clock: VirtualClock,
    entropy: SimEntropy,
    network: Network,
    functions: Functions,
    api: Api,
    consumers: Consumers,
    tasks: Tasks<Role, Outcome>,
    table: Table,
    queues: Queues,
    payments: Payments,
    providers: Providers,
    decisions: DecisionStream,
    profile: FaultProfile,
    /// Responses of gateway, mail service and model that are on their way, by the number of the call.
    on_their_way: Vec<(u64, Timestamp, SimResult)>,
    /// Number of crashes during the processing of a message.
    crashes: HashMap<u64, u32>,
    /// Task of the request that is being sent.
    request: u64,
    /// Result of the request that is being sent.
    response: Option<Result<Response, Crashed>>,
    next_sweep: Timestamp,
    /// Time until which the gateway fails.
    outage_until: Timestamp,
    faults: u64,
}

impl Simulated {
    /// Creates a system; `faults` is the number of faults among a thousand calls of services.
    pub async fn open(seed: u64, faults: u64) -> Self {
        let mut root = Rng::with_seed(seed);
        // The SDK's random numbers: request tokens and retry jitter.
        fastrand::seed(root.u64(..));
        let (clock, entropy) = (VirtualClock::new(), SimEntropy::of(root.fork()));
        let network = Network::at(&clock);
        let functions = Functions::of(&network, &clock, &entropy);
        let payments = Payments::open(&clock);
        payments.set_rates(Rates::LIVE);
        let profile =
            FaultProfile { faults, time_pressure: 0, loses_events: faults > 0, lost_webhooks: faults };
        let mut system = Self {
            api: Api::new(&functions, &clock, &entropy),
            consumers: Consumers::start(&functions, &clock),
            tasks: Tasks::default(),
            table: Table::create_with_history(),
            queues: Queues::new(),
            payments,
            providers: Providers::new(),
            decisions: DecisionStream::of(root.fork(), 0),
            profile,
            on_their_way: Vec::new(),
            crashes: HashMap::new(),
            request: 0,
            response: None,
            next_sweep: Clock::now(&clock),
            outage_until: Clock::now(&clock),
            faults: 0,
            clock,
            entropy,
            network,
            functions,
        };
        system.create_reconciliation_cursor().await;
        system.decisions = DecisionStream::of(root.fork(), usize::MAX);
        system
    }

    async fn create_reconciliation_cursor(&mut self) {
        let now = self.now();
        let to = ReconciliationCursor::first(self.functions.rounds(), now);
        let store = self.functions.store();
        self.execute(async move {
            let context = CommandContext::new(correlation(), now);
            let created = store.execute(AdvanceCursor { from: None, to }, &context).await;
            created.expect("the cursor is created");
        })
        .await;
    }

    /// Runs a task of the setup to its end.
    async fn execute(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        let number = self.tasks.begin(Role::Sweeper, async move {
            work.await;
            Outcome::Ended
        });
        while self.tasks.role(number).is_some() {
            self.step().await;
        }
    }
}

impl System for Simulated {
    async fn send(&mut self, request: &Request) -> Option<Response> {
        let work = self.api.handle(request);
        self.response = None;
        self.request = self.tasks.begin(Role::Api, async move { Outcome::Responded(Box::new(work.await)) });
        for _ in 0..MAX_STEPS {
            if let Some(response) = self.response.take() {
                return response.ok();
            }
            self.step().await;
        }
        panic!("{} {} has no response", request.method, request.path);
    }

    async fn work(&mut self, steps: usize) {
        for _ in 0..steps {
            if !self.step_now().await {
                return;
            }
        }
    }

    async fn idle(&mut self) {
        while self.step_now().await {}
    }

    async fn settle(&mut self) -> bool {
        self.run_to_the_end().await
    }

    async fn pass_time(&mut self, duration: Duration) {
        self.run_until(self.now().saturating_add(duration)).await;
    }

    async fn create_admin(&mut self, email: &str, password: &str) {
        let (store, now) = (self.functions.store(), self.now());
        let id = Id::generate(now, &self.entropy);
        let command = outside::register_admin(id, email, password).await;
        self.execute(async move {
            let created = store.execute(command, &CommandContext::new(correlation(), now)).await;
            created.expect("the account is created");
        })
        .await;
    }

    async fn act(&mut self, action: &OutsideAction) -> bool {
        self.execute_outside(action)
    }

    async fn item(&mut self, key: &Key) -> Option<Item> {
        self.table.item(key)
    }

    async fn emails_to(&mut self, address: &str) -> Vec<Email> {
        self.providers.mail.sent_to(address)
    }

    fn now(&self) -> Timestamp {
        Clock::now(&self.clock)
    }

    fn stop_faults(&mut self) {
        self.profile.faults = 0;
        self.profile.lost_webhooks = 0;
        self.profile.loses_events = false;
    }

    fn faults(&self) -> u64 {
        self.faults
    }

    async fn snapshot(&mut self) -> AuditSnapshot {
        AuditSnapshot {
            items: self.table.all_items(),
            history: self.table.history(),
            ledger: self.payments.ledger(),
            emails: self.providers.mail.sent(),
        }
    }
}
