//! Metric catalogue: names, units and dimensions of all metrics.
//!
//! Besides its own dimensions, each metric has those of the [`ServiceIdentity`](super::ServiceIdentity):
//! `stage` and `function`. The values of a dimension are a closed list, defined in the code or the template,
//! and never an id, a person or client input: each combination of values is a separate metric, and is billed
//! as one.

/// Namespace of all metrics in CloudWatch.
pub const NAMESPACE: &str = "Agora";

/// A metric with `N` dimensions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric<const N: usize> {
    /// Name of the metric.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: Unit,
    /// Aggregation of its values.
    pub kind: Kind,
    /// Names of its own dimensions.
    pub dimensions: [&'static str; N],
    /// Description, in one sentence.
    pub help: &'static str,
}

/// Unit of values; the names are those of CloudWatch (`MetricDatum`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A count.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// No unit.
    None,
}

impl Unit {
    /// The unit as CloudWatch writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::None => "None",
        }
    }
}

/// Aggregation of the values of one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The values are added.
    Counter,
    /// The last value is kept.
    Gauge,
    /// All values are kept.
    Distribution,
}

/// A metric with any number of dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Name of the metric.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: Unit,
    /// Aggregation of its values.
    pub kind: Kind,
    /// Names of its own dimensions.
    pub dimensions: &'static [&'static str],
    /// Description, in one sentence.
    pub help: &'static str,
}

impl<const N: usize> Metric<N> {
    const fn entry(&'static self) -> Entry {
        let Self { name, unit, kind, dimensions, help } = self;
        Entry { name, unit: *unit, kind: *kind, dimensions, help }
    }
}

/// Duration of requests, by method, path template and status code.
pub static HTTP_REQUEST_DURATION: Metric<3> = Metric {
    name: "HttpRequestDuration",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: ["method", "route", "status"],
    help: "Time from receiving a request to returning the response",
};

/// Cold starts.
pub static COLD_STARTS: Metric<0> = Metric {
    name: "ColdStarts",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Instances that handled their first event",
};

/// Requests with an error response, by error code.
pub static ERRORS: Metric<1> = Metric {
    name: "Errors",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["code"],
    help: "Requests with an error response",
};

/// Consumed read capacity, by DynamoDB operation.
pub static READ_UNITS: Metric<1> = Metric {
    name: "ConsumedReadUnits",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["operation"],
    help: "Read capacity units consumed by requests to the table",
};

/// Consumed write capacity, by DynamoDB operation.
pub static WRITE_UNITS: Metric<1> = Metric {
    name: "ConsumedWriteUnits",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["operation"],
    help: "Write capacity units consumed by requests to the table",
};

/// Cache hits, by cache.
pub static CACHE_HITS: Metric<1> = Metric {
    name: "CacheHits",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["cache"],
    help: "Lookups that a cache served",
};

/// Cache misses, by cache.
pub static CACHE_MISSES: Metric<1> = Metric {
    name: "CacheMisses",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["cache"],
    help: "Lookups that a cache had to load",
};

/// Message deliveries, by queue and outcome: `done`, `retry`, `deferred`, `requeued`, `redelivered`,
/// `dead_lettered`, `panic`.
pub static MESSAGES: Metric<2> = Metric {
    name: "Messages",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["queue", "outcome"],
    help: "Message deliveries, by outcome",
};

/// Recorded dead letters, by original queue.
pub static DEAD_LETTERS: Metric<1> = Metric {
    name: "DeadLetters",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["queue"],
    help: "Recorded dead letters",
};

/// State of a circuit breaker: 0 closed, 1 half-open, 2 open.
pub static BREAKER_STATE: Metric<1> = Metric {
    name: "BreakerState",
    unit: Unit::None,
    kind: Kind::Gauge,
    dimensions: ["dependency"],
    help: "State of a circuit breaker: 0 closed, 1 half-open, 2 open",
};

/// State transitions of a circuit breaker, by new state.
pub static BREAKER_TRANSITIONS: Metric<2> = Metric {
    name: "BreakerTransitions",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["dependency", "state"],
    help: "State transitions of a circuit breaker, by new state",
};

/// Repeated attempts of calls to a service, by class of the error that caused them: `timeout`, `connection`,
/// `incomplete_response`, `throttled`, `server_error`, `rejected`, `conflict` or `unprocessed`.
pub static RETRIES: Metric<2> = Metric {
    name: "Retries",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["dependency", "reason"],
    help: "Repeated attempts of calls to a service",
};

/// Requests rejected by the rate limiter, by rate limit group.
pub static LIMITER_REJECTIONS: Metric<1> = Metric {
    name: "LimiterRejections",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["group"],
    help: "Requests rejected by the rate limiter",
};

/// Events published and deleted from the outbox.
pub static OUTBOX_PUBLISHED: Metric<0> = Metric {
    name: "OutboxPublished",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Events published from the outbox",
};

/// Age of the oldest event in each group of events that are published together.
pub static OUTBOX_PUBLISH_DELAY: Metric<0> = Metric {
    name: "OutboxPublishDelay",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: [],
    help: "Age of the oldest event in a group of published events",
};

/// Age of the oldest unpublished event, measured by each sweep; events that the stream is about to deliver do
/// not count.
pub static OUTBOX_BACKLOG_AGE: Metric<0> = Metric {
    name: "OutboxBacklogAge",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: [],
    help: "Age of the oldest event that the stream missed",
};

/// Events that could not be published and were stored as dead letters.
pub static OUTBOX_QUARANTINED: Metric<0> = Metric {
    name: "OutboxQuarantined",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Events that could not be published and were stored as dead letters",
};

/// Stored items that could not be parsed and were skipped, so that they do not stop the processing of others.
pub static DAMAGED_ITEMS: Metric<0> = Metric {
    name: "DamagedItems",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Stored items that could not be parsed and were skipped",
};

/// Open discrepancies between the ledger of the payment gateway and ours, counted by each sweep.
pub static OPEN_DISCREPANCIES: Metric<0> = Metric {
    name: "OpenDiscrepancies",
    unit: Unit::Count,
    kind: Kind::Gauge,
    dimensions: [],
    help: "Open discrepancies between the payment gateway and our records",
};

/// Time since which payments have not been compared with the gateway, measured by each sweep.
pub static RECONCILIATION_AGE: Metric<0> = Metric {
    name: "ReconciliationAge",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: [],
    help: "Time since the start of the last completed reconciliation",
};

/// Age of the oldest order whose saga has a step to execute, apart from refunds, measured by each sweep. Sagas
/// younger than five minutes do not count.
pub static OLDEST_SAGA_AGE: Metric<0> = Metric {
    name: "OldestSagaAge",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: [],
    help: "Age of the oldest order whose fulfilment has not finished",
};

/// Age of the oldest refund that the payment gateway has not accepted, measured by each sweep. Refunds
/// younger than five minutes do not count.
pub static OLDEST_REFUND_AGE: Metric<0> = Metric {
    name: "OldestRefundAge",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: [],
    help: "Age of the oldest refund that the payment gateway has not accepted",
};

/// Refunds that the payment gateway refused or that failed later.
pub static REFUND_FAILURES: Metric<0> = Metric {
    name: "RefundFailures",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Refunds that the payment gateway refused or that failed later",
};

/// Spans dropped because the buffer for the collector was full.
pub static SPANS_DROPPED: Metric<0> = Metric {
    name: "SpansDropped",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Spans dropped because the buffer for the collector was full",
};

/// Every metric.
pub static ALL: [Entry; 24] = [
    HTTP_REQUEST_DURATION.entry(),
    COLD_STARTS.entry(),
    ERRORS.entry(),
    READ_UNITS.entry(),
    WRITE_UNITS.entry(),
    CACHE_HITS.entry(),
    CACHE_MISSES.entry(),
    MESSAGES.entry(),
    DEAD_LETTERS.entry(),
    BREAKER_STATE.entry(),
    BREAKER_TRANSITIONS.entry(),
    RETRIES.entry(),
    LIMITER_REJECTIONS.entry(),
    OUTBOX_PUBLISHED.entry(),
    OUTBOX_PUBLISH_DELAY.entry(),
    OUTBOX_BACKLOG_AGE.entry(),
    OUTBOX_QUARANTINED.entry(),
    DAMAGED_ITEMS.entry(),
    OPEN_DISCREPANCIES.entry(),
    RECONCILIATION_AGE.entry(),
    OLDEST_SAGA_AGE.entry(),
    OLDEST_REFUND_AGE.entry(),
    REFUND_FAILURES.entry(),
    SPANS_DROPPED.entry(),
];
