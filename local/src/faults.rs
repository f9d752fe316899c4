//! Fault injection: a proxy records every call of a function to DynamoDB, SQS, SES, Bedrock and the payment
//! gateway, and can make it fail as networks, services and machines do.

mod capacity_units;
mod clock_skew;
mod error_body;
mod proxy;
mod request_mutation;
mod rule;
mod tls;
mod transaction_conflicts;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fastrand::Rng;
use jiff::Timestamp;
use tokio::sync::watch;

pub use capacity_units::CapacityUnits;
pub use clock_skew::shift_times;
pub use error_body::FaultBody;
pub(crate) use proxy::{HttpClient, Killable, Proxy};
pub use request_mutation::RequestMutation;
pub use rule::{Fault, Rule};
pub use tls::{Tls, TlsError};
pub use transaction_conflicts::ConflictDetection;
use transaction_conflicts::TransactionsInProgress;

use crate::system::clock;

/// Maximum number of calls kept for [`Faults::calls`]. The oldest are dropped first.
const MAX_RECORDED_CALLS: usize = 100_000;

/// Service that a function calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// DynamoDB. Operations are named like `TransactWriteItems`.
    DynamoDb,
    /// SQS. Operations are named like `SendMessageBatch`.
    Sqs,
    /// Payment gateway. Operations are method and path, like `POST /v1/payment_intents`.
    Payments,
    /// SES. Operations are method and path, like `POST /v2/email/outbound-emails`.
    Ses,
    /// Bedrock Runtime. Operations are method and path, like `POST /model/<model>/invoke`.
    Bedrock,
}

/// Recorded call of a function to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Stem of the function.
    pub function: String,
    /// Number of the instance, unique within the stack.
    pub instance: u64,
    /// Called service.
    pub service: Service,
    /// Number of the TCP connection from the instance to the service, starting at 1.
    pub connection: u64,
    /// Called operation.
    pub operation: String,
    /// First table, or the queue, that the request names.
    pub target: Option<String>,
    /// Partition of the item, if the request names a single one.
    pub partition: Option<String>,
    /// Start of the call.
    pub at: Timestamp,
    /// Response status that the function received. `None` while the call is in progress, and if there was no
    /// response.
    pub status: Option<u16>,
    /// Time from the arrival of the request to the response. `None` in the same cases as the status.
    pub took: Option<Duration>,
    /// Consumed capacity, if the response contains it. DynamoDB returns it on request.
    pub units: Option<CapacityUnits>,
    /// True if a rule matched this call.
    pub rule_matched: bool,
}

/// Handle of an injected rule that counts how often the rule was triggered.
#[derive(Clone, Debug)]
pub struct Injection {
    trigger_count: Arc<watch::Sender<u64>>,
}

impl Injection {
    /// Number of calls that the rule was applied to.
    #[must_use]
    pub fn trigger_count(&self) -> u64 {
        *self.trigger_count.borrow()
    }

    /// Waits until the rule has been triggered once. Returns false if that takes longer than `limit`.
    pub async fn wait_until_triggered(&self, limit: Duration) -> bool {
        let mut receiver = self.trigger_count.subscribe();
        tokio::select! {
            result = receiver.wait_for(|count| *count > 0) => result.is_ok(),
            () = clock::sleep(limit) => false,
        }
    }
}

/// Fault rules and recorded calls of one stack. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<ActiveRule>,
    mutations: Vec<RequestMutation>,
    calls: VecDeque<Call>,
    dropped: usize,
    delays: HashMap<Service, Duration>,
    /// Clock skew in milliseconds, by function. Positive if the clock is ahead.
    skews: HashMap<String, i64>,
    /// Transactions in progress, while conflicts are detected.
    transactions: TransactionsInProgress,
}

#[derive(Debug)]
struct ActiveRule {
    rule: Rule,
    /// Generator that selects the percentage of calls.
    rng: Rng,
    matching_calls: u64,
    trigger_count: Arc<watch::Sender<u64>>,
}

impl ActiveRule {
    /// Counts a matching call. Returns true if the rule applies to it.
    fn triggers(&mut self) -> bool {
        self.matching_calls += 1;
        let first = self.rule.nth.unwrap_or(1);
        let triggers = self.matching_calls >= first
            && *self.trigger_count.borrow() < self.rule.times
            && self.rule.percent.is_none_or(|(percent, _)| self.rng.u8(..100) < percent);
        if triggers {
            self.trigger_count.send_modify(|count| *count += 1);
        }
        triggers
    }
}

/// Fault and delay of a call, and the index of its record.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) fault: Option<Fault>,
    pub(crate) delay: Option<Duration>,
    index: usize,
}

impl Faults {
    /// Adds a rule. If several rules apply to a call, the oldest one wins.
    #[expect(clippy::must_use_candidate, reason = "most callers need no handle of the rule")]
    pub fn inject(&self, rule: Rule) -> Injection {
        let trigger_count = Arc::new(watch::Sender::new(0));
        let rng = Rng::with_seed(rule.percent.map_or(0, |(_, seed)| seed));
        self.lock().rules.push(ActiveRule {
            rule,
            rng,
            matching_calls: 0,
            trigger_count: Arc::clone(&trigger_count),
        });
        Injection { trigger_count }
    }

    /// All recorded calls, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    /// Recorded calls of one function, oldest first.
    #[must_use]
    pub fn calls_of(&self, function: &str) -> Vec<Call> {
        self.lock().calls.iter().filter(|call| call.function == function).cloned().collect()
    }

    /// Seeds a bug, which stays active until [`Faults::clear`].
    pub fn add_mutation(&self, mutation: RequestMutation) {
        self.lock().mutations.push(mutation);
    }

    /// Seeded bugs that apply to a call.
    pub(crate) fn mutations_for(&self, call: &Call) -> Vec<RequestMutation> {
        self.lock().mutations.iter().filter(|mutation| mutation.matches(call)).cloned().collect()
    }

    /// Sets the clock skew of a function in milliseconds, as far as DynamoDB can observe it. Positive if the
    /// clock is ahead.
    pub fn skew(&self, function: impl Into<String>, milliseconds: i64) {
        self.lock().skews.insert(function.into(), milliseconds);
    }

    /// Clock skew that applies to a call, in milliseconds.
    pub(crate) fn clock_skew_of(&self, call: &Call) -> i64 {
        let skew = || self.lock().skews.get(&call.function).copied();
        if call.service == Service::DynamoDb { skew().unwrap_or_default() } else { 0 }
    }

    /// Adds a delay to every call to a service. Measurements use it to simulate the network latency of AWS.
    pub fn delay_every_call(&self, service: Service, delay: Duration) {
        self.lock().delays.insert(service, delay);
    }

    /// Removes all rules. Seeded bugs, delays and clock skews stay.
    pub fn clear_rules(&self) {
        self.lock().rules.clear();
    }

    /// Removes all rules, seeded bugs, delays and clock skews.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.skews.clear();
        state.rules.clear();
        state.mutations.clear();
        state.delays.clear();
    }

    /// Deletes the recorded calls.
    pub fn clear_calls(&self) {
        let mut state = self.lock();
        state.dropped += state.calls.len();
        state.calls.clear();
    }

    /// Records a call and selects the fault and delay to apply to it.
    pub(crate) fn decide(&self, mut call: Call) -> Decision {
        let mut state = self.lock();
        let mut fault = None;
        for active in &mut state.rules {
            if active.rule.matches(&call.function, call.service, &call.operation)
                && active.triggers()
                && fault.is_none()
            {
                fault = Some(active.rule.fault.clone());
            }
        }
        call.rule_matched = fault.is_some();
        let delay = state.delays.get(&call.service).copied();
        if state.calls.len() == MAX_RECORDED_CALLS {
            state.calls.pop_front();
            state.dropped += 1;
        }
        state.calls.push_back(call);
        let index = state.dropped + state.calls.len() - 1;
        Decision { fault, delay, index }
    }

    /// Updates the record of a call.
    pub(crate) fn update_call(&self, decision: &Decision, update: impl FnOnce(&mut Call)) {
        let mut state = self.lock();
        let dropped = state.dropped;
        let index = decision.index.checked_sub(dropped);
        if let Some(call) = index.and_then(|index| state.calls.get_mut(index)) {
            update(call);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: &str, operation: &str) -> Call {
        Call {
            function: function.to_owned(),
            instance: 1,
            service: Service::DynamoDb,
            operation: operation.to_owned(),
            target: None,
            partition: None,
            at: Timestamp::UNIX_EPOCH,
            status: None,
            took: None,
            units: None,
            connection: 1,
            rule_matched: false,
        }
    }

    #[test]
    fn rule_applies_only_to_the_nth_matching_call() {
        let faults = Faults::default();
        let rule = Rule::new("queue-x", Fault::KillBefore).operation("PutItem").nth(2);
        let injection = faults.inject(rule);
        let has_fault = |function, operation| faults.decide(call(function, operation)).fault.is_some();
        assert!(!has_fault("queue-x", "PutItem"));
        assert!(!has_fault("queue-y", "PutItem"));
        assert!(!has_fault("queue-x", "GetItem"));
        assert!(has_fault("queue-x", "PutItem"));
        assert!(!has_fault("queue-x", "PutItem"));
        assert_eq!(injection.trigger_count(), 1);
        assert_eq!(faults.calls().iter().filter(|call| call.rule_matched).count(), 1);
    }

    #[test]
    fn clear_removes_rules_and_keeps_recorded_calls() {
        let faults = Faults::default();
        faults.inject(Rule::new("*", Fault::throttled()).times(9));
        let decision = faults.decide(call("api-x", "Query"));
        assert!(decision.fault.is_some());
        faults.update_call(&decision, |call| call.status = Some(400));
        faults.clear();
        assert!(faults.decide(call("api-x", "Query")).fault.is_none());
        assert_eq!(faults.calls().len(), 2);
        assert_eq!(faults.calls()[0].status, Some(400));
    }
}
