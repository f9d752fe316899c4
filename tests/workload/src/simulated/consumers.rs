//! Consumers of the queues, with the event sources of the template.

use local::template::QueueMapping;
use queue_analytics::Analytics;
use queue_dead_letters::DeadLetters;
use queue_reports::Reports;
use queue_search_index::SearchIndex;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::queue::consumer::queue::UnmanagedQueue;
use shared::messaging::event_routing::DeadLetterQueues;
use shared::search::HashingEmbedder;
use simulation::functions::{EMAILS, FULFILMENT, Functions, Instance, SEARCH_INDEX};
use simulation::template_config::{DEPLOYMENT, environment};
use simulation::virtual_clock::VirtualClock;

const ANALYTICS: &str = "queue-analytics";
const REPORTS: &str = "queue-reports";
const DEAD_LETTERS: &str = "queue-dead-letters";

/// Maximum number of concurrent instances of a consumer.
const INSTANCES: usize = 2;

/// A consumer with its instances and event sources.
pub(super) struct Consumer {
    pub(super) stem: &'static str,
    pub(super) instances: Vec<Instance>,
    pub(super) sources: &'static [QueueMapping],
}

/// All consumers.
pub(super) struct Consumers(pub(super) Vec<Consumer>);

impl Consumers {
    pub(super) fn start(functions: &Functions, clock: &VirtualClock) -> Self {
        let stems = [FULFILMENT, EMAILS, SEARCH_INDEX, ANALYTICS, REPORTS, DEAD_LETTERS];
        Self(stems.map(|stem| consumer(stem, functions, clock)).into())
    }

    /// Replaces an instance that crashed.
    pub(super) fn restart(
        &mut self,
        consumer: usize,
        number: usize,
        functions: &Functions,
        clock: &VirtualClock,
    ) {
        let consumer = &mut self.0[consumer];
        consumer.instances[number] = instance(consumer.stem, functions, clock);
    }
}

fn consumer(stem: &'static str, functions: &Functions, clock: &VirtualClock) -> Consumer {
    let sources = &DEPLOYMENT.function(stem).expect("the template has the function").queues;
    let instances = (0..INSTANCES).map(|_| instance(stem, functions, clock)).collect();
    Consumer { stem, instances, sources }
}

fn instance(stem: &str, functions: &Functions, clock: &VirtualClock) -> Instance {
    let env = environment(stem);
    let store = functions.store();
    match stem {
        FULFILMENT => functions.fulfilment(),
        EMAILS => functions.emails(),
        SEARCH_INDEX => {
            let index =
                SearchIndex::new(store.with_group_commit(), HashingEmbedder).with_clock(clock.clone());
            functions.instance(&env, index.into_handler().with_clock(clock.clone()))
        }
        ANALYTICS => {
            let analytics = Analytics::new(store).with_clock(clock.clone());
            functions.instance(&env, analytics.into_handler().with_clock(clock.clone()))
        }
        REPORTS => {
            let reader = DynamoReader::new(functions.table().clone());
            let reports = Reports::from_env(&env, store, reader, HashingEmbedder);
            let reports = reports.expect("the template has the variables").with_clock(clock.clone());
            let queues = queue_reports::queues(&env, &functions.sqs());
            let queues = queues.expect("the template has the variables");
            functions.instance_of(reports.into_handler().with_clock(clock.clone()), queues)
        }
        _ => {
            let queues = DeadLetterQueues::from_env(&env).expect("the template has the variables");
            let dead_letters = DeadLetters::new(store.with_group_commit(), queues);
            let dead_letters = dead_letters.with_clock_and_entropy(clock.clone(), functions.entropy());
            functions.instance_of(dead_letters, UnmanagedQueue)
        }
    }
}
