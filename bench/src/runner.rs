//! Where subjects are measured: each behind a Lambda Runtime API, on the stage's table and queues, at a distance.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use local::faults::{Call, Faults, Service, Tls, TlsError};
use local::services::iam::IamPolicies;
use local::services::lambda::{FunctionHost, Invocation, RuntimeHost, RuntimeSettings, Upstream};
use local::telemetry::logs::{Logs, Sink};
use local::template::Function;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::Options;
use crate::fixture::Fixture;
use crate::implementations::Implementation;
use crate::procfs::Process;
use crate::request_counts::Cost;

/// How long an invocation or the end of a process may take; more than any function has, under callgrind as well.
const PATIENCE: Duration = Duration::from_mins(2);

/// How far services are away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SimulatedLatency {
    /// By how much each request takes longer, in milliseconds.
    pub delay: u64,
    /// Whether they are reached over TLS.
    pub tls: bool,
}

impl SimulatedLatency {
    /// On this machine.
    pub const NONE: Self = Self { delay: 0, tls: false };
    /// As far as a service is within a region.
    pub const REGION: Self = Self { delay: 3, tls: false };
    /// On this machine, with the certificates and handshakes that a service has.
    pub const TLS: Self = Self { delay: 0, tls: true };
}

impl fmt::Display for SimulatedLatency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms{}", self.delay, if self.tls { ", TLS" } else { "" })
    }
}

/// What an invocation took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// From its being handed over to its answer.
    pub wall: Duration,
    /// Of that, what came after the function had asked for its event: all of it, unless it had to be started.
    pub handled: Duration,
    /// Of `wall`, what was not spent waiting for a service.
    pub own: Duration,
    /// What it asked of services.
    pub cost: Cost,
    /// The answer.
    pub answer: Value,
}

/// Subjects behind their runtimes.
pub struct Runner {
    hosts: BTreeMap<Implementation, (RuntimeHost, Faults)>,
}

impl Runner {
    /// A theatre on a stage.
    ///
    /// # Errors
    /// [`TlsError`] if there is to be TLS, and is none.
    pub fn open(stage: &Fixture, how: &Options, distance: SimulatedLatency) -> Result<Self, TlsError> {
        let tls = distance.tls.then(|| Tls::new(&test_support::workspace("target/bench/tls"))).transpose()?;
        let host = |subject: Implementation| {
            let folder = subject.folder(how)?;
            let faults = Faults::default();
            for service in [Service::DynamoDb, Service::Sqs, Service::Ses, Service::Payments] {
                faults.delay_every_call(service, Duration::from_millis(distance.delay));
            }
            let settings = settings(stage, &folder, &faults, tls.clone());
            Some((subject, (RuntimeHost::new(&functions_of(stage, subject), settings), faults)))
        };
        Ok(Self { hosts: Implementation::ALL.into_iter().filter_map(host).collect() })
    }

    /// Whether a subject takes part.
    #[must_use]
    pub fn has(&self, subject: Implementation) -> bool {
        self.hosts.contains_key(&subject)
    }

    /// Invokes a function once.
    ///
    /// # Panics
    /// If the subject takes no part, or its function does not answer.
    pub async fn invoke(&self, (subject, function): (Implementation, &str), event: &Value) -> Measurement {
        let (host, faults) = self.hosts.get(&subject).expect("the subject takes part");
        let invocation = Invocation::new(event.to_string());
        faults.forget_calls();
        let busy = || host.stats().get(function).map(|stats| stats.busy).unwrap_or_default();
        let before = busy();
        let begun = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, host.invoke(function, invocation)).await;
        let wall = begun.elapsed();
        let answer = answer.unwrap_or_else(|_| {
            panic!("nobody answered for {function} of {} in {PATIENCE:?}", subject.name())
        });
        let answer = answer.unwrap_or_else(|error| panic!("{function} of {}: {error}", subject.name()));
        let calls = faults.calls();
        Measurement {
            wall,
            handled: busy().saturating_sub(before),
            own: wall.saturating_sub(waited(&calls)),
            cost: Cost::of(&calls),
            answer: serde_json::from_slice(&answer).unwrap_or_default(),
        }
    }

    /// The process of a function, if it has one.
    #[must_use]
    pub fn process(&self, (subject, function): (Implementation, &str)) -> Option<Process> {
        let (host, _) = self.hosts.get(&subject)?;
        host.processes(function).first().copied().map(Process::new)
    }

    /// Ends the process of a function, so that its next invocation is a cold start.
    ///
    /// # Panics
    /// If it does not end.
    pub async fn restart_cold(&self, (subject, function): (Implementation, &str)) {
        if let Some((host, _)) = self.hosts.get(&subject) {
            let killed = tokio::time::timeout(PATIENCE, host.kill(function)).await;
            assert!(killed.is_ok(), "{function} of {} did not end in {PATIENCE:?}", subject.name());
        }
    }

    /// Ends all processes in order, as Lambda does.
    pub async fn close(self) {
        for (host, _) in self.hosts.values() {
            host.shutdown().await;
        }
    }
}

/// The functions of a subject. What ours are compared with gets the settings of one of ours under another name.
fn functions_of(stage: &Fixture, subject: Implementation) -> Vec<Function> {
    let ours = &stage.shop.stack().deployment().functions;
    if subject == Implementation::Ours {
        return ours.clone();
    }
    let model = ours.iter().find(|function| function.stem == "api-orders").expect("there are orders");
    let names = crate::workloads::ALL.iter().flat_map(|workload| workload.done_by);
    let own = names.filter(|(of, _)| *of == subject);
    own.map(|(_, name)| Function { stem: (*name).to_owned(), ..model.clone() }).collect()
}

fn settings(stage: &Fixture, folder: &Path, faults: &Faults, tls: Option<Tls>) -> RuntimeSettings {
    let stack = stage.shop.stack();
    let upstream = |service, url: String, variable, always| {
        let address = url.strip_prefix("http://").and_then(|address| address.parse::<SocketAddr>().ok());
        Upstream { service, address: address.expect("a service has an address"), variable, always }
    };
    RuntimeSettings {
        bin_dir: folder.to_owned(),
        instances: 1,
        upstreams: vec![
            upstream(Service::DynamoDb, stack.dynamodb_endpoint(), "AWS_ENDPOINT_URL_DYNAMODB", true),
            upstream(Service::Sqs, stack.sqs_endpoint(), "AWS_ENDPOINT_URL_SQS", true),
            upstream(Service::Ses, stack.mail_endpoint(), "AWS_ENDPOINT_URL_SESV2", true),
            upstream(Service::Payments, stack.payments_endpoint(), "AGORA_PAYMENT_GATEWAY_URL", false),
        ],
        access: IamPolicies::default(),
        faults: faults.clone(),
        tls,
        logs: Logs::new(Sink::Memory),
    }
}

/// How long a function was kept waiting: calls that are under way at the same time count once.
fn waited(calls: &[Call]) -> Duration {
    let span = |call: &Call| {
        let took = call.took?;
        Some((call.at, call.at.checked_add(took).ok()?))
    };
    let mut spans: Vec<_> = calls.iter().filter_map(span).collect();
    spans.sort_unstable();
    let (mut waited, mut until) = (Duration::ZERO, None);
    for (from, to) in spans {
        let from = until.map_or(from, |until| from.max(until));
        if to > from {
            waited += to.duration_since(from).unsigned_abs();
            until = Some(to);
        }
    }
    waited
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(at: i64, took: u64) -> Call {
        Call {
            function: "api-x".to_owned(),
            instance: 1,
            service: Service::DynamoDb,
            operation: "Query".to_owned(),
            target: None,
            at: serde_json::from_value(serde_json::json!(format!("2026-11-20T00:00:00.{at:03}Z"))).unwrap(),
            status: Some(200),
            took: Some(Duration::from_millis(took)),
            units: None,
            rule_matched: false,
        }
    }

    #[test]
    fn calls_that_are_under_way_at_the_same_time_keep_a_function_waiting_once() {
        let waits = |calls: &[(i64, u64)]| {
            let calls: Vec<Call> = calls.iter().map(|(at, took)| call(*at, *took)).collect();
            waited(&calls).as_millis()
        };
        assert_eq!(waits(&[(0, 3), (5, 2)]), 5);
        assert_eq!(waits(&[(5, 2), (0, 6)]), 7);
        assert_eq!(waits(&[(0, 9), (1, 2), (3, 1)]), 9);
        assert_eq!(waits(&[]), 0);
    }
}
