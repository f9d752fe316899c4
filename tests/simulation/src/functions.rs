//! The functions, put together as their `main.rs` do it, over the network of this world and in its time.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use axum::Router;
use queue_fulfilment::Fulfilment;
use schedule_sweeper::Sweeper;
use schedule_sweeper::reconciliation::Reconciliation;
use shared::domain::reconciliation::cursor::RoundConfig;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::aws::{ATTEMPT, timeouts};
use shared::kit::http::middleware;
use shared::kit::queue::consumer::queue::SqsQueue;
use shared::kit::queue::consumer::{Delivery, PerRecord, consume};
use shared::kit::queue::relay::Relay;
use shared::kit::queue::relay::StreamHandler;
use shared::kit::runtime::ScheduleHandler;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::messaging::event_routing::Subscriptions;
use shared::payment_gateway::StripeGateway;
use shared::payment_gateway::webhook::WebhookVerifier;

use crate::network::{GatewayLine, Network, Service, SimHttpClient};
use crate::payments::{SECRET, WEBHOOK_SECRET};
use crate::rng::SimEntropy;
use crate::template_config;
use crate::template_config::{REST, SEARCH_LAG};
use crate::virtual_clock::VirtualClock;

/// Carries out commands in the world's time.
pub type Store = DynamoStore<VirtualClock, SimEntropy>;
type Gateway = StripeGateway<GatewayLine, VirtualClock, SimEntropy>;
type Handler = PerRecord<Fulfilment<Store, Gateway, VirtualClock, SimEntropy>, VirtualClock>;

/// What functions are made of.
pub struct Functions {
    clock: VirtualClock,
    dice: SimEntropy,
    network: Network,
    table: Table,
    sqs: aws_sdk_sqs::Client,
    /// The function that hears from the gateway.
    pub webhooks: Router,
}

/// One running instance of the fulfilment. Its breaker and its retry budget go with it.
#[derive(Clone)]
pub struct Instance {
    handler: Arc<Handler>,
    queue: Arc<SqsQueue>,
    clock: VirtualClock,
    dice: SimEntropy,
}

macro_rules! configured {
    ($sdk:ident, $network:expr, $service:expr, $clock:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-central-1"))
                .allow_no_auth()
                .endpoint_url("http://simulated")
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                .timeout_config(timeouts(ATTEMPT))
                .retry_config(RetryConfig::standard())
                // Of its own: otherwise all worlds of a process would share what is left of their retries.
                .retry_partition(RetryPartition::custom("world").token_bucket(TokenBucket::new(500)).build())
                .sleep_impl($clock.clone())
                .time_source($clock.clone())
                .http_client(SimHttpClient($network.clone(), $service))
                .build(),
        )
    };
}

impl Functions {
    /// All of them, in this world.
    ///
    /// # Panics
    /// If the template lacks a variable.
    #[must_use]
    pub fn of(network: &Network, clock: &VirtualClock, dice: &SimEntropy) -> Self {
        let client = configured!(aws_sdk_dynamodb, network, Service::Table, clock);
        let sqs = configured!(aws_sdk_sqs, network, Service::Queues, clock);
        let table = Table::new(client, template_config::table().0);
        let store = DynamoStore::with_clock(table.clone(), (clock.clone(), dice.clone()));
        let hooks = api_payments::gateway_router(store, WebhookVerifier::new(WEBHOOK_SECRET));
        let webhooks = middleware::layer(hooks, clock.clone(), dice.clone());
        Self { clock: clock.clone(), dice: dice.clone(), network: network.clone(), table, sqs, webhooks }
    }

    /// Carries out commands, as every function over HTTP does.
    #[must_use]
    pub fn store(&self) -> Store {
        DynamoStore::with_clock(self.table.clone(), (self.clock.clone(), self.dice.clone()))
    }

    fn gateway(&self) -> Gateway {
        let line = GatewayLine { network: self.network.clone(), secret: SECRET };
        StripeGateway::new(line, (REST, SEARCH_LAG), (self.clock.clone(), self.dice.clone()))
    }

    /// A new instance of `queue-fulfilment`.
    ///
    /// # Panics
    /// If the template lacks a variable.
    #[must_use]
    pub fn fulfilment(&self) -> Instance {
        let env = template_config::environment("queue-fulfilment");
        let fulfilment = Fulfilment::new(&env, self.store().with_group_commit(), self.gateway());
        let fulfilment = fulfilment.expect("the template gives the variables");
        let handler = Arc::new(fulfilment.at((self.clock.clone(), self.dice.clone())).into_handler());
        let queue = SqsQueue::from_env(&env, self.sqs.clone()).expect("the template gives the variables");
        Instance { handler, queue: Arc::new(queue), clock: self.clock.clone(), dice: self.dice.clone() }
    }

    /// `stream-outbox-relay`: handles events, and says of each whether it is done.
    ///
    /// # Panics
    /// If the template lacks a variable.
    pub fn relay(&self, events: Vec<OutboxEvent>) -> impl Future<Output = Vec<bool>> + Send + 'static {
        let relay = self.publisher();
        async move { relay.handle(events).await }
    }

    fn publisher(&self) -> Relay<Subscriptions> {
        let env = template_config::environment("stream-outbox-relay");
        let routes = Subscriptions::from_env(&env).expect("the template gives the variables");
        Relay::new(Outbox::new(self.table.clone()), self.sqs.clone(), routes)
    }

    /// `schedule-sweeper`: one tick.
    ///
    /// # Panics
    /// If the template lacks a variable.
    pub fn sweep(&self) -> impl Future<Output = bool> + Send + 'static {
        let books = self.reconciliation();
        let (outbox, reader) = (Outbox::new(self.table.clone()), DynamoReader::new(self.table.clone()));
        let sweeper = Sweeper::new(reader, outbox, self.publisher(), books).at(self.clock.clone());
        let deadline = self.deadline("schedule-sweeper");
        async move { sweeper.tick(deadline).await.is_ok() }
    }

    fn reconciliation(&self) -> Reconciliation<Store, Gateway> {
        let env = template_config::environment("schedule-sweeper");
        let books = Reconciliation::from_env(&env, self.store(), self.gateway());
        books.expect("the template gives the variables")
    }

    /// When rounds of comparing books begin, and how far they reach back.
    #[must_use]
    pub fn rounds(&self) -> RoundConfig {
        self.reconciliation().rounds
    }

    fn deadline(&self, stem: &str) -> Timestamp {
        Clock::now(&self.clock).saturating_add(template_config::timeout(stem)).saturating_sub(SETTLING)
    }

    /// When a batch of the fulfilment that begins now has to be done.
    #[must_use]
    pub fn batch_deadline(&self) -> Timestamp {
        self.deadline("queue-fulfilment")
    }
}

/// What the runtime keeps back at the end of an invocation.
const SETTLING: Duration = Duration::from_secs(1);

impl Instance {
    /// Handles a batch; says which messages come back.
    pub fn handle(
        &self,
        batch: Vec<Delivery>,
        deadline: Timestamp,
    ) -> impl Future<Output = Vec<String>> + Send + 'static {
        let Self { handler, queue, clock, dice } = self.clone();
        async move {
            let chance = (&clock, &dice);
            let response = consume(&*handler, &*queue, batch, deadline, chance).await;
            response.batch_item_failures.into_iter().map(|one| one.item_identifier).collect()
        }
    }
}
