//! What the template says of the table, the queues and the functions' environments: the simulation runs on the same.

use std::sync::LazyLock;
use std::time::Duration;

use local::template::{Deployment, Parameters, Template};
use serde_json::Value;
use shared::kit::system::config::Environment;
use shared::messaging::event_routing::Subscriber;
use test_support::workspace;

/// How long an order waits for its payment here.
pub const PAYMENT_WINDOW: Duration = Duration::from_hours(1);
/// How far apart rounds of comparing books are here.
pub const RECONCILIATION: Duration = Duration::from_mins(15);
/// How far behind the gateway's search is at most, as our code believes.
pub const SEARCH_LAG: Duration = Duration::from_mins(1);
/// How long the gateway is left alone.
pub const REST: Duration = Duration::from_secs(4);

static DEPLOYMENT: LazyLock<Deployment> = LazyLock::new(|| {
    let template = Template::read(&workspace("template.yaml")).expect("the template reads");
    let mut parameters: Parameters =
        template.secret_parameters().into_iter().map(|name| (name, "not-used".to_owned())).collect();
    let own = [
        ("PaymentGatewayUrl", "http://gateway".to_owned()),
        ("Stage", "simulation".to_owned()),
        ("JwtPublicKeys", "not-used".to_owned()),
        ("PaymentWindowSeconds", PAYMENT_WINDOW.as_secs().to_string()),
        ("ReconciliationSeconds", RECONCILIATION.as_secs().to_string()),
    ];
    parameters.extend(own.map(|(name, value)| (name.to_owned(), value)));
    parameters.retain(|name, _| template.declares(name));
    template.resolve(&parameters, "http://queues").expect("the template resolves")
});

/// The table's name, and the request that creates it.
pub(crate) fn table() -> (&'static str, &'static Value) {
    let table = DEPLOYMENT.table("Table").expect("the template has the table");
    (&table.name, &table.create)
}

/// The variables of a function.
pub(crate) fn environment(stem: &str) -> Environment {
    let function = DEPLOYMENT.function(stem).expect("the template has the function");
    function.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// How long one invocation of a function may take.
pub(crate) fn timeout(stem: &str) -> Duration {
    DEPLOYMENT.function(stem).expect("the template has the function").timeout
}

static ADDRESSES: LazyLock<Vec<(Subscriber, String)>> = LazyLock::new(|| {
    let env = environment("stream-outbox-relay");
    let address = |subscriber: &Subscriber| {
        let address = env.text(subscriber.queue_env_var()).expect("the relay knows every queue");
        (*subscriber, address.to_owned())
    };
    Subscriber::ALL.iter().map(address).collect()
});

/// The queues that the relay publishes to, with their addresses.
pub(crate) fn addresses() -> &'static [(Subscriber, String)] {
    &ADDRESSES
}

/// How long the fulfilment's queue hides a message that it delivered.
pub(crate) fn visibility() -> Duration {
    let queue = DEPLOYMENT.queue("FulfilmentQueue").expect("the template has the queue");
    let seconds = queue.attributes["VisibilityTimeout"].parse().expect("the template says how long");
    Duration::from_secs(seconds)
}
