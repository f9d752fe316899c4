//! The metrics that there are: their names, units and dimensions, all in one place.
//!
//! Besides its own dimensions, each has those of its [`Origin`](super::Origin): `stage` and `function`. A dimension's value
//! comes from a list that the code or the template closes, and is never an id, a person or a text that somebody sent: each
//! combination of values is a metric of its own, which is paid for.

/// The namespace of all metrics in CloudWatch.
pub const NAMESPACE: &str = "Agora";

/// What is counted or measured. `N` is the number of its own dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric<const N: usize> {
    /// Its name.
    pub name: &'static str,
    /// What its values are counted in.
    pub unit: Unit,
    /// How its values add up.
    pub kind: Kind,
    /// What tells its values apart.
    pub dimensions: [&'static str; N],
    /// What it says, in a sentence.
    pub help: &'static str,
}

/// What values are counted in; the names are those of CloudWatch (`MetricDatum`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// None.
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

/// How values of one metric add up within an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They are added.
    Counter,
    /// The last one counts.
    Gauge,
    /// Each counts.
    Distribution,
}

/// A metric, whatever the number of its dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What its values are counted in.
    pub unit: Unit,
    /// How its values add up.
    pub kind: Kind,
    /// What tells its values apart, besides the origin.
    pub dimensions: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
}

impl<const N: usize> Metric<N> {
    const fn entry(&'static self) -> Entry {
        let Self { name, unit, kind, dimensions, help } = self;
        Entry { name, unit: *unit, kind: *kind, dimensions, help }
    }
}

/// How long requests take, by route and class of status (`2xx` to `5xx`).
pub static REQUEST_LATENCY: Metric<2> = Metric {
    name: "RequestLatency",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: ["route", "statusClass"],
    help: "How long a request took, from its coming in to its answer",
};

/// Instances that were started.
pub static COLD_STARTS: Metric<0> = Metric {
    name: "ColdStarts",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Instances that handled their first event",
};

/// Requests that were refused or failed, by the code of the answer.
pub static ERRORS: Metric<1> = Metric {
    name: "Errors",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["code"],
    help: "Requests that were answered with an error",
};

/// Read units that the table took, by operation.
pub static READ_UNITS: Metric<1> = Metric {
    name: "ConsumedReadUnits",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["operation"],
    help: "Read units that requests to the table took",
};

/// Write units that the table took, by operation.
pub static WRITE_UNITS: Metric<1> = Metric {
    name: "ConsumedWriteUnits",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["operation"],
    help: "Write units that requests to the table took",
};

/// Answers that a cache knew.
pub static CACHE_HITS: Metric<1> = Metric {
    name: "CacheHits",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["cache"],
    help: "Questions that a cache could answer",
};

/// Answers that a cache did not know.
pub static CACHE_MISSES: Metric<1> = Metric {
    name: "CacheMisses",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["cache"],
    help: "Questions that a cache had to load the answer to",
};

/// Messages that came to an end of one delivery, by queue and outcome: `done`, `retry`, `postponed`, `permanent`, `panic`.
pub static MESSAGES: Metric<2> = Metric {
    name: "Messages",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["queue", "outcome"],
    help: "Deliveries of messages, by how they ended",
};

/// Dead letters that were recorded, by the queue that they died in.
pub static DEAD_LETTERS: Metric<1> = Metric {
    name: "DeadLetters",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["queue"],
    help: "Messages that were recorded as dead",
};

/// Where a circuit breaker stands: 0 closed, 1 half-open, 2 open.
pub static BREAKER_STATE: Metric<1> = Metric {
    name: "BreakerState",
    unit: Unit::None,
    kind: Kind::Gauge,
    dimensions: ["dependency"],
    help: "Where a circuit breaker stands: 0 closed, 1 half-open, 2 open",
};

/// How often a circuit breaker turned, by the state that it turned to.
pub static BREAKER_TRANSITIONS: Metric<2> = Metric {
    name: "BreakerTransitions",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["dependency", "state"],
    help: "How often a circuit breaker turned to a state",
};

/// Requests that were one too many, by the group that they are counted in.
pub static LIMITER_REJECTIONS: Metric<1> = Metric {
    name: "LimiterRejections",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: ["group"],
    help: "Requests that a limit refused",
};

/// Events that were published and left the outbox.
pub static OUTBOX_PUBLISHED: Metric<0> = Metric {
    name: "OutboxPublished",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Events that were published",
};

/// How long the event that waited longest in the outbox waited, each time that events are published.
pub static OUTBOX_PUBLISH_DELAY: Metric<0> = Metric {
    name: "OutboxPublishDelay",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: [],
    help: "How long the oldest of the events published at once had waited",
};

/// How long the event that waits longest in the outbox has waited, each time that the sweeper looks; those that the stream is
/// about to take do not count.
pub static OUTBOX_BACKLOG_AGE: Metric<0> = Metric {
    name: "OutboxBacklogAge",
    unit: Unit::Milliseconds,
    kind: Kind::Distribution,
    dimensions: [],
    help: "How long the oldest of the events that the stream missed has waited",
};

/// Spans that were given up, because the collector did not take them for too long.
pub static SPANS_DROPPED: Metric<0> = Metric {
    name: "SpansDropped",
    unit: Unit::Count,
    kind: Kind::Counter,
    dimensions: [],
    help: "Spans that the collector did not take in time",
};

/// Every metric.
pub static ALL: [Entry; 16] = [
    REQUEST_LATENCY.entry(),
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
    LIMITER_REJECTIONS.entry(),
    OUTBOX_PUBLISHED.entry(),
    OUTBOX_PUBLISH_DELAY.entry(),
    OUTBOX_BACKLOG_AGE.entry(),
    SPANS_DROPPED.entry(),
];
