//! Table, queues and environments of the functions, read from the template.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use local::keys::{KeyPair, KeySet, PUBLIC_KEYS, SIGNING_KEY};
use local::template::{Deployment, Queue, QueueMapping, Template};
use serde_json::Value;
use shared::kit::system::config::Environment;
use shared::messaging::event_routing::Subscriber;
use strum::VariantArray as _;
use test_support::workspace;

/// Payment window of orders.
pub const PAYMENT_WINDOW: Duration = Duration::from_hours(1);
/// Interval of reconciliation rounds.
pub const RECONCILIATION: Duration = Duration::from_mins(15);
/// Limit of requests that no caller reaches.
const UNLIMITED: &str = "1000000";
/// Time for which the circuit breaker stays open.
pub const BREAKER_OPEN: Duration = Duration::from_secs(4);

/// The deployment.
pub static DEPLOYMENT: LazyLock<Deployment> = LazyLock::new(|| {
    let template = Template::read(&workspace("template.yaml")).expect("the template is valid");
    let mut parameters = template.development_parameters();
    let keys = KeyPair::generate().expect("a key is generated");
    // A key of zeros.
    let secret = format!("{}=", "A".repeat(43));
    parameters.extend(template.secret_parameters().into_iter().map(|name| (name, secret.clone())));
    let overrides = [
        ("PaymentGatewayUrl", "http://gateway".to_owned()),
        ("Stage", "simulation".to_owned()),
        (SIGNING_KEY, keys.signing.expose().to_owned()),
        (PUBLIC_KEYS, KeySet { keys: vec![keys.public] }.text()),
        ("ApiUrl", "https://api.example.com".to_owned()),
        ("ReadLimit", UNLIMITED.to_owned()),
        ("WriteLimit", UNLIMITED.to_owned()),
        ("OrderLimit", UNLIMITED.to_owned()),
        ("PaymentWindowSeconds", PAYMENT_WINDOW.as_secs().to_string()),
        ("ReconciliationSeconds", RECONCILIATION.as_secs().to_string()),
    ];
    parameters.extend(overrides.map(|(name, value)| (name.to_owned(), value)));
    parameters.retain(|name, _| template.declares(name));
    template.resolve(&parameters, "http://queues").expect("the template resolves")
});

/// Name of the table, and the request that creates it.
///
/// # Panics
/// If the template lacks the table.
#[must_use]
pub fn table() -> (&'static str, &'static Value) {
    let table = DEPLOYMENT.table("Table").expect("the template has the table");
    (&table.name, &table.create)
}

/// Environment variables of a function.
///
/// # Panics
/// If the template lacks the function.
#[must_use]
pub fn environment(stem: &str) -> Environment {
    let function = DEPLOYMENT.function(stem).expect("the template has the function");
    function.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Timeout of a function.
///
/// # Panics
/// If the template lacks the function.
#[must_use]
pub fn timeout(stem: &str) -> Duration {
    DEPLOYMENT.function(stem).expect("the template has the function").timeout
}

static ADDRESSES: LazyLock<Vec<(Subscriber, String)>> = LazyLock::new(|| {
    let env = environment("stream-outbox-relay");
    let address = |subscriber: &Subscriber| {
        let address = env.text(subscriber.queue_env_var()).expect("the relay has the queue's URL");
        (*subscriber, address.to_owned())
    };
    Subscriber::VARIANTS.iter().map(address).collect()
});

/// URLs of the queues that the relay publishes to.
#[must_use]
pub fn addresses() -> &'static [(Subscriber, String)] {
    &ADDRESSES
}

/// Event source of a function that consumes one queue.
///
/// # Panics
/// If the template lacks the queue.
#[must_use]
pub fn event_source(stem: &str) -> &'static QueueMapping {
    let function = DEPLOYMENT.function(stem).expect("the template has the function");
    function.queues.first().expect("the function consumes a queue")
}

/// Name of the queue of a function that consumes one queue.
///
/// # Panics
/// If the template lacks the queue.
#[must_use]
pub fn queue_of(stem: &str) -> &'static str {
    &event_source(stem).queue
}

/// Settings of a queue.
#[derive(Debug, Clone)]
pub struct QueueConfig {
    /// Visibility timeout.
    pub visibility: Duration,
    /// Name of the dead-letter queue, and the maximum receive count.
    pub redrive: Option<(String, u32)>,
}

/// Settings of all queues by name.
///
/// # Panics
/// If the template lacks a visibility timeout.
#[must_use]
pub fn queues() -> BTreeMap<String, QueueConfig> {
    let config = |queue: &Queue| {
        let seconds = queue.attributes.get("VisibilityTimeout").map_or(Ok(30), |seconds| seconds.parse());
        let visibility = Duration::from_secs(seconds.expect("the visibility timeout is a number"));
        let redrive = queue.redrive.as_ref().map(|redrive| {
            let name = redrive.target_arn.rsplit(':').next().unwrap_or_default();
            (name.to_owned(), redrive.max_receive_count)
        });
        (queue.name.clone(), QueueConfig { visibility, redrive })
    };
    DEPLOYMENT.queues.iter().map(config).collect()
}
