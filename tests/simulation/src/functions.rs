//! The functions, composed as in their `main.rs`, with the simulated network and the virtual clock.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use axum::Router;
use queue_emails::Emails;
use queue_fulfilment::Fulfilment;
use queue_search_index::SearchIndex;
use schedule_sweeper::Sweeper;
use schedule_sweeper::reconciliation::Reconciliation;
use shared::domain::ledger::reconciliation::cursor::RoundConfig;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore, Table};
use shared::kit::aws::mail::SesMailer;
use shared::kit::aws::{ATTEMPT_TIMEOUT, OPERATION_TIMEOUT, timeouts};
use shared::kit::http::middleware;
use shared::kit::queue::consumer::queue::{Queue, SqsQueue};
use shared::kit::queue::consumer::{BatchHandler, Delivery, consume};
use shared::kit::queue::relay::Relay;
use shared::kit::queue::relay::StreamHandler;
use shared::kit::runtime::ScheduleHandler;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::kit::system::config::Environment;
use shared::messaging::event_routing::Subscriptions;
use shared::payment_gateway::StripeGateway;
use shared::payment_gateway::webhook::WebhookVerifier;
use shared::search::TitanEmbedder;

use crate::network::{Network, Service, SimGateway, SimHttpClient};
use crate::payments::{SECRET, WEBHOOK_SECRET};
use crate::rng::SimEntropy;
use crate::template_config;
use crate::template_config::BREAKER_OPEN;
use crate::virtual_clock::VirtualClock;

/// Store on the virtual clock.
pub type Store = DynamoStore<VirtualClock, SimEntropy>;
/// Payment gateway on the virtual clock.
pub type Gateway = StripeGateway<SimGateway, VirtualClock, SimEntropy>;

/// Function that fulfils orders.
pub const FULFILMENT: &str = "queue-fulfilment";
/// Function that sends e-mails.
pub const EMAILS: &str = "queue-emails";
/// Function that maintains the search index.
pub const SEARCH_INDEX: &str = "queue-search-index";

/// Factory of the functions.
pub struct Functions {
    clock: VirtualClock,
    entropy: SimEntropy,
    network: Network,
    table: Table,
    sqs: aws_sdk_sqs::Client,
    /// Router of the webhook function.
    pub webhooks: Router,
}

/// Running batch; returns the ids of failed messages.
type Batch = Pin<Box<dyn Future<Output = Vec<String>> + Send>>;

/// A running instance of a consumer with its own circuit breaker and retry budget.
#[derive(Clone)]
pub struct Instance(Arc<dyn Fn(Vec<Delivery>, Timestamp) -> Batch + Send + Sync>);

macro_rules! client {
    ($sdk:ident, $network:expr, $service:expr, $clock:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-central-1"))
                .allow_no_auth()
                .endpoint_url("http://simulated")
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT))
                .retry_config(RetryConfig::standard())
                // A partition per client; otherwise all worlds of a process share the retry token bucket.
                .retry_partition(RetryPartition::custom("world").token_bucket(TokenBucket::new(500)).build())
                .sleep_impl($clock.clone())
                .time_source($clock.clone())
                .http_client(SimHttpClient($network.clone(), $service))
                .build(),
        )
    };
}

impl Functions {
    /// Creates the functions of a world.
    ///
    /// # Panics
    /// If the template lacks a variable.
    #[must_use]
    pub fn of(network: &Network, clock: &VirtualClock, entropy: &SimEntropy) -> Self {
        let client = client!(aws_sdk_dynamodb, network, Service::Table, clock);
        let sqs = client!(aws_sdk_sqs, network, Service::Queues, clock);
        let table = Table::new(client, template_config::table().0);
        let store = DynamoStore::with_clock(table.clone(), clock.clone(), entropy.clone());
        let transport = SimGateway { network: network.clone(), secret: SECRET };
        let gateway = StripeGateway::new(transport, BREAKER_OPEN, clock.clone(), entropy.clone());
        let hooks = api_payments::gateway_router(store, WebhookVerifier::new(WEBHOOK_SECRET), gateway);
        let webhooks = middleware::layer(hooks, clock.clone(), entropy.clone());
        Self {
            clock: clock.clone(),
            entropy: entropy.clone(),
            network: network.clone(),
            table,
            sqs,
            webhooks,
        }
    }

    /// Store of the HTTP functions.
    #[must_use]
    pub fn store(&self) -> Store {
        DynamoStore::with_clock(self.table.clone(), self.clock.clone(), self.entropy.clone())
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Client of the queues.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.sqs.clone()
    }

    /// Client of the payment gateway with a circuit breaker of its own.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        let transport = SimGateway { network: self.network.clone(), secret: SECRET };
        StripeGateway::new(transport, BREAKER_OPEN, self.clock.clone(), self.entropy.clone())
    }

    /// Starts an instance of `queue-fulfilment`.
    ///
    /// # Panics
    /// If the template lacks a variable.
    #[must_use]
    pub fn fulfilment(&self) -> Instance {
        let env = template_config::environment(FULFILMENT);
        let reader = DynamoReader::new(self.table.clone());
        let fulfilment = Fulfilment::new(&env, self.store().with_group_commit(), reader, self.gateway());
        let fulfilment = fulfilment.expect("the template has the variables");
        let fulfilment = fulfilment.with_clock_and_entropy(self.clock.clone(), self.entropy.clone());
        self.instance(&env, fulfilment.into_handler())
    }

    /// Starts an instance of `queue-emails`.
    ///
    /// # Panics
    /// If the template lacks a variable.
    #[must_use]
    pub fn emails(&self) -> Instance {
        let env = template_config::environment(EMAILS);
        let client: aws_sdk_sesv2::Client = client!(aws_sdk_sesv2, self.network, Service::Mail, self.clock);
        // As in production: a second attempt could send a second e-mail.
        let once = client.config().to_builder().retry_config(RetryConfig::disabled());
        let client = aws_sdk_sesv2::Client::from_conf(once.build());
        let mailer = SesMailer::from_env(&env, client).expect("the template has the variables");
        let emails = Emails::new(&env, self.store().with_group_commit(), mailer);
        let emails = emails.expect("the template has the variables");
        self.instance(
            &env,
            emails.with_clock(self.clock.clone()).into_handler().with_clock(self.clock.clone()),
        )
    }

    /// Starts an instance of `queue-search-index` with the model of Bedrock.
    ///
    /// # Panics
    /// If the template lacks a variable.
    #[must_use]
    pub fn search_index(&self) -> Instance {
        let env = template_config::environment(SEARCH_INDEX);
        let index = SearchIndex::new(self.store().with_group_commit(), self.embedder());
        self.instance(
            &env,
            index.with_clock(self.clock.clone()).into_handler().with_clock(self.clock.clone()),
        )
    }

    /// Embedder with the model of Bedrock.
    #[must_use]
    pub fn embedder(&self) -> TitanEmbedder<VirtualClock> {
        let client: aws_sdk_bedrockruntime::Client =
            client!(aws_sdk_bedrockruntime, self.network, Service::Model, self.clock);
        TitanEmbedder::new(client).with_clock(self.clock.clone())
    }

    /// Starts an instance of a consumer of one queue.
    ///
    /// # Panics
    /// If the environment lacks the URLs of the queue.
    pub fn instance(&self, env: &Environment, handler: impl BatchHandler + 'static) -> Instance {
        let queue = SqsQueue::from_env(env, self.sqs.clone()).expect("the template has the variables");
        self.instance_of(handler, queue)
    }

    /// Source of random numbers.
    #[must_use]
    pub fn entropy(&self) -> SimEntropy {
        self.entropy.clone()
    }

    /// Starts an instance of a consumer.
    pub fn instance_of(&self, handler: impl BatchHandler + 'static, queue: impl Queue + 'static) -> Instance {
        let (handler, queue) = (Arc::new(handler), Arc::new(queue));
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        Instance(Arc::new(move |batch, deadline| {
            let (handler, queue) = (Arc::clone(&handler), Arc::clone(&queue));
            let (clock, entropy) = (clock.clone(), entropy.clone());
            Box::pin(async move {
                let response = consume(&*handler, &*queue, batch, deadline, &clock, &entropy).await;
                response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
            })
        }))
    }

    /// Runs `stream-outbox-relay` on events; returns true for each published event.
    ///
    /// # Panics
    /// If the template lacks a variable.
    pub fn relay(&self, events: Vec<OutboxEvent>) -> impl Future<Output = Vec<bool>> + Send + 'static {
        let relay = self.publisher();
        async move { relay.handle(events).await }
    }

    fn publisher(&self) -> Relay<Subscriptions> {
        let env = template_config::environment("stream-outbox-relay");
        let routes = Subscriptions::from_env(&env).expect("the template has the variables");
        Relay::new(Outbox::new(self.table.clone()), self.sqs.clone(), routes)
    }

    /// Runs `schedule-sweeper` once; returns true if it succeeded.
    ///
    /// # Panics
    /// If the template lacks a variable.
    pub fn sweep(&self) -> impl Future<Output = bool> + Send + 'static {
        let reconciliation = self.reconciliation();
        let (outbox, reader) = (Outbox::new(self.table.clone()), DynamoReader::new(self.table.clone()));
        let sweeper =
            Sweeper::new(reader, outbox, self.publisher(), reconciliation).with_clock(self.clock.clone());
        let deadline = self.deadline("schedule-sweeper");
        async move { sweeper.tick(deadline).await.is_ok() }
    }

    fn reconciliation(&self) -> Reconciliation<Store, Gateway> {
        let env = template_config::environment("schedule-sweeper");
        let reconciliation = Reconciliation::from_env(&env, self.store(), self.gateway());
        reconciliation.expect("the template has the variables")
    }

    /// Interval and range of reconciliation rounds.
    #[must_use]
    pub fn rounds(&self) -> RoundConfig {
        self.reconciliation().rounds
    }

    /// Deadline of an invocation of a function that starts now.
    ///
    /// # Panics
    /// If the template lacks the function.
    #[must_use]
    pub fn deadline(&self, function: &str) -> Timestamp {
        Clock::now(&self.clock)
            .saturating_add(template_config::timeout(function))
            .saturating_sub(SETTLE_RESERVE)
    }
}

/// Time that the runtime reserves at the end of an invocation.
const SETTLE_RESERVE: Duration = Duration::from_secs(1);

impl Instance {
    /// Handles a batch; returns the ids of failed messages.
    pub fn handle(
        &self,
        batch: Vec<Delivery>,
        deadline: Timestamp,
    ) -> impl Future<Output = Vec<String>> + Send + 'static {
        (self.0)(batch, deadline)
    }
}
