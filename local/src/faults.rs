//! Faults on purpose: every call that a function makes to DynamoDB, SQS, SES and the payment gateway is recorded, and
//! can be made to fail in the ways that networks, services and machines do.

mod capacity_units;
mod clock_skew;
mod error_body;
mod proxy;
mod request_mutation;
mod rule;
mod tls;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;

pub use capacity_units::Units;
pub use clock_skew::shift_times;
pub use error_body::FaultBody;
pub(crate) use proxy::{HttpClient, Killable, Proxy};
pub use request_mutation::RequestMutation;
pub use rule::{Fault, Rule};
pub use tls::{Tls, TlsError};

use crate::system::clock;

/// Calls kept for [`Faults::calls`]; older ones are forgotten.
const KEPT: usize = 100_000;

/// What a function can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// DynamoDB; operations are named like `TransactWriteItems`.
    DynamoDb,
    /// SQS; operations are named like `SendMessageBatch`.
    Sqs,
    /// The payment gateway; operations are method and path, like `POST /v1/payment_intents`.
    Payments,
    /// SES; operations are method and path, like `POST /v2/email/outbound-emails`.
    Ses,
}

/// One call that a function made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Stem of the function.
    pub function: String,
    /// Number of the instance; unique in a stack.
    pub instance: u64,
    /// What was called.
    pub service: Service,
    /// Which operation.
    pub operation: String,
    /// The first table or the queue that the call names.
    pub target: Option<String>,
    /// When the call was made.
    pub at: Timestamp,
    /// The status that the function saw; `None` while it waits and if it never saw one.
    pub status: Option<u16>,
    /// How long the function was kept waiting, from the arrival of its request to the answer; `None` like the status.
    pub took: Option<Duration>,
    /// The capacity that the answer says it took. DynamoDB says so if it is asked.
    pub units: Option<Units>,
    /// Whether a rule struck this call.
    pub rule_matched: bool,
}

/// A rule at work: says how often it has struck.
#[derive(Clone, Debug)]
pub struct Injection {
    trigger_count: Arc<watch::Sender<u64>>,
}

impl Injection {
    /// How many calls have been struck so far.
    #[must_use]
    pub fn trigger_count(&self) -> u64 {
        *self.trigger_count.borrow()
    }

    /// Waits until the rule has struck at least once; `false` when that takes longer than `limit`.
    pub async fn wait_until_triggered(&self, limit: Duration) -> bool {
        let mut receiver = self.trigger_count.subscribe();
        tokio::select! {
            result = receiver.wait_for(|fired| *fired > 0) => result.is_ok(),
            () = clock::sleep(limit) => false,
        }
    }
}

/// The faults and the recorded calls of one stack. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Active>,
    mutations: Vec<RequestMutation>,
    calls: VecDeque<Call>,
    forgotten: usize,
    delays: HashMap<Service, Duration>,
    /// By how many milliseconds clocks are ahead, by function.
    skews: HashMap<String, i64>,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    seen: u64,
    trigger_count: Arc<watch::Sender<u64>>,
}

impl Active {
    /// Counts a matching call and says whether it is struck.
    fn strikes(&mut self) -> bool {
        self.seen += 1;
        let first = self.rule.nth.unwrap_or(1);
        let strikes = self.seen >= first
            && *self.trigger_count.borrow() < self.rule.times
            && self.rule.chooses(self.seen);
        if strikes {
            self.trigger_count.send_modify(|fired| *fired += 1);
        }
        strikes
    }
}

/// What the proxy does with a call, and the call's place in the record.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) fault: Option<Fault>,
    pub(crate) delay: Option<Duration>,
    index: usize,
}

impl Faults {
    /// Puts a rule to work. Of several rules that match a call, the oldest that strikes wins.
    #[expect(clippy::must_use_candidate, reason = "most callers only want the fault")]
    pub fn inject(&self, rule: Rule) -> Injection {
        let fired = Arc::new(watch::Sender::new(0));
        self.lock().rules.push(Active { rule, seen: 0, trigger_count: Arc::clone(&fired) });
        Injection { trigger_count: fired }
    }

    /// Every recorded call, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    /// The recorded calls of one function, oldest first.
    #[must_use]
    pub fn calls_of(&self, function: &str) -> Vec<Call> {
        self.lock().calls.iter().filter(|call| call.function == function).cloned().collect()
    }

    /// Plants a bug; it stays until [`Faults::clear`].
    pub fn add_mutation(&self, mutation: RequestMutation) {
        self.lock().mutations.push(mutation);
    }

    /// The bugs that concern a call.
    pub(crate) fn mutations_for(&self, call: &Call) -> Vec<RequestMutation> {
        self.lock().mutations.iter().filter(|plant| plant.concerns(call)).cloned().collect()
    }

    /// Has the clock of a function be so many milliseconds ahead, or behind, as far as the table can tell.
    pub fn skew(&self, function: impl Into<String>, milliseconds: i64) {
        self.lock().skews.insert(function.into(), milliseconds);
    }

    /// By how much the clock behind a call is off.
    pub(crate) fn skewed_by(&self, call: &Call) -> i64 {
        let skew = || self.lock().skews.get(&call.function).copied();
        if call.service == Service::DynamoDb { skew().unwrap_or_default() } else { 0 }
    }

    /// Makes every call to a service take this much longer: the distance to a real one, for measurements.
    pub fn delay_every_call(&self, service: Service, delay: Duration) {
        self.lock().delays.insert(service, delay);
    }

    /// Removes all rules; bugs and delays stay.
    pub fn clear_rules(&self) {
        self.lock().rules.clear();
    }

    /// Removes all rules, bugs and delays, and sets every clock right.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.skews.clear();
        state.rules.clear();
        state.mutations.clear();
        state.delays.clear();
    }

    /// Forgets the recorded calls.
    pub fn forget_calls(&self) {
        let mut state = self.lock();
        state.forgotten += state.calls.len();
        state.calls.clear();
    }

    /// Records a call and decides what happens to it.
    pub(crate) fn decide(&self, mut call: Call) -> Decision {
        let mut state = self.lock();
        let mut fault = None;
        for active in &mut state.rules {
            if active.rule.matches(&call.function, call.service, &call.operation)
                && active.strikes()
                && fault.is_none()
            {
                fault = Some(active.rule.fault.clone());
            }
        }
        call.rule_matched = fault.is_some();
        let delay = state.delays.get(&call.service).copied();
        if state.calls.len() == KEPT {
            state.calls.pop_front();
            state.forgotten += 1;
        }
        state.calls.push_back(call);
        let index = state.forgotten + state.calls.len() - 1;
        Decision { fault, delay, index }
    }

    /// Notes what became of a call.
    pub(crate) fn note(&self, decision: &Decision, note: impl FnOnce(&mut Call)) {
        let mut state = self.lock();
        let forgotten = state.forgotten;
        let index = decision.index.checked_sub(forgotten);
        if let Some(call) = index.and_then(|index| state.calls.get_mut(index)) {
            note(call);
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
            at: Timestamp::UNIX_EPOCH,
            status: None,
            took: None,
            units: None,
            rule_matched: false,
        }
    }

    #[test]
    fn a_rule_strikes_the_nth_matching_call_and_then_no_more() {
        let faults = Faults::default();
        let rule = Rule::new("queue-x", Fault::KillBefore).operation("PutItem").nth(2);
        let injection = faults.inject(rule);
        let struck = |function, operation| faults.decide(call(function, operation)).fault.is_some();
        assert!(!struck("queue-x", "PutItem"));
        assert!(!struck("queue-y", "PutItem"));
        assert!(!struck("queue-x", "GetItem"));
        assert!(struck("queue-x", "PutItem"));
        assert!(!struck("queue-x", "PutItem"));
        assert_eq!(injection.trigger_count(), 1);
        assert_eq!(faults.calls().iter().filter(|call| call.rule_matched).count(), 1);
    }

    #[test]
    fn clearing_removes_rules_and_keeps_the_calls() {
        let faults = Faults::default();
        faults.inject(Rule::new("*", Fault::throttled()).times(9));
        let decision = faults.decide(call("api-x", "Query"));
        assert!(decision.fault.is_some());
        faults.note(&decision, |call| call.status = Some(400));
        faults.clear();
        assert!(faults.decide(call("api-x", "Query")).fault.is_none());
        assert_eq!(faults.calls().len(), 2);
        assert_eq!(faults.calls()[0].status, Some(400));
    }
}
