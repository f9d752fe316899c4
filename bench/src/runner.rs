//! Runs each implementation behind its own Lambda Runtime API with simulated network latency.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use local::faults::{Call, Faults, Service, Tls, TlsError};
use local::services::iam::IamPolicies;
use local::services::lambda::{FunctionHost, Invocation, RuntimeHost, RuntimeSettings, Upstream};
use local::telemetry::logs::{Logs, Sink};
use local::template::Function;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::Options;
use crate::fixture::{Fixture, is_rate_limit_lease};
use crate::implementations::Implementation;
use crate::procfs::Process;
use crate::request_counts::Cost;

/// Maximum duration of an invocation or of a shutdown; longer than every function timeout, even under
/// callgrind.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Number of runners opened by this process.
static RUNNERS: AtomicUsize = AtomicUsize::new(0);

/// Simulated network between functions and services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SimulatedLatency {
    /// Added latency of each request, in milliseconds.
    pub delay: u64,
    /// True if services are reached over TLS.
    pub tls: bool,
}

impl SimulatedLatency {
    /// No added latency.
    pub const NONE: Self = Self { delay: 0, tls: false };
    /// Typical latency of a service within a region.
    pub const REGION: Self = Self { delay: 3, tls: false };
    /// No added latency, with TLS certificates and handshakes.
    pub const TLS: Self = Self { delay: 0, tls: true };
}

impl fmt::Display for SimulatedLatency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms{}", self.delay, if self.tls { ", TLS" } else { "" })
    }
}

/// Measurement of one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Time from the delivery of the event to the response.
    pub wall: Duration,
    /// Part of `wall` after the function requested the event: all of it, unless the process had to be
    /// started.
    pub handled: Duration,
    /// Part of `wall` that was not spent waiting for a service.
    pub own: Duration,
    /// Requests to services, with their units. Requests of the rate limiter are excluded, because their
    /// number depends on the request rate.
    pub cost: Cost,
    /// Response of the function.
    pub response: Value,
}

/// Implementations with their Lambda Runtime APIs.
pub struct Runner {
    hosts: BTreeMap<Implementation, (RuntimeHost, Faults)>,
}

impl Runner {
    /// Starts a runtime for each implementation, with the services of `fixture`.
    ///
    /// # Errors
    /// [`TlsError`] if TLS cannot be set up.
    pub fn open(fixture: &Fixture, options: &Options, latency: SimulatedLatency) -> Result<Self, TlsError> {
        // Each runner has its own certificate, because two builds are compared at the same time.
        let number = RUNNERS.fetch_add(1, Ordering::Relaxed);
        let tls_folder = test_support::workspace("target/bench/tls").join(number.to_string());
        let tls = latency.tls.then(|| Tls::new(&tls_folder)).transpose()?;
        let host = |implementation: Implementation| {
            let folder = implementation.folder(options)?;
            let faults = Faults::default();
            for service in [Service::DynamoDb, Service::Sqs, Service::Ses, Service::Payments] {
                faults.delay_every_call(service, Duration::from_millis(latency.delay));
            }
            let settings = settings(fixture, &folder, &faults, tls.clone());
            Some((
                implementation,
                (RuntimeHost::new(&functions_of(fixture, implementation), settings), faults),
            ))
        };
        Ok(Self { hosts: Implementation::ALL.into_iter().filter_map(host).collect() })
    }

    /// Returns true if the implementation is not skipped.
    #[must_use]
    pub fn has(&self, implementation: Implementation) -> bool {
        self.hosts.contains_key(&implementation)
    }

    /// Invokes a function once.
    ///
    /// # Panics
    /// If the implementation is skipped, or its function does not respond.
    pub async fn invoke(
        &self,
        (implementation, function): (Implementation, &str),
        event: &Value,
    ) -> Measurement {
        let (host, faults) = self.hosts.get(&implementation).expect("the implementation is not skipped");
        let invocation = Invocation::new(event.to_string());
        faults.clear_calls();
        let busy = || host.stats().get(function).map(|stats| stats.busy).unwrap_or_default();
        let before = busy();
        let begun = Instant::now();
        let response = tokio::time::timeout(TIMEOUT, host.invoke(function, invocation)).await;
        let wall = begun.elapsed();
        let response = response.unwrap_or_else(|_| {
            panic!("{function} of {} did not respond within {TIMEOUT:?}", implementation.name())
        });
        let response =
            response.unwrap_or_else(|error| panic!("{function} of {}: {error}", implementation.name()));
        let mut calls = faults.calls();
        let waiting = time_waiting(&calls);
        if implementation == Implementation::Ours {
            calls.retain(|call| !is_rate_limit_lease(call));
        }
        Measurement {
            wall,
            handled: busy().saturating_sub(before),
            own: wall.saturating_sub(waiting),
            cost: Cost::of(&calls),
            response: serde_json::from_slice(&response).unwrap_or_default(),
        }
    }

    /// Process of a function, if it is running.
    #[must_use]
    pub fn process(&self, (implementation, function): (Implementation, &str)) -> Option<Process> {
        let (host, _) = self.hosts.get(&implementation)?;
        host.processes(function).first().copied().map(Process::new)
    }

    /// Kills the process of a function, so that its next invocation is a cold start.
    ///
    /// # Panics
    /// If the process does not terminate.
    pub async fn restart_cold(&self, (implementation, function): (Implementation, &str)) {
        if let Some((host, _)) = self.hosts.get(&implementation) {
            let killed = tokio::time::timeout(TIMEOUT, host.kill(function)).await;
            assert!(
                killed.is_ok(),
                "{function} of {} did not terminate within {TIMEOUT:?}",
                implementation.name()
            );
        }
    }

    /// Shuts all processes down gracefully, as Lambda does.
    pub async fn close(self) {
        for (host, _) in self.hosts.values() {
            host.shutdown().await;
        }
    }
}

/// Functions of an implementation. Comparison functions get the settings of `api-orders` under their own
/// names.
fn functions_of(fixture: &Fixture, implementation: Implementation) -> Vec<Function> {
    let ours = &fixture.app.stack().deployment().functions;
    if implementation == Implementation::Ours {
        return ours.clone();
    }
    let model =
        ours.iter().find(|function| function.stem == "api-orders").expect("the template declares api-orders");
    let names = crate::workloads::ALL.iter().flat_map(|workload| workload.binaries);
    let own = names.filter(|(of, _)| *of == implementation);
    own.map(|(_, name)| Function { stem: (*name).to_owned(), ..model.clone() }).collect()
}

fn settings(fixture: &Fixture, folder: &Path, faults: &Faults, tls: Option<Tls>) -> RuntimeSettings {
    let stack = fixture.app.stack();
    let upstream = |service, url: String, variable, always| {
        let address = url.strip_prefix("http://").and_then(|address| address.parse::<SocketAddr>().ok());
        Upstream { service, address: address.expect("the endpoint is a socket address"), variable, always }
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
        policies: IamPolicies::default(),
        faults: faults.clone(),
        tls,
        logs: Logs::new(Sink::Memory),
    }
}

/// Total time that a function waited for services; concurrent calls count once.
fn time_waiting(calls: &[Call]) -> Duration {
    let span = |call: &Call| {
        let took = call.took?;
        Some((call.at, call.at.checked_add(took).ok()?))
    };
    let mut spans: Vec<_> = calls.iter().filter_map(span).collect();
    spans.sort_unstable();
    let (mut time_waiting, mut until) = (Duration::ZERO, None);
    for (from, to) in spans {
        let from = until.map_or(from, |until| from.max(until));
        if to > from {
            time_waiting += to.duration_since(from).unsigned_abs();
            until = Some(to);
        }
    }
    time_waiting
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
            partition: None,
            at: serde_json::from_value(serde_json::json!(format!("2026-11-20T00:00:00.{at:03}Z"))).unwrap(),
            status: Some(200),
            took: Some(Duration::from_millis(took)),
            units: None,
            connection: 1,
            rule_matched: false,
        }
    }

    #[test]
    fn concurrent_calls_count_once_as_waiting_time() {
        let waiting_ms = |calls: &[(i64, u64)]| {
            let calls: Vec<Call> = calls.iter().map(|(at, took)| call(*at, *took)).collect();
            time_waiting(&calls).as_millis()
        };
        assert_eq!(waiting_ms(&[(0, 3), (5, 2)]), 5);
        assert_eq!(waiting_ms(&[(5, 2), (0, 6)]), 7);
        assert_eq!(waiting_ms(&[(0, 9), (1, 2), (3, 1)]), 9);
        assert_eq!(waiting_ms(&[]), 0);
    }
}
