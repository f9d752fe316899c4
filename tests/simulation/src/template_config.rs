//! Table, queues and environments of the functions, read from the template.

use std::sync::LazyLock;
use std::time::Duration;

use local::template::{Deployment, QueueMapping, Template};
use serde_json::Value;
use shared::kit::system::config::Environment;
use shared::messaging::event_routing::Subscriber;
use strum::VariantArray as _;
use test_support::workspace;

/// Payment window of orders.
pub const PAYMENT_WINDOW: Duration = Duration::from_hours(1);
/// Interval of reconciliation rounds.
pub const RECONCILIATION: Duration = Duration::from_mins(15);
/// Time for which the circuit breaker stays open.
pub const BREAKER_OPEN: Duration = Duration::from_secs(4);

static DEPLOYMENT: LazyLock<Deployment> = LazyLock::new(|| {
    let template = Template::read(&workspace("template.yaml")).expect("the template is valid");
    let mut parameters = template.development_parameters();
    // A key of zeros.
    let secret = format!("{}=", "A".repeat(43));
    parameters.extend(template.secret_parameters().into_iter().map(|name| (name, secret.clone())));
    let overrides = [
        ("PaymentGatewayUrl", "http://gateway".to_owned()),
        ("Stage", "simulation".to_owned()),
        ("JwtPublicKeys", "not-used".to_owned()),
        ("PaymentWindowSeconds", PAYMENT_WINDOW.as_secs().to_string()),
        ("ReconciliationSeconds", RECONCILIATION.as_secs().to_string()),
    ];
    parameters.extend(overrides.map(|(name, value)| (name.to_owned(), value)));
    parameters.retain(|name, _| template.declares(name));
    template.resolve(&parameters, "http://queues").expect("the template resolves")
});

/// Name of the table, and the request that creates it.
pub(crate) fn table() -> (&'static str, &'static Value) {
    let table = DEPLOYMENT.table("Table").expect("the template has the table");
    (&table.name, &table.create)
}

/// Environment variables of a function.
pub(crate) fn environment(stem: &str) -> Environment {
    let function = DEPLOYMENT.function(stem).expect("the template has the function");
    function.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Timeout of a function.
pub(crate) fn timeout(stem: &str) -> Duration {
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
pub(crate) fn addresses() -> &'static [(Subscriber, String)] {
    &ADDRESSES
}

/// Event source of a function that consumes one queue.
pub(crate) fn event_source(stem: &str) -> &'static QueueMapping {
    let function = DEPLOYMENT.function(stem).expect("the template has the function");
    function.queues.first().expect("the function consumes a queue")
}

/// Visibility timeout of the queue of a function.
pub(crate) fn visibility(stem: &str) -> Duration {
    let name = &event_source(stem).queue;
    let queue = DEPLOYMENT.queues.iter().find(|queue| queue.name == *name);
    let seconds = queue.expect("the template has the queue").attributes["VisibilityTimeout"].parse();
    Duration::from_secs(seconds.expect("the visibility timeout is a number"))
}
